// SPDX-License-Identifier: Apache-2.0
// QuaIF: the quadratic integrate-and-fire neuron.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Latham, Richmond, Nelson & Nirenberg 2000, J. Neurophysiol. 83:
///
///   tau dV/dt = c (V - V_rest) (V - V_c) + R I
///
/// | symbol  | meaning                                | default | unit |
/// |---------|----------------------------------------|---------|------|
/// | V_rest  | resting potential                      | -65     | mV   |
/// | V_reset | potential after a spike                | -68     | mV   |
/// | V_th    | potential at which a spike is counted  | -30     | mV   |
/// | V_c     | potential above which V runs away      | -50     | mV   |
/// | c       | steepness of the upstroke              | 0.07    | 1/mV |
/// | tau     | membrane time constant                 | 10      | ms   |
/// | R       | membrane resistance                    | 1       | MOhm |
/// | tau_ref | refractory period, 0: none             | 0       | ms   |
///
/// Input I [nA]. States: V = 0 mV (above V_th: a neuron that starts there fires at once), spike, t_last_spike = -1e7
/// ms. Spike: V >= V_th; then V = V_reset.
class QuaIF : public SpikingNeuron {
public:
  explicit QuaIF(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, nA, options, Reset::Hard, at) {}

  Param V_rest = param("V_rest", -65_mV), V_reset = param("V_reset", -68_mV), V_th = param("V_th", -30_mV);
  Param V_c = param("V_c", -50_mV), c = param("c", 0.07 / mV);
  Param tau = param("tau", 10_ms), R = param("R", 1 * MOhm);

  State V = state("V", 0_mV);

  void equations() override { ddt(V) = (c * (V - V_rest) * (V - V_c) + R * I) / tau; }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    Value v = held(old, V);
    Value fired = fire(v, V_th);
    V = after_reset(fired, v, V_th, V_reset);
    return fired;
  }
};

} // namespace overtime
