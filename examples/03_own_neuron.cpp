// SPDX-License-Identifier: Apache-2.0
// Lesson 3: a neuron of your own, from its equations, with units.
#include "compiler/overtime.h"

#include <cstdio>

using namespace overtime;

/// A leaky membrane whose threshold rises at each spike and falls back with tau_theta.
class TiringNeuron : public Neuron {
public:
  explicit TiringNeuron(std::int64_t n = 1) : Neuron(n, nA) {}

  Param tau = param("tau", 10_ms), R = param("R", 10 * MOhm), V_rest = param("V_rest", -65_mV);
  Param V_reset = param("V_reset", -70_mV);
  Param tau_theta = param("tau_theta", 100_ms), theta_rest = param("theta_rest", -50_mV), jump = param("jump", 2_mV);

  State V = state("V", -65_mV), theta = state("theta", -50_mV);

  void equations() override {
    ddt(V) = (V_rest - V + R * I) / tau; // nA times MOhm is mV; without R this line would be an error
    ddt(theta) = (theta_rest - theta) / tau_theta;
  }

  using Neuron::update;
  Value update() override {
    integrate();
    Value fired = V >= theta; // one truth value for each neuron; `if (V >= theta)` does not compile
    V = where(fired, V_reset, V);
    theta = where(fired, theta + jump, theta);
    return fired;
  }
};

/// The same with a slip: a current is added to a potential.
class WrongNeuron : public TiringNeuron {
public:
  void equations() override { ddt(V) = (V_rest - V + I) / tau; }
};

int main() {
  TiringNeuron cells(3);
  LoopOverTime over_time(cells, {.out_vars = cells.theta});
  Tensor current = Tensor::zeros({3000, 3});
  for (std::int64_t k = 0; k < current.size(); ++k)
    current.set(k, 1.6 + 0.8 * static_cast<double>(k % 3)); // 1.6, 2.4, 3.2 nA
  auto [spikes, theta] = over_time(current);

  for (std::int64_t cell = 0; cell < 3; ++cell) {
    int early = 0, late = 0;
    for (std::int64_t step = 0; step < 3000; ++step)
      (step < 1000 ? early : late) += spikes.leaf()[3 * step + cell] != 0.0;
    std::printf(
        "cell %lld at %.1f nA: %3d spikes in the first 100 ms, %.1f per 100 ms after; threshold ends at %.2f mV\n",
        static_cast<long long>(cell), 1.6 + 0.8 * static_cast<double>(cell), early, late / 2.0,
        theta.leaf()[3 * 2999 + cell]);
  }

  try {
    WrongNeuron wrong;
    LoopOverTime over_wrong(wrong);
    over_wrong(1_ms);
    return 1; // units were not checked
  } catch (const Error &e) {
    std::printf("\nthe slip, as the compiler of the loop reports it:\n%s\n", e.what());
  }
  return 0;
}
