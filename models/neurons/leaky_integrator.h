// SPDX-License-Identifier: Apache-2.0
// LeakyIntegrator: a membrane that never fires.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// The passive membrane (Lapicque 1907; Gerstner, Kistler, Naud & Paninski 2014, eq. 1.5):
///
///   tau dV/dt = -V + V_rest + R I
///
/// | symbol | meaning                | default | unit |
/// |--------|------------------------|---------|------|
/// | V_rest | resting potential      | 0       | mV   |
/// | tau    | membrane time constant | 10      | ms   |
/// | R      | membrane resistance    | 1       | MOhm |
///
/// Input I [nA]. State: V = 0 mV. Returns V.
class LeakyIntegrator : public Neuron {
public:
  explicit LeakyIntegrator(std::int64_t n = 1, At at = At::current()) : Neuron(n, nA, at) {}

  Param V_rest = param("V_rest", 0_mV), tau = param("tau", 10_ms), R = param("R", 1 * MOhm);

  State V = state("V", 0_mV);

  std::string output_name() const override { return "V"; }

  void equations() override { ddt(V) = (-V + V_rest + R * I) / tau; }

  using Neuron::update;
  Value update() override {
    integrate();
    return V;
  }
};

} // namespace overtime
