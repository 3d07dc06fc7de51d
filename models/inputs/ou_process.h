// SPDX-License-Identifier: Apache-2.0
// OUProcess: coloured noise drawn inside the loop.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// What an Ornstein-Uhlenbeck process is like.
struct OUOptions {
  double mean = 0.0;
  double sigma = 1.0;     ///< per square root of a ms; the deviation goes to sigma sqrt(tau / 2)
  Duration tau = 10 * ms; ///< time of correlation
};

/// Uhlenbeck & Ornstein 1930; a process for each of n elements:
///
///   dx = (mean + I - x) / tau dt + sigma dW
///
/// | symbol | meaning                                   | default | unit          |
/// |--------|-------------------------------------------|---------|---------------|
/// | mean   | what x returns to                         | 0       | unit          |
/// | sigma  | strength of the noise                     | 1       | unit/sqrt(ms) |
/// | tau    | time of correlation                       | 10      | ms            |
///
/// `unit` is that of x, dimensionless unless given. Input I adds to the mean. State: x, which begins at the mean.
/// Returns x. With exp_euler, the default, the moments are exact at any step; euler, milstein and heun take noise too.
class OUProcess : public Neuron {
public:
  explicit OUProcess(std::int64_t n = 1, const OUOptions &options = {}, const Quantity &unit = {1, dimensionless},
                     At at = At::current())
      : Neuron(n, unit, at), mean(param("mean", options.mean * unit, at)),
        sigma(param("sigma", checked(options.sigma, "sigma", at) * unit, at)),
        tau(param("tau", checked(options.tau.ms, "tau", at) * ms, at)), x(state("x", options.mean * unit, at)) {}
  std::string output_name() const override { return "x"; }

  Param mean, sigma, tau;
  State x;

  void equations() override {
    ddt(x) = (mean + I - x) / tau;
    noise(x) = sigma;
  }

  using Neuron::update;
  Value update() override {
    integrate();
    return x;
  }

private:
  static double checked(double number, const char *what, const At &at) {
    if (number > 0.0 || (number == 0.0 && *what == 's'))
      return number;
    throw Error(ErrorKind::Value,
                std::string(what) + " of an Ornstein-Uhlenbeck process is positive, got " + std::to_string(number), at);
  }
};

} // namespace overtime
