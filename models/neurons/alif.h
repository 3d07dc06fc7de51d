// SPDX-License-Identifier: Apache-2.0
// ALIF: leaky integrate-and-fire with an adaptive threshold.
#pragma once

#include "models/neurons/spiking.h"

namespace overtime {

/// Bellec et al. 2020, Nat. Commun. 11, Methods, "Network models" (ALIF):
///
///   tau dV/dt   = -(V - V_rest) + R I
///   tau_a da/dt = -a
///
/// | symbol  | meaning                                   | default | unit |
/// |---------|-------------------------------------------|---------|------|
/// | V_rest  | resting potential                         | -70     | mV   |
/// | V_th    | threshold without adaptation              | -60     | mV   |
/// | R       | membrane resistance                       | 1       | MOhm |
/// | beta    | threshold added per unit of a             | 1.6     | mV   |
/// | tau     | membrane time constant                    | 20      | ms   |
/// | tau_a   | time constant of the adaptation           | 2000    | ms   |
/// | tau_ref | refractory period of V, 0: none           | 0       | ms   |
///
/// Input I [nA]. States: V = -70 mV, a = -50, spike, t_last_spike = -1e7 ms.
/// Spike: V >= V_th + beta a, with the a of the beginning of the step. Then V -= V_th, a += 1. The reset subtracts the
/// threshold itself, so it is meant for potentials counted from rest: V_rest = 0 and V_th > 0, as in the paper. The
/// argument of a surrogate is (V - V_th - beta a) / |V_th|; the paper's is surrogate::relu_grad(0.3). detach_reset,
/// which the paper's e-prop needs, is of V alone.
class ALIF : public SpikingNeuron {
public:
  explicit ALIF(std::int64_t n = 1, const SpikingOptions &options = {}, At at = At::current())
      : SpikingNeuron(n, nA, options, Reset::Soft, at) {
    if (options.reset == Reset::Hard)
      throw Error(ErrorKind::Value, "ALIF subtracts V_th at a spike; it has no hard reset", at);
  }

  Param V_rest = param("V_rest", -70_mV), V_th = param("V_th", -60_mV), R = param("R", 1 * MOhm);
  Param beta = param("beta", 1.6_mV);
  Param tau = param("tau", 20_ms), tau_a = param("tau_a", 2000_ms);

  State V = state("V", -70_mV), a = state("a", -50.0);

  void equations() override {
    ddt(V) = (-(V - V_rest) + R * I) / tau;
    ddt(a) = -a / tau_a;
  }

  using Neuron::update;
  Value update() override {
    Value old = V, threshold = V_th + beta * a;
    integrate();
    Value v = held(old, V);
    Value fired = fire(v, threshold, abs(V_th));
    V = lowered(fired, v, V_th);
    a = a + as_real(fired);
    return fired;
  }
};

using ALIFBellec2020 = ALIF; // BrainPy's name

} // namespace overtime
