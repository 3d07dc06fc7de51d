// SPDX-License-Identifier: Apache-2.0
// RateQIF: the exact mean field of quadratic integrate-and-fire neurons.
#pragma once

#include "models/rates/rate_model.h"

#include <numbers>

namespace overtime {

/// Mean field of infinitely many quadratic integrate-and-fire neurons, all coupled to all, whose excitabilities follow
/// a Lorentz distribution; Montbrio, Pazo & Roxin 2015, Phys. Rev. X 5, 021028, eqs. 12. x is the mean membrane
/// potential, y the firing rate:
///
///   tau dx/dt = x^2 + eta + I + J tau y - (pi tau y)^2
///   tau dy/dt = delta / (pi tau) + 2 x y + I_y
///
/// | symbol | meaning                                     | default | unit |
/// |--------|---------------------------------------------|---------|------|
/// | tau    | membrane time constant                      | 1       | ms   |
/// | eta    | centre of the excitabilities                | -5      | 1    |
/// | delta  | half width of the excitabilities            | 1       | 1    |
/// | J      | synaptic weight                             | 15      | 1    |
///
/// Inputs I (dimensionless) and I_y [1/ms]. States: x and y [1/ms], drawn from [0, 0.05). Returns x.
class RateQIF : public RateModel {
public:
  explicit RateQIF(std::int64_t n = 1, const RateOptions &options = {}, At at = At::current())
      : RateModel(n, 0.05, options, at, 1 / ms) {}

  Param tau = param("tau", 1_ms), eta = param("eta", -5.0), delta = param("delta", 1.0), J = param("J", 15.0);

  void equations() override {
    ddt(x) = (square(x) + eta + I + J * tau * y - square(std::numbers::pi * tau * y)) / tau;
    ddt(y) = (delta / (std::numbers::pi * tau) + 2 * x * y + I_y) / tau;
  }
};

} // namespace overtime
