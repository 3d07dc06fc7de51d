// SPDX-License-Identifier: Apache-2.0
// Izhikevich: two equations that fire like most cortical neurons.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Izhikevich 2003, IEEE Trans. Neural Netw. 14, eqs. 1-3. The fit takes V, u and I as plain numbers in mV:
///
///   dV/dt = 0.04 V^2 + 5 V + 140 - u + I
///   du/dt = a (b V - u)
///
/// | symbol  | meaning                                | default | unit |
/// |---------|----------------------------------------|---------|------|
/// | V_th    | potential at which a spike is counted  | 30      | mV   |
/// | a       | rate of the recovery                   | 0.02    | 1/ms |
/// | b       | sensitivity of the recovery to V       | 0.2     | 1    |
/// | c       | potential after a spike                | -65     | mV   |
/// | d       | recovery added by a spike              | 8       | mV   |
/// | tau_ref | refractory period of V, 0: none        | 0       | ms   |
///
/// Input I [mV]. States: V = -70 mV, u = b V, spike, t_last_spike = -1e7 ms. Spike: V >= V_th; then V = c and u += d.
class Izhikevich : public SpikingNeuron {
public:
  explicit Izhikevich(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, mV, options, Reset::Hard, at) {}

  Param V_th = param("V_th", 30_mV);
  Param a = param("a", 0.02 / ms), b = param("b", 0.2), c = param("c", -65_mV), d = param("d", 8_mV);

  State V = state("V", -70_mV), u = state("u", 0_mV);

  void initial() override { u = b * V; }

  void equations() override {
    Value v = V / mV;
    ddt(V) = (0.04 * v * v + 5 * v + 140 - u / mV + I / mV) * (mV / ms);
    ddt(u) = a * (b * V - u);
  }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    Value v = held(old, V);
    Value fired = fire(v, V_th);
    V = after_reset(fired, v, V_th, c);
    u = after_spike(fired, u + d, u);
    return fired;
  }
};

} // namespace overtime
