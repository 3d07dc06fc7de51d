// SPDX-License-Identifier: Apache-2.0
// Gradients through sparse propagation and delays against central differences.
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// Real events with a threshold, weights of each synapse and one for all, what comes back, and a delay.
struct Net : Model {
  explicit Net(bool one_weight)
      : Model(Shape{3}), one(one_weight),
        w(weight("w", one ? Shape{} : Shape{5}, one ? Init(0.3) : Init(sample({5}, 7)))) {
    register_delay(g, 3);
  }
  bool one;
  Param offsets = param("offsets", Tensor::of({0, 2, 3, 3, 5}, i32)),
        targets = param("targets", Tensor::of({0, 2, 1, 0, 1}, i32));
  Param w, back = weight("back", {5}, Initializer([](const Shape &shape, std::uint64_t) { return sample(shape, 4); }));
  State g = state("g", 0.1);
  State v = state("v", 0.2, Shape{5}); // weights that change in the run
  Tree<Value> update(const Tree<Value> &x) override {
    SynapseRows rows{offsets, targets};
    Value events = maximum(x.leaf(), 0) + 0.1 * collect(tanh(g), rows, back, 0.0);
    Value learned = correlate(events, g, rows, broadcast_to(0.0 * sum(events) + 0.0, {5}));
    v = correlate(events, 0.3 * tanh(g), rows, v, {.toward = 0.7});
    g = propagate(events, rows, 0.1 * v, propagate(events, rows, w, 0.8 * g)) + 0.3 * get_delay_data(g, 2) +
        0.05 * sum(learned);
    return g;
  }
};

} // namespace

TEST_CASE("gradients through sparse products and delays agree with central differences", "[networks][gradients]") {
  Tensor x = sample({9, 4}, 3), target = sample({9, 3}, 5);
  auto square_error = [](Value y, Value wanted) { return square(y - wanted); };
  for (bool one : {false, true}) {
    auto loss_with = [&](const std::string &path, std::int64_t k, double shift) {
      Net net(one);
      Tensor numbers = net.var(path).value().clone();
      numbers.set(k, numbers[k] + shift);
      net.var(path).set_value(numbers);
      LoopOverTime over_time(net, {.real = f64, .cache = false});
      return value_and_grad(over_time, each_step(square_error))(x, target).loss;
    };
    Net net(one);
    LoopOverTime over_time(net, {.real = f64, .cache = false});
    ValueAndGrad gradient =
        value_and_grad(over_time, each_step(square_error), {.wrt = {net.w, net.back, net.g, net.v}});
    GradientResult r = gradient(x, target);
    for (const char *path : {"w", "back", "g", "v"}) {
      Tensor got = r[net.var(path)];
      for (std::int64_t k = 0; k < got.size(); ++k) {
        double expected = (loss_with(path, k, 1e-5) - loss_with(path, k, -1e-5)) / 2e-5;
        INFO(path << " " << k);
        CHECK(got[k] == Approx(expected).epsilon(1e-6).margin(1e-8));
      }
    }
  }
}
