// SPDX-License-Identifier: Apache-2.0
// WangBuzsaki: the fast-spiking hippocampal interneuron.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Wang & Buzsaki 1996, J. Neurosci. 16, section "Model neuron". The sodium activation m follows V at once:
///
///   C dV/dt = I - gNa m^3 h (V - ENa) - gK n^4 (V - EK) - gL (V - EL),   m = a_m / (a_m + b_m)
///   dg/dt   = phi (a_g(V) (1 - g) - b_g(V) g)     for g = h, n
///
/// | symbol | meaning                                    | default | unit   |
/// |--------|--------------------------------------------|---------|--------|
/// | gNa    | largest sodium conductance                 | 35      | mS/cm2 |
/// | ENa    | reversal potential of sodium               | 55      | mV     |
/// | gK     | largest potassium conductance              | 9       | mS/cm2 |
/// | EK     | reversal potential of potassium            | -90     | mV     |
/// | gL     | leak conductance                           | 0.1     | mS/cm2 |
/// | EL     | reversal potential of the leak             | -65     | mV     |
/// | C      | membrane capacitance                       | 1       | uF/cm2 |
/// | phi    | speed of h and n                           | 5       | 1      |
/// | V_th   | potential whose upward crossing is a spike | 20      | mV     |
///
/// Input I [uA/cm2]. States: V = -65 mV, h = 0.6, n = 0.32, spike.
/// Spike: V crosses V_th upwards in the step. There is no reset.
class WangBuzsaki : public Neuron {
public:
  explicit WangBuzsaki(std::int64_t n = 1, At at = At::current()) : Neuron(n, uA / cm2, at) {}

  Param gNa = param("gNa", 35 * mS / cm2), ENa = param("ENa", 55_mV);
  Param gK = param("gK", 9 * mS / cm2), EK = param("EK", -90_mV);
  Param gL = param("gL", 0.1 * mS / cm2), EL = param("EL", -65_mV);
  Param C = param("C", 1 * uF / cm2);
  Param phi = param("phi", 5.0);
  Param V_th = param("V_th", 20_mV);

  State V = state("V", -65_mV);
  State h = state("h", 0.6), n = state("n", 0.32);
  State spike = state("spike", false);

  void equations() override {
    Value v = V / mV;
    Value am = 1 / exprel(-(v + 35) / 10), bm = 4 * exp(-(v + 60) / 18); // exprel: no 0/0 at -35
    Value ah = 0.07 * exp(-(v + 58) / 20), bh = 1 / (1 + exp(-(v + 28) / 10));
    Value an = 0.1 / exprel(-(v + 34) / 10), bn = 0.125 * exp(-(v + 44) / 80);
    Value m = am / (am + bm);
    ddt(V) = (I - gNa * cube(m) * h * (V - ENa) - gK * square(square(n)) * (V - EK) - gL * (V - EL)) / C;
    ddt(h) = phi * (ah * (1 - h) - bh * h) / ms;
    ddt(n) = phi * (an * (1 - n) - bn * n) / ms;
  }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    spike = old < V_th && V >= V_th;
    return spike;
  }
};

using WangBuzsakiModel = WangBuzsaki; // BrainPy's name

} // namespace overtime
