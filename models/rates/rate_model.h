// SPDX-License-Identifier: Apache-2.0
// RateModel: what the rate models of two variables share, their states, inputs and step.
#pragma once

#include "models/initializers.h"

namespace overtime {

/// A population described by two continuous variables x and y in place of spikes. The data of a call, and what other
/// models add, goes to the input `I` of the equation of x; `I_y` is that of the equation of y. A step integrates both
/// and returns x.
class RateModel : public Neuron {
public:
  std::string output_name() const override { return "x"; }

  State x, y;
  Input I_y; ///< input of the equation of y

  using Neuron::update;
  Value update() override {
    integrate();
    return x;
  }

protected:
  /// Both states start at numbers drawn from [0, start).
  RateModel(std::int64_t n, double start, At at, const Quantity &y_unit = {1, dimensionless})
      : Neuron(n, {1, dimensionless}, at), x(state("x", uniform(0.0, start), at)),
        y(state("y", uniform(0.0, start), y_unit, at)), I_y(input("I_y", 0.0 * y_unit, at)) {}
};

} // namespace overtime
