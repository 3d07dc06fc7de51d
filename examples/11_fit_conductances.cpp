// SPDX-License-Identifier: Apache-2.0
// Lesson 11: two conductances of a Hodgkin-Huxley neuron, from a recording of its membrane potential by gradient
// descent. The gradient goes back through every step of the run.
#include "models/neurons/hh.h"

#include <cmath>
#include <cstdio>

using namespace overtime;

/// HH whose output is the potential instead of the spikes.
struct Membrane : HH {
  Membrane() : HH(1) { V.set_initial(-65_mV); }
  Value update() override {
    HH::update();
    return V / mV;
  }
};

int main() {
  const std::int64_t steps = 400; // 10 ms
  LoopOptions options{.dt = 0.025_ms, .real = f64};
  Tensor current = Tensor::full({steps, 1}, 8.0, f64);

  Membrane measured; // gNa 120, gK 36
  LoopOverTime recording(measured, options);
  Tensor trace = recording(current).out;

  Membrane model;
  model.gNa.set_value(100);
  model.gK.set_value(30);
  LoopOverTime over_time(model, options);
  auto gradient =
      value_and_grad(over_time, each_step([](Value V, Value target) { return (V - target) * (V - target); }),
                     {.wrt = {model.gNa, model.gK}});

  // Adam (Kingma and Ba 2015, algorithm 1) on the logarithms, since conductances are positive.
  Param *fitted[] = {&model.gNa, &model.gK};
  double mean[2] = {}, square[2] = {}, loss = 0;
  for (int k = 1; k <= 750; ++k) {
    over_time.reset_state();
    GradientResult g = gradient(current, trace);
    loss = g.loss;
    for (int p = 0; p < 2; ++p) {
      double value = fitted[p]->value()[0], slope = g[*fitted[p]][0] * value;
      mean[p] = 0.9 * mean[p] + 0.1 * slope;
      square[p] = 0.99 * square[p] + 0.01 * slope * slope;
      double step = mean[p] / (1 - std::pow(0.9, k)) / (std::sqrt(square[p] / (1 - std::pow(0.99, k))) + 1e-12);
      fitted[p]->set_value(value * std::exp(-0.02 * std::pow(0.997, k) * step));
    }
    if (k == 1 || k % 150 == 0)
      std::printf("%4d  mean squared error %10.3g mV^2  gNa %7.3f  gK %7.3f\n", k, loss, model.gNa.value()[0],
                  model.gK.value()[0]);
  }
  bool found = std::abs(model.gNa.value()[0] - 120) < 1.2 && std::abs(model.gK.value()[0] - 36) < 0.36;
  std::printf("%s\n", found ? "found within 1 %" : "not found");
  return found ? 0 : 1;
}
