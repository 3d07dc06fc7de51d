// SPDX-License-Identifier: Apache-2.0
// HindmarshRose: bursting from three polynomial equations.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Hindmarsh & Rose 1984, Proc. R. Soc. Lond. B 221. All variables are dimensionless, time counts in ms:
///
///   dV/dt = y - a V^3 + b V^2 - z + I
///   dy/dt = c - d V^2 - y
///   dz/dt = r (s (V - V_rest) - z)
///
/// | symbol | meaning                               | default | unit |
/// |--------|---------------------------------------|---------|------|
/// | a, b   | shape of the fast current             | 1, 3    | 1    |
/// | c, d   | shape of the recovery                 | 1, 5    | 1    |
/// | r      | speed of the adaptation               | 0.01    | 1    |
/// | s      | strength of the adaptation            | 4       | 1    |
/// | V_rest | V at which the adaptation is at rest  | -1.6    | 1    |
/// | V_th   | V whose upward crossing is a spike    | 1       | 1    |
///
/// Input I (dimensionless). States: V = 0, y = -10, z = 0, spike. Spike: V crosses V_th upwards in the step. No reset.
class HindmarshRose : public Neuron {
public:
  explicit HindmarshRose(std::int64_t n = 1, At at = At::current()) : Neuron(n, Quantity{1, dimensionless}, at) {}

  Param a = param("a", 1.0), b = param("b", 3.0), c = param("c", 1.0), d = param("d", 5.0);
  Param r = param("r", 0.01), s = param("s", 4.0), V_rest = param("V_rest", -1.6);
  Param V_th = param("V_th", 1.0);

  State V = state("V", 0.0), y = state("y", -10.0), z = state("z", 0.0);
  State spike = state("spike", false);

  void equations() override {
    ddt(V) = (y - a * cube(V) + b * square(V) - z + I) / ms;
    ddt(y) = (c - d * square(V) - y) / ms;
    ddt(z) = r * (s * (V - V_rest) - z) / ms;
  }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    spike = old < V_th && V >= V_th;
    return spike;
  }
};

} // namespace overtime
