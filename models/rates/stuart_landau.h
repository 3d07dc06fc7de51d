// SPDX-License-Identifier: Apache-2.0
// StuartLandauOscillator: the normal form of an oscillation that begins.
#pragma once

#include "models/rates/rate_model.h"

namespace overtime {

/// Normal form of a Hopf bifurcation; Landau 1944, Stuart 1960; as a model of brain regions Deco et al. 2017, Sci. Rep.
/// 7, 3095. For a > 0 every path but the origin goes to a circle of radius sqrt(a), around which it turns with w
/// radians in a ms; for a < 0 it spirals into the origin. Time counts in ms:
///
///   dx/dt = (a - x^2 - y^2) x - w y + I
///   dy/dt = (a - x^2 - y^2) y + w x + I_y
///
/// | symbol | meaning                                            | default | unit |
/// |--------|----------------------------------------------------|---------|------|
/// | a      | distance from the bifurcation, square of the radius | 0.25   | 1    |
/// | w      | angular frequency                                  | 0.2     | 1    |
///
/// Inputs I and I_y (dimensionless). States: x and y, drawn from [0, 0.5). Returns x. (BrainPy 2.4.4 has - w y in the
/// second equation too, which does not oscillate; 2.8.2 has the equations above.)
class StuartLandauOscillator : public RateModel {
public:
  explicit StuartLandauOscillator(std::int64_t n = 1, const RateOptions &options = {}, At at = At::current())
      : RateModel(n, 0.5, options, at) {}

  Param a = param("a", 0.25), w = param("w", 0.2);

  void equations() override {
    Value growth = a - square(x) - square(y);
    ddt(x) = (growth * x - w * y + I) / ms;
    ddt(y) = (growth * y + w * x + I_y) / ms;
  }
};

} // namespace overtime
