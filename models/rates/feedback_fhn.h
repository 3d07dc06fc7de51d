// SPDX-License-Identifier: Apache-2.0
// FeedbackFHN: FitzHugh and Nagumo's equations with delayed feedback.
#pragma once

#include "models/rates/rate_model.h"

namespace overtime {

struct FeedbackFHNOptions : RateOptions {
  Duration delay = 10_ms; ///< of the feedback; a multiple of the step, or the nearest one counts
};

/// FitzHugh-Nagumo with feedback of its own past; Plant 1981, SIAM J. Appl. Math. 40, 150-162. x and y are
/// dimensionless, time counts in ms:
///
///   dx/dt = x - x^3 / 3 - y + I + mu (x(t - delay) - v0)
///   dy/dt = (x + a - b y + I_y) / tau
///
/// | symbol | meaning                       | default | unit |
/// |--------|-------------------------------|---------|------|
/// | a, b   | recovery                      | 0.7, 0.8 | 1   |
/// | tau    | time constant of the recovery | 12.5    | ms   |
/// | mu     | strength of the feedback      | 1.6886  | 1    |
/// | v0     | where the feedback is 0       | -1      | 1    |
///
/// The delay is an option of the construction, 10 ms. Before the start x was 0. The value fed back is held during a
/// step. Inputs I and I_y (dimensionless). States: x and y, drawn from [0, 0.05), and the past of x. Returns x.
class FeedbackFHN : public RateModel {
public:
  explicit FeedbackFHN(std::int64_t n = 1, const FeedbackFHNOptions &options = {}, At at = At::current())
      : RateModel(n, 0.05, options, at), delay_(options.delay.ms * ms) {
    register_delay(x, delay_, {}, at);
  }

  Param a = param("a", 0.7), b = param("b", 0.8), tau = param("tau", 12.5 * ms);
  Param mu = param("mu", 1.6886), v0 = param("v0", -1.0);

  void equations() override {
    ddt(x) = (x - cube(x) / 3 - y + I + mu * (past_ - v0)) / ms;
    ddt(y) = (x + a - b * y + I_y) / tau;
  }

  using Neuron::update;
  Value update() override {
    past_ = get_delay_data(x, delay_, Between::Round);
    return RateModel::update();
  }

private:
  Quantity delay_;
  Value past_; // of the step that is traced
};

} // namespace overtime
