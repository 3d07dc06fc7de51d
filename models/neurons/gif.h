// SPDX-License-Identifier: Apache-2.0
// GIF: the generalized integrate-and-fire neuron with a moving threshold and two spike-induced currents.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Mihalas & Niebur 2009, Neural Comput. 21, eqs. 2.1-2.2:
///
///   dI1/dt    = -k1 I1,   dI2/dt = -k2 I2
///   dV_th/dt  = a (V - V_rest) - b (V_th - V_th_inf)
///   tau dV/dt = -(V - V_rest) + R (I + I1 + I2)
///
/// | symbol     | meaning                                  | default | unit |
/// |------------|------------------------------------------|---------|------|
/// | V_rest     | resting potential                        | -70     | mV   |
/// | V_reset    | potential after a spike                  | -70     | mV   |
/// | V_th_inf   | threshold at rest                        | -50     | mV   |
/// | V_th_reset | lowest threshold after a spike           | -60     | mV   |
/// | R          | membrane resistance                      | 20      | MOhm |
/// | tau        | membrane time constant                   | 20      | ms   |
/// | a          | coupling of the threshold to V           | 0       | 1/ms |
/// | b          | rate at which the threshold recovers     | 0.01    | 1/ms |
/// | k1, k2     | decay of the spike-induced currents      | 0.2, 0.02 | 1/ms |
/// | R1, R2     | part of them that outlives a spike       | 0, 1    | 1    |
/// | A1, A2     | current added by a spike                 | 0, 0    | nA   |
/// | tau_ref    | refractory period of V, 0: none          | 0       | ms   |
///
/// Input I [nA]. States: V = -70 mV, V_th = -50 mV, I1 = I2 = 0 nA, spike, t_last_spike = -1e8 ms.
/// Spike: V >= V_th, with the V_th of the beginning of the step. Then V = V_reset, I1 = R1 I1 + A1, I2 = R2 I2 + A2,
/// V_th = max(V_th_reset, V_th).
class GIF : public SpikingNeuron {
public:
  explicit GIF(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, nA, options, Reset::Soft, at, -1e8 * ms) {}

  Param V_rest = param("V_rest", -70_mV), V_reset = param("V_reset", -70_mV);
  Param V_th_inf = param("V_th_inf", -50_mV), V_th_reset = param("V_th_reset", -60_mV);
  Param R = param("R", 20 * MOhm), tau = param("tau", 20_ms);
  Param a = param("a", 0 / ms), b = param("b", 0.01 / ms);
  Param k1 = param("k1", 0.2 / ms), k2 = param("k2", 0.02 / ms);
  Param R1 = param("R1", 0.0), R2 = param("R2", 1.0), A1 = param("A1", 0_nA), A2 = param("A2", 0_nA);

  State V = state("V", -70_mV), V_th = state("V_th", -50_mV);
  State I1 = state("I1", 0_nA), I2 = state("I2", 0_nA);

  void equations() override {
    ddt(I1) = -k1 * I1;
    ddt(I2) = -k2 * I2;
    ddt(V_th) = a * (V - V_rest) - b * (V_th - V_th_inf);
    ddt(V) = (-(V - V_rest) + R * (I + I1 + I2)) / tau;
  }

  using Neuron::update;
  Value update() override {
    Value old = V, threshold = V_th;
    integrate();
    Value v = held(old, V);
    Value fired = fire(v, threshold);
    V = after_reset(fired, v, threshold, V_reset);
    I1 = after_spike(fired, R1 * I1 + A1, I1);
    I2 = after_spike(fired, R2 * I2 + A2, I2);
    V_th = after_spike(fired, maximum(V_th_reset, V_th), V_th);
    return fired;
  }
};

} // namespace overtime
