// SPDX-License-Identifier: Apache-2.0
// Gradients on a device: both programs, the tape and the kept states are there, and the host waits once.
#include "models/initializers.h"
#include "models/layers/rnn_cell.h"
#include "models/surrogates.h"
#include "tests/gpu/emulation.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// Spikes with a surrogate slope, through weights; rows of a batch meet in the gradients by the weights.
struct Spiking : Layer {
  Spiking() : Layer(Shape{12}) {}
  Param Wi = weight("Wi", {7, 12}, uniform(-1, 1)), Wr = weight("Wr", {12, 12}, uniform(-0.3, 0.3));
  State v = state("v", 0.0), s = state("s", 0.0);
  Value update(Value x) override {
    v = 0.9 * v + matmul(x, Wi) + matmul(s, Wr);
    s = spike(v - 1, surrogate::sigmoid(4));
    v = v - s;
    return v;
  }
};

constexpr std::int64_t steps = 9, batch = 3;
const Tensor x = sample({steps, batch, 7}, 3), y = sample({steps, batch, 12}, 5);

GradientResult gradient_on(const Device &device, const Remat &remat, Spiking &net) {
  LoopOverTime over_time(net, {.remat = remat, .real = f64, .cache = false, .device = device});
  over_time.reset_state(batch);
  auto square_error = each_step([](Value out, Value target) { return square(out - target); });
  return value_and_grad(over_time, square_error, {.data = true})(x, y);
}

} // namespace

TEST_CASE("gradients on a device are those of the processor, whatever is run again", "[gpu][gradient]") {
  Emulation emulation;
  Spiking net;
  GradientResult host = gradient_on(cpu(), Remat{}, net), whole = gradient_on(cuda(), Remat{}, net);
  CHECK(whole.loss == Approx(host.loss).epsilon(1e-13));
  CHECK(largest_difference(whole[net.Wi], host[net.Wi]) < 1e-13);
  CHECK(largest_difference(whole[net.Wr], host[net.Wr]) < 1e-13);
  CHECK(largest_difference(whole.data.leaf(), host.data.leaf()) < 1e-13);
  emulation.fake.calls();
  for (const Remat &remat : {Remat::every(1), Remat::sqrt(), Remat::every(4), Remat::budget(4000)}) {
    GradientResult again = gradient_on(cuda(), remat, net);
    CHECK(again.loss == whole.loss);
    CHECK(same_bits(again[net.Wi], whole[net.Wi]));
    CHECK(same_bits(again[net.Wr], whole[net.Wr]));
    CHECK(same_bits(again.data.leaf(), whole.data.leaf()));
    CHECK(again.tape_bytes < whole.tape_bytes);
    std::string calls = emulation.fake.calls({"cuMemcpyDtoDAsync", "cuStreamSynchronize"});
    CHECK(calls.find("cuMemcpyDtoDAsync") != std::string::npos);
    CHECK(calls.find("cuStreamSynchronize") == calls.rfind("cuStreamSynchronize")); // one wait
  }
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("a gradient without room on the device says so and can be taken elsewhere", "[gpu][gradient]") {
  Emulation emulation;
  Spiking net;
  emulation.fake.fail_next("cuMemAlloc", 2); // out of memory
  CHECK(message_of([&] { gradient_on(cuda(), Remat{}, net); }).find("out of memory") != std::string::npos);
  CHECK(gradient_on(cpu(), Remat{}, net).loss > 0);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("derivatives along a direction run on a device", "[gpu][gradient]") {
  Emulation emulation;
  auto along = [](const Device &device) {
    RNNCell cell(5, 8);
    LoopOverTime over_time(cell, {.real = f64, .cache = false, .device = device});
    return jvp(over_time)(sample({6, 5}, 2), {.data = sample({6, 5}, 4)});
  };
  JvpResult host = along(cpu()), there = along(cuda());
  CHECK(largest_difference(host.out_tangent.leaf(), there.out_tangent.leaf()) < 1e-13);
  CHECK(emulation.fake.faults() == "");
}
