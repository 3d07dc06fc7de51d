// SPDX-License-Identifier: Apache-2.0
// AdExIF: the adaptive exponential integrate-and-fire neuron.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Brette & Gerstner 2005, J. Neurophysiol. 94, eqs. 1-3:
///
///   tau dV/dt   = -V + V_rest + delta_T exp((V - V_T) / delta_T) - R w + R I
///   tau_w dw/dt = a (V - V_rest) - w
///
/// | symbol  | meaning                               | default | unit |
/// |---------|---------------------------------------|---------|------|
/// | V_rest  | resting potential                     | -65     | mV   |
/// | V_reset | potential after a spike               | -68     | mV   |
/// | V_th    | potential at which a spike is counted | -30     | mV   |
/// | V_T     | potential at which the upstroke starts | -59.9  | mV   |
/// | delta_T | sharpness of the upstroke             | 3.48    | mV   |
/// | a       | adaptation below threshold            | 1       | uS   |
/// | b       | adaptation added by a spike           | 1       | nA   |
/// | tau     | membrane time constant                | 10      | ms   |
/// | tau_w   | time constant of the adaptation       | 30      | ms   |
/// | R       | membrane resistance                   | 1       | MOhm |
/// | tau_ref | refractory period of V, 0: none       | 0       | ms   |
///
/// Input I [nA]. States: V = 0 mV, w = 0 nA, spike, t_last_spike = -1e8 ms.
/// Spike: V >= V_th; then V = V_reset and w += b.
class AdExIF : public SpikingNeuron {
public:
  explicit AdExIF(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, nA, options, Reset::Hard, at, -1e8 * ms) {}

  Param V_rest = param("V_rest", -65_mV), V_reset = param("V_reset", -68_mV), V_th = param("V_th", -30_mV);
  Param V_T = param("V_T", -59.9_mV), delta_T = param("delta_T", 3.48_mV);
  Param a = param("a", 1 * uS), b = param("b", 1_nA);
  Param tau = param("tau", 10_ms), tau_w = param("tau_w", 30_ms), R = param("R", 1 * MOhm);

  State V = state("V", 0_mV), w = state("w", 0_nA);

  void equations() override {
    ddt(V) = (-V + V_rest + delta_T * exp((V - V_T) / delta_T) - R * w + R * I) / tau;
    ddt(w) = (a * (V - V_rest) - w) / tau_w;
  }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    Value v = held(old, V);
    Value fired = fire(v, V_th);
    V = after_reset(fired, v, V_th, V_reset);
    w = after_spike(fired, w + b, w);
    return fired;
  }
};

} // namespace overtime
