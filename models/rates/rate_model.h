// SPDX-License-Identifier: Apache-2.0
// RateModel: what the rate models of two variables share, their states, inputs and step.
#pragma once

#include "models/initializers.h"
#include "models/inputs/ou_process.h"

namespace overtime {

/// Noise that is added to the inputs of a rate model: RateFHN areas(100, {.x_ou = OUOptions{.sigma = 0.1}}).
struct RateOptions {
  std::optional<OUOptions> x_ou = {}, y_ou = {}; ///< none unless given
};

/// A population described by two continuous variables x and y in place of spikes. The data of a call, and what other
/// models add, goes to the input `I` of the equation of x; `I_y` is that of the equation of y. A step adds the noise
/// of each, if there is any, to its input, integrates both and returns x. The noises are the models x_ou and y_ou.
class RateModel : public Neuron {
public:
  std::string output_name() const override { return "x"; }

  State x, y;
  Input I_y; ///< input of the equation of y
  std::optional<OUProcess> x_ou, y_ou;

  using Neuron::update;
  Value update() override {
    if (x_ou)
      I += x_ou->update();
    if (y_ou)
      I_y += y_ou->update();
    integrate();
    return x;
  }

protected:
  /// Both states start at numbers drawn from [0, start).
  RateModel(std::int64_t n, double start, const RateOptions &options, At at,
            const Quantity &y_unit = {1, dimensionless})
      : Neuron(n, {1, dimensionless}, at), x(state("x", uniform(0.0, start), at)),
        y(state("y", uniform(0.0, start), y_unit, at)), I_y(input("I_y", 0.0 * y_unit, at)) {
    if (options.x_ou)
      adopt("x_ou", x_ou.emplace(n, *options.x_ou, Quantity{1, dimensionless}, at), at);
    if (options.y_ou)
      adopt("y_ou", y_ou.emplace(n, *options.y_ou, y_unit, at), at);
  }
};

} // namespace overtime
