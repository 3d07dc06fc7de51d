// SPDX-License-Identifier: Apache-2.0
// FHN: FitzHugh and Nagumo's two-variable excitable system.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// FitzHugh 1961, Biophys. J. 1; Nagumo, Arimoto & Yoshizawa 1962. V and w are dimensionless, time counts in ms:
///
///   dV/dt = V - V^3/3 - w + I
///   dw/dt = (V + a - b w) / tau
///
/// | symbol | meaning                                    | default | unit |
/// |--------|--------------------------------------------|---------|------|
/// | a      | offset of the recovery                     | 0.7     | 1    |
/// | b      | slope of the recovery                      | 0.8     | 1    |
/// | tau    | time scale of the recovery, in units of V's | 12.5   | 1    |
/// | Vth    | V whose upward crossing is a spike         | 1.8     | 1    |
///
/// Input I (dimensionless). States: V = 0, w = 0, spike. Spike: V crosses Vth upwards in the step. There is no reset.
class FHN : public Neuron {
public:
  explicit FHN(std::int64_t n = 1, At at = At::current()) : Neuron(n, Quantity{1, dimensionless}, at) {}

  Param a = param("a", 0.7), b = param("b", 0.8), tau = param("tau", 12.5);
  Param Vth = param("Vth", 1.8);

  State V = state("V", 0.0), w = state("w", 0.0);
  State spike = state("spike", false);

  void equations() override {
    ddt(V) = (V - cube(V) / 3 - w + I) / ms;
    ddt(w) = (V + a - b * w) / tau / ms;
  }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    spike = old < Vth && V >= Vth;
    return spike;
  }
};

} // namespace overtime
