// SPDX-License-Identifier: Apache-2.0
// WilsonCowan: an excitatory and an inhibitory population that drive each other.
#pragma once

#include "models/rates/rate_model.h"

namespace overtime {

/// Wilson & Cowan 1972, Biophys. J. 12, eqs. 11-13. x is the active part of the excitatory population, y that of the
/// inhibitory one:
///
///   E_tau dx/dt = -x + (1 - r x) F(wEE x - wIE y + I;   E_a, E_theta)
///   I_tau dy/dt = -y + (1 - r y) F(wEI x - wII y + I_y; I_a, I_theta)
///   F(z; a, theta) = 1 / (1 + exp(-a (z - theta))) - 1 / (1 + exp(a theta))
///
/// | symbol            | meaning                                        | default | unit |
/// |-------------------|------------------------------------------------|---------|------|
/// | E_tau, I_tau      | time constants                                 | 1, 1    | ms   |
/// | E_a, I_a          | largest slopes of the responses, times 4       | 1.2, 1  | 1    |
/// | E_theta, I_theta  | inputs of the largest slopes                   | 2.8, 4  | 1    |
/// | wEE, wIE          | weights onto the excitatory population         | 12, 4   | 1    |
/// | wEI, wII          | weights onto the inhibitory population         | 13, 11  | 1    |
/// | r                 | refractory part of a population                | 1       | 1    |
///
/// Inputs I and I_y (dimensionless). States: x and y, drawn from [0, 0.05). Returns x.
class WilsonCowan : public RateModel {
public:
  explicit WilsonCowan(std::int64_t n = 1, const RateOptions &options = {}, At at = At::current())
      : RateModel(n, 0.05, options, at) {}

  Param E_tau = param("E_tau", 1_ms), E_a = param("E_a", 1.2), E_theta = param("E_theta", 2.8);
  Param I_tau = param("I_tau", 1_ms), I_a = param("I_a", 1.0), I_theta = param("I_theta", 4.0);
  Param wEE = param("wEE", 12.0), wIE = param("wIE", 4.0), wEI = param("wEI", 13.0), wII = param("wII", 11.0);
  Param r = param("r", 1.0);

  void equations() override {
    ddt(x) = (-x + (1 - r * x) * response(wEE * x - wIE * y + I, E_a, E_theta)) / E_tau;
    ddt(y) = (-y + (1 - r * y) * response(wEI * x - wII * y + I_y, I_a, I_theta)) / I_tau;
  }

private:
  static Value response(const Value &z, const Param &a, const Param &theta) {
    return 1 / (1 + exp(-a * (z - theta))) - 1 / (1 + exp(a * theta));
  }
};

} // namespace overtime
