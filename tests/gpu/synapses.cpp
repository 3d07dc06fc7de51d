// SPDX-License-Identifier: Apache-2.0
// Events that threads of a device bring to their targets in any order: the bits of the processor.
#include "tests/gpu/emulation.h"
#include "tests/trace/event_network.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// A ring of slots for delays of each synapse, a learning rule and its transposed product, delays of each cell.
struct Learning : Model {
  explicit Learning(std::int64_t n)
      : Model(Shape{n}), x(state("x", uniform(0, 1))), spike(state("spike", false)),
        w(state("w", uniform(0, 0.2), Shape{5 * n})), trace(state("trace", 0.0)), back(state("back", 0.0)),
        offsets(param("offsets", of(
                                     n, [](std::int64_t k) { return 5 * k; }, n + 1))),
        targets(param("targets", of(n, [n](std::int64_t k) { return (k * 7919 + k / 5) % n; }, 5 * n))) {
    register_delay(spike, 9);
    Tensor each({n}, i32);
    for (std::int64_t k = 0; k < n; ++k)
      each.set(k, double(k % 9));
    ages = each;
  }
  static Tensor of(std::int64_t, const std::function<std::int64_t(std::int64_t)> &number, std::int64_t count) {
    Tensor t({count}, i32);
    for (std::int64_t k = 0; k < count; ++k)
      t.set(k, double(number(k)));
    return t;
  }
  State x, spike, w, trace, back;
  Param offsets, targets;
  Tensor ages;
  Tree<Value> update(const Tree<Value> &) override {
    SynapseRows rows{offsets, targets};
    Value late = get_delay_data(spike, 4), apart = get_delay_data(spike, ages);
    trace = propagate(late, rows, w, 0.75 * trace);
    w = correlate(apart, 0.125 * trace - 0.0625, rows, w, {.low = 0.0, .high = 0.25});
    back = collect(as_real(spike), rows, w, 0.5 * back);
    x = x + 0.0625 + 0.25 * trace - 0.125 * back;
    spike = x > 1;
    x = where(spike, x - 1, x);
    return {};
  }
};

/// Spikes of some steps ago, the same time for all cells and one for each; the ring's place is a scalar state.
struct Delayed : Model {
  explicit Delayed(std::int64_t n)
      : Model(Shape{n}), V(state("V", uniform(0, 1))), spike(state("spike", false)), g(state("g", 0.0)) {
    register_delay(spike, 9);
    ages = Tensor({n}, i32);
    for (std::int64_t k = 0; k < n; ++k)
      ages.set(k, double(k % 9));
  }
  State V, spike, g;
  Tensor ages;
  Tree<Value> update(const Tree<Value> &) override {
    std::int64_t n = V.shape().back();
    Value late = get_delay_data(spike, 4), apart = get_delay_data(spike, ages);
    g = propagate(late, {.posts = n, .probability = 0.1, .seed = 3}, 0.25, 0.75 * g);
    g = propagate(apart, {.posts = n, .number = 5, .seed = 4}, -0.125, g);
    V = V + 0.0625 + 0.25 * g;
    spike = V > 1;
    V = where(spike, V - 1, V);
    return {};
  }
};

} // namespace

TEST_CASE("spikes reach their targets on a device: the bits of the processor", "[gpu]") {
  Emulation emulation;
  for (DType real : {f32, f64})
    for (std::int64_t n : {50, 1500})
      for (auto [sorted, real_events] : {std::pair{true, false}, {false, false}, {true, true}}) {
        INFO(name_of(real) << ", " << n << " cells, " << (real_events ? "numbers" : "flags"));
        check_same_bits([&] { return std::make_unique<EventNetwork>(n, sorted, real_events); }, real, 31);
      }
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("learning and delays of each cell on a device: the bits of the processor", "[gpu]") {
  Emulation emulation;
  for (std::int64_t n : {33, 1100})
    check_same_bits([&] { return std::make_unique<Learning>(n); }, f32, 40);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("rows of a batch have their own events on a device, and a block each", "[gpu]") {
  Emulation emulation;
  for (bool real_events : {false, true})
    check_same_bits([&] { return std::make_unique<EventNetwork>(50, true, real_events); }, f32, 21, 3);
  CHECK(emulation.fake.calls({"cuLaunchKernel", "cuLaunchCooperativeKernel"}) ==
        "cuLaunchKernel 3 x 64\ncuLaunchKernel 3 x 64\ncuLaunchKernel 3 x 64\ncuLaunchKernel 3 x 64\n");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("rows of a batch share the place in a ring of delays, which the last block moves on", "[gpu]") {
  Emulation emulation;
  check_same_bits([] { return std::make_unique<Delayed>(50); }, f32, 31, 3);
  CHECK(emulation.fake.calls({"cuLaunchKernel", "cuLaunchCooperativeKernel"}) ==
        "cuLaunchKernel 3 x 64\ncuLaunchKernel 3 x 64\n");
  check_same_bits([] { return std::make_unique<Delayed>(1100); }, f64, 14, 2); // more than a block has threads
  CHECK(emulation.fake.faults() == "");
}
