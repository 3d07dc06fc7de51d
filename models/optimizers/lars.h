// SPDX-License-Identifier: Apache-2.0
// LARS: momentum with a rate for each parameter from its norm, for large batches.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

struct LARSOptions : OptimizerOptions {
  double momentum = 0.9;
  double trust = 1e-3; ///< of the update, relative to the parameter
  double epsilon = 1e-5;
};

/// LARS (You, Gitman & Ginsburg 2017, algorithm 1), with |.| the Euclidean norm of a whole parameter:
///
///   ratio = trust |p| / (|g| + weight_decay |p| + epsilon), and 1 where |p| or |g| is 0
///   v = momentum v + rate ratio (g + weight_decay p),   p -= v
class LARS : public Optimizer {
public:
  explicit LARS(const LARSOptions &options = {}, At at = At::current())
      : Optimizer(options, {"v"}, at), options(options) {
    couples_decay = false;
  }
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    Value size = sqrt(sum(p * p)), slope = sqrt(sum(g * g));
    Value ratio = options.trust * size / (slope + weight_decay * size + options.epsilon);
    ratio = where(size > 0 && slope > 0, ratio, 1.0);
    State &v = moments["v"];
    v = options.momentum * v + learning_rate() * ratio * (g + weight_decay * p);
    return p - v;
  }

private:
  const LARSOptions options;
};

} // namespace overtime
