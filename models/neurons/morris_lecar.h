// SPDX-License-Identifier: Apache-2.0
// MorrisLecar: calcium and potassium in the barnacle muscle fibre, two variables.
#pragma once

#include "models/initializers.h"

namespace overtime {

/// Morris & Lecar 1981, Biophys. J. 35, eq. 9, with the parameters of the Hopf case of Rinzel & Ermentrout 1998:
///
///   C dV/dt = I - g_Ca M (V - V_Ca) - g_K W (V - V_K) - g_leak (V - V_leak),   M = (1 + tanh((V - V1) / V2)) / 2
///   dW/dt   = phi cosh((V - V3) / (2 V4)) ((1 + tanh((V - V3) / V4)) / 2 - W)
///
/// | symbol | meaning                                     | default | unit   |
/// |--------|---------------------------------------------|---------|--------|
/// | V_Ca   | reversal potential of calcium               | 130     | mV     |
/// | g_Ca   | largest calcium conductance                 | 4.4     | mS/cm2 |
/// | V_K    | reversal potential of potassium             | -84     | mV     |
/// | g_K    | largest potassium conductance               | 8       | mS/cm2 |
/// | V_leak | reversal potential of the leak              | -60     | mV     |
/// | g_leak | leak conductance                            | 2       | mS/cm2 |
/// | C      | membrane capacitance                        | 20      | uF/cm2 |
/// | V1, V2 | middle and width of the calcium activation  | -1.2, 18 | mV    |
/// | V3, V4 | middle and width of the potassium activation | 2, 30  | mV     |
/// | phi    | rate of the potassium activation            | 0.04    | 1/ms   |
/// | V_th   | potential whose upward crossing is a spike  | 10      | mV     |
///
/// Input I [uA/cm2]. States: V [mV], drawn from U(-70, -60); W = 0.02; spike.
/// Spike: V crosses V_th upwards in the step. There is no reset.
class MorrisLecar : public Neuron {
public:
  explicit MorrisLecar(std::int64_t n = 1, At at = At::current()) : Neuron(n, uA / cm2, at) {}

  Param V_Ca = param("V_Ca", 130_mV), g_Ca = param("g_Ca", 4.4 * mS / cm2);
  Param V_K = param("V_K", -84_mV), g_K = param("g_K", 8 * mS / cm2);
  Param V_leak = param("V_leak", -60_mV), g_leak = param("g_leak", 2 * mS / cm2);
  Param C = param("C", 20 * uF / cm2);
  Param V1 = param("V1", -1.2_mV), V2 = param("V2", 18_mV);
  Param V3 = param("V3", 2_mV), V4 = param("V4", 30_mV);
  Param phi = param("phi", 0.04 / ms);
  Param V_th = param("V_th", 10_mV);

  State V = state("V", uniform(-70, -60), mV);
  State W = state("W", 0.02);
  State spike = state("spike", false);

  void equations() override {
    Value M = 0.5 * (1 + tanh((V - V1) / V2));
    Value W_inf = 0.5 * (1 + tanh((V - V3) / V4));
    ddt(V) = (I - g_Ca * M * (V - V_Ca) - g_K * W * (V - V_K) - g_leak * (V - V_leak)) / C;
    ddt(W) = phi * cosh((V - V3) / (2 * V4)) * (W_inf - W);
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
