// SPDX-License-Identifier: Apache-2.0
// Adam and AdamW.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

struct AdamOptions : OptimizerOptions {
  double beta1 = 0.9, beta2 = 0.999; ///< of the running means of g and of g^2
  double epsilon = 1e-8;
  bool amsgrad = false; ///< divides by the largest mean of g^2 so far: Reddi, Kale & Kumar 2018, algorithm 2
};

/// Adam (Kingma & Ba 2015, algorithm 1), with k the number of the update from 1:
///
///   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
///   p -= rate m / (1 - beta1^k) / (sqrt(v / (1 - beta2^k)) + epsilon)
class Adam : public Optimizer {
public:
  explicit Adam(const AdamOptions &options = {}, At at = At::current())
      : Optimizer(options, names(options), at), options(options) {}

  Value updated(const Value &p, const Value &g, Moments &moments) override {
    State &m = moments["m"], &v = moments["v"];
    m = options.beta1 * m + (1 - options.beta1) * g;
    v = options.beta2 * v + (1 - options.beta2) * (g * g);
    Value square = v;
    if (options.amsgrad) {
      State &most = moments["v_max"];
      most = maximum(most, v);
      square = most;
    }
    // The factors are scalars, computed once in an update.
    Value rate = learning_rate() / bias_correction(options.beta1);
    Value scale = 1 / sqrt(bias_correction(options.beta2));
    return p - rate * m / (sqrt(square) * scale + options.epsilon);
  }

protected:
  const AdamOptions options;

private:
  static std::vector<std::string> names(const AdamOptions &options) {
    if (options.amsgrad)
      return {"m", "v", "v_max"};
    return {"m", "v"};
  }
};

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2): p is first multiplied by
/// 1 - rate weight_decay, of which the moments see nothing. A usual weight_decay is 0.01.
class AdamW : public Adam {
public:
  explicit AdamW(const AdamOptions &options = {}, At at = At::current()) : Adam(options, at) { couples_decay = false; }
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    return Adam::updated(p * (1 - learning_rate() * weight_decay), g, moments);
  }
};

} // namespace overtime
