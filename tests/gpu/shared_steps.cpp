// SPDX-License-Identifier: Apache-2.0
// Steps that threads of a device share: the numbers of the processor, from threads that run in any order between two
// barriers.
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "tests/gpu/emulation.h"
#include "tests/models/ring.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// Two populations that pull each other to their mean potentials, by scalars that one thread sums up.
struct MeanField : Model {
  MeanField(std::int64_t n, std::int64_t m) : Model(Shape{}), a(n), b(m) {
    adopt("a", a);
    adopt("b", b);
  }
  HH a, b;
  Tree<Value> update(const Tree<Value> &) override {
    Value of_a = mean(a.V), of_b = mean(b.V);
    a.I += 10 + 0.3 * (of_b - a.V) / mV;
    b.I += 12 + 0.3 * (of_a - b.V) / mV;
    a.update();
    b.update();
    return {};
  }
};

/// Largest difference of the states of two models after a run on the processor and on the device.
template <class Make> double difference_after(Make make, std::int64_t steps) {
  auto run = [&](const Device &device) {
    auto model = make();
    LoopOverTime over_time(*model, {.real = f64, .cache = false, .device = device});
    over_time.reset_state();
    over_time.steps(steps / 2);
    over_time.steps(steps - steps / 2);
    std::vector<Tensor> all;
    for (const auto &[path, state] : model->states())
      all.push_back(state.value());
    return all;
  };
  std::vector<Tensor> host = run(cpu()), there = run(cuda());
  double largest = 0;
  for (std::size_t k = 0; k < host.size(); ++k)
    largest = std::max(largest, largest_difference(host[k], there[k]));
  return largest;
}

template <class Cell>
double difference_of_layer(std::int64_t inputs, std::int64_t width, std::int64_t batch, DType real = f64) {
  auto run = [&](const Device &device) {
    Cell cell(inputs, width);
    LoopOverTime over_time(cell, {.real = real, .cache = false, .device = device});
    over_time.reset_state(batch > 0 ? std::optional(batch) : std::nullopt);
    Shape shape = batch > 0 ? Shape{6, batch, inputs} : Shape{6, inputs};
    return over_time(sample(shape, 3, real)).out.leaf();
  };
  return largest_difference(run(cpu()), run(cuda()));
}

} // namespace

TEST_CASE("rows of a batch have a block each", "[gpu]") {
  Emulation emulation;
  CHECK(difference_of_layer<LSTMCell>(7, 20, 5) < 1e-12);
  CHECK(difference_of_layer<LSTMCell>(7, 80, 3, f32) < 1e-6); // more elements than threads
  CHECK(emulation.fake.calls({"cuLaunchKernel"}) == "cuLaunchKernel 5 x 96\ncuLaunchKernel 3 x 256\n");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("a layer without a batch is one block", "[gpu]") {
  Emulation emulation;
  CHECK(difference_of_layer<LSTMCell>(7, 50, 0) < 1e-12);
  CHECK(emulation.fake.calls({"cuLaunchKernel"}) == "cuLaunchKernel 1 x 224\n");
}

TEST_CASE("populations that drive each other wait where they exchange numbers", "[gpu]") {
  Emulation emulation;
  CHECK(difference_after([] { return std::make_unique<MeanField>(100, 41); }, 40) < 1e-6);
  for (bool in_turns : {false, true})
    CHECK(difference_after([&] { return std::make_unique<Ring>(3, 33, in_turns); }, 20) < 1e-9);
  CHECK(emulation.fake.faults() == "");
}

namespace {

/// A number that all cells read at one place, and one thread writes.
struct Led : Model {
  explicit Led(std::int64_t n) : Model(Shape{}), W(param("W", 0.5, Shape{1, n})), V(state("V", 0.0, Shape{n})) {}
  Param W;
  State a = state("a", 0.5, Shape{1}), V;
  Tree<Value> update(const Tree<Value> &) override {
    Value drive = matmul(a, W), m = mean(V);
    a = 0.9 * a + 0.1 * m;
    V = V + 0.01 * (drive - V) + 0.01;
    return {};
  }
};

} // namespace

TEST_CASE("what a thread has written is read anew after a barrier", "[gpu]") {
  Emulation emulation; // runs what LLVM has optimised
  for (std::int64_t n : {64, 128, 1100})
    CHECK(difference_after([&] { return std::make_unique<Led>(n); }, 50) < 1e-9);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("a large step is a grid whose blocks wait for each other", "[gpu]") {
  Emulation emulation;
  CHECK(difference_after([] { return std::make_unique<MeanField>(1500, 200); }, 10) < 1e-6);
  CHECK(emulation.fake.calls({"cuLaunchCooperativeKernel"}) ==
        "cuLaunchCooperativeKernel 8 x 128\ncuLaunchCooperativeKernel 8 x 128\n");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("what is computed before the loop for every neuron is computed by its thread", "[gpu]") {
  Emulation emulation;
  auto make = [] {
    auto lif = std::make_unique<LIF>(50);
    Tensor tau({50}, f64);
    for (std::int64_t k = 0; k < 50; ++k)
      tau.set(k, 5.0 + double(k));
    lif->tau.set_value(tau);
    lif->I.set_value(25);
    return lif;
  };
  CHECK(difference_after(make, 60) < 1e-9);
  CHECK(emulation.fake.calls({"cuLaunchKernel"}) == "cuLaunchKernel 2 x 32\ncuLaunchKernel 2 x 32\n");
}
