// SPDX-License-Identifier: Apache-2.0
// ThresholdLinear: rates of an excitatory and an inhibitory population that follow their inputs above 0.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Noise of the rates, white and for each population its own [Hz per square root of a ms].
struct ThresholdLinearOptions {
  double sigma_e = 0.0, sigma_i = 0.0; ///< 0: none
};

/// Threshold-linear rates; Chaudhuri, Knoblauch, Gariel, Kennedy & Wang 2015, Neuron 88, eq. 1, without its couplings:
///
///   tau_e dr_e/dt = -r_e + beta_e max(I, 0)
///   tau_i dr_i/dt = -r_i + beta_i max(I_i, 0)
///
/// and neither falls below 0. With sigma_e, sigma_i in the options, sigma dW is added to each.
///
/// | symbol         | meaning                | default      | unit  |
/// |----------------|------------------------|--------------|-------|
/// | tau_e, tau_i   | time constants         | 20, 10       | ms    |
/// | beta_e, beta_i | slopes of the responses | 0.066, 0.351 | Hz/pA |
///
/// Inputs I and I_i [pA]. States: r_e and r_i [Hz], 0. Returns r_e. The method is euler unless set. (BrainPy has the
/// time constants in s, 0.02 and 0.01, beside a step in ms; with its default step it is unstable. Its noise_e is a
/// normal number in each step beside the input, sigma_e = noise_e sqrt(dt) / tau_e here.)
class ThresholdLinear : public Neuron {
public:
  explicit ThresholdLinear(std::int64_t n = 1, const ThresholdLinearOptions &options = {}, At at = At::current())
      : Neuron(n, pA, at), options(options) {
    method("euler", at);
  }
  std::string output_name() const override { return "r_e"; }

  Param tau_e = param("tau_e", 20_ms), tau_i = param("tau_i", 10_ms);
  Param beta_e = param("beta_e", 0.066 * Hz / pA), beta_i = param("beta_i", 0.351 * Hz / pA);

  State r_e = state("r_e", 0 * Hz), r_i = state("r_i", 0 * Hz);
  Input I_i = input("I_i", 0 * pA);

  void equations() override {
    ddt(r_e) = (-r_e + beta_e * maximum(I, 0 * pA)) / tau_e;
    ddt(r_i) = (-r_i + beta_i * maximum(I_i, 0 * pA)) / tau_i;
    if (options.sigma_e != 0.0)
      noise(r_e) = options.sigma_e * Hz;
    if (options.sigma_i != 0.0)
      noise(r_i) = options.sigma_i * Hz;
  }

  using Neuron::update;
  Value update() override {
    integrate();
    r_e = maximum(r_e, 0 * Hz);
    r_i = maximum(r_i, 0 * Hz);
    return r_e;
  }

private:
  ThresholdLinearOptions options;
};

} // namespace overtime
