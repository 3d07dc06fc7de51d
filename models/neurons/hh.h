// SPDX-License-Identifier: Apache-2.0
// HH: the squid giant axon of Hodgkin and Huxley.
#pragma once

#include "models/initializers.h"

namespace overtime {

/// Hodgkin & Huxley 1952, J. Physiol. 117, eqs. 12-13, 20-21, 23-26, with the potential counted from outside as usual
/// today:
///
///   C dV/dt = I - gNa m^3 h (V - ENa) - gK n^4 (V - EK) - gL (V - EL)
///   dg/dt   = a_g(V) (1 - g) - b_g(V) g          for g = m, h, n
///
/// | symbol | meaning                                   | default | unit   |
/// |--------|-------------------------------------------|---------|--------|
/// | gNa    | largest sodium conductance                | 120     | mS/cm2 |
/// | ENa    | reversal potential of sodium              | 50      | mV     |
/// | gK     | largest potassium conductance             | 36      | mS/cm2 |
/// | EK     | reversal potential of potassium           | -77     | mV     |
/// | gL     | leak conductance (0.3 in the paper)       | 0.03    | mS/cm2 |
/// | EL     | reversal potential of the leak            | -54.387 | mV     |
/// | C      | membrane capacitance                      | 1       | uF/cm2 |
/// | V_th   | potential whose upward crossing is a spike | 20      | mV     |
///
/// Input I [uA/cm2]. States: V [mV], drawn from U(-70, -60); m, h, n at their steady state for V; spike.
/// Spike: V crosses V_th upwards in the step. There is no reset.
class HH : public Neuron {
public:
  explicit HH(std::int64_t n = 1, At at = At::current()) : Neuron(n, uA / cm2, at) {}

  Param gNa = param("gNa", 120 * mS / cm2), ENa = param("ENa", 50_mV);
  Param gK = param("gK", 36 * mS / cm2), EK = param("EK", -77_mV);
  Param gL = param("gL", 0.03 * mS / cm2), EL = param("EL", -54.387_mV);
  Param C = param("C", 1 * uF / cm2);
  Param V_th = param("V_th", 20_mV);

  State V = state("V", uniform(-70, -60), mV);
  State m = state("m", 0.0), h = state("h", 0.0), n = state("n", 0.0);
  State spike = state("spike", false);

  void initial() override {
    Rates r = rates();
    m = r.am / (r.am + r.bm);
    h = r.ah / (r.ah + r.bh);
    n = r.an / (r.an + r.bn);
  }

  void equations() override {
    Rates r = rates();
    ddt(V) = (I - gNa * cube(m) * h * (V - ENa) - gK * square(square(n)) * (V - EK) - gL * (V - EL)) / C;
    ddt(m) = (r.am * (1 - m) - r.bm * m) / ms;
    ddt(h) = (r.ah * (1 - h) - r.bh * h) / ms;
    ddt(n) = (r.an * (1 - n) - r.bn * n) / ms;
  }

  using Neuron::update;
  Value update() override {
    Value old = V;
    integrate();
    spike = old < V_th && V >= V_th;
    return spike;
  }

private:
  /// Rates of opening and closing [1/ms] at V.
  struct Rates {
    Value am, bm, ah, bh, an, bn;
  };
  Rates rates() {
    Value v = V / mV;
    return {.am = 1 / exprel(-(v + 40) / 10), // 0.1 (v + 40) / (1 - exp(-(v + 40) / 10)) without its 0/0 at -40
            .bm = 4 * exp(-(v + 65) / 18),
            .ah = 0.07 * exp(-(v + 65) / 20),
            .bh = 1 / (1 + exp(-(v + 35) / 10)),
            .an = 0.1 / exprel(-(v + 55) / 10), // likewise at -55
            .bn = 0.125 * exp(-(v + 65) / 80)};
  }
};

} // namespace overtime
