// SPDX-License-Identifier: Apache-2.0
// LIF: the leaky integrate-and-fire neuron.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Leaky integrate-and-fire (Abbott 1999; Gerstner, Kistler, Naud & Paninski 2014, section 1.3):
///
///   tau dV/dt = -V + V_rest + R I
///
/// | symbol  | meaning                      | default | unit |
/// |---------|------------------------------|---------|------|
/// | V_rest  | resting potential            | 0       | mV   |
/// | V_reset | potential after a spike      | -5      | mV   |
/// | V_th    | threshold                    | 20      | mV   |
/// | tau     | membrane time constant       | 10      | ms   |
/// | R       | membrane resistance          | 1       | MOhm |
/// | tau_ref | refractory period, 0: none   | 0       | ms   |
///
/// Input I [nA]. States: V = 0 mV, spike, t_last_spike = -1e7 ms. Spike: V >= V_th; then V = V_reset.
class LIF : public SpikingNeuron {
public:
  explicit LIF(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, nA, options, Reset::Soft, at) {}

  Param V_rest = param("V_rest", 0_mV), V_reset = param("V_reset", -5_mV), V_th = param("V_th", 20_mV);
  Param tau = param("tau", 10_ms), R = param("R", 1 * MOhm);

  State V = state("V", 0_mV);

  void equations() override { ddt(V) = (-V + V_rest + R * I) / tau; }

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
