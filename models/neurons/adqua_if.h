// SPDX-License-Identifier: Apache-2.0
// AdQuaIF: the adaptive quadratic integrate-and-fire neuron.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Izhikevich 2004, IEEE Trans. Neural Netw. 15; Touboul 2009, Neural Comput. 21. There is no resistance in
/// this form: input and adaptation count in mV:
///
///   tau dV/dt   = c (V - V_rest) (V - V_c) - w + I
///   tau_w dw/dt = a (V - V_rest) - w
///
/// | symbol  | meaning                                | default | unit |
/// |---------|----------------------------------------|---------|------|
/// | V_rest  | resting potential                      | -65     | mV   |
/// | V_reset | potential after a spike                | -68     | mV   |
/// | V_th    | potential at which a spike is counted  | -30     | mV   |
/// | V_c     | potential above which V runs away      | -50     | mV   |
/// | c       | steepness of the upstroke              | 0.07    | 1/mV |
/// | a       | adaptation below threshold             | 1       | 1    |
/// | b       | adaptation added by a spike            | 0.1     | mV   |
/// | tau     | membrane time constant                 | 10      | ms   |
/// | tau_w   | time constant of the adaptation        | 10      | ms   |
/// | tau_ref | refractory period of V, 0: none        | 0       | ms   |
///
/// Input I [mV]. States: V = 0 mV, w = 0 mV, spike, t_last_spike = -1e8 ms.
/// Spike: V >= V_th; then V = V_reset and w += b.
class AdQuaIF : public SpikingNeuron {
public:
  explicit AdQuaIF(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, mV, options, Reset::Hard, at, -1e8 * ms) {}

  Param V_rest = param("V_rest", -65_mV), V_reset = param("V_reset", -68_mV), V_th = param("V_th", -30_mV);
  Param V_c = param("V_c", -50_mV), c = param("c", 0.07 / mV);
  Param a = param("a", 1.0), b = param("b", 0.1_mV);
  Param tau = param("tau", 10_ms), tau_w = param("tau_w", 10_ms);

  State V = state("V", 0_mV), w = state("w", 0_mV);

  void equations() override {
    ddt(V) = (c * (V - V_rest) * (V - V_c) - w + I) / tau;
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
