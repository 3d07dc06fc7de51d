// SPDX-License-Identifier: Apache-2.0
// SGD, alone and with momentum.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Gradient descent: p -= rate g.
class SGD : public Optimizer {
public:
  explicit SGD(const OptimizerOptions &options = {}, At at = At::current()) : Optimizer(options, {}, at) {}
  Value updated(const Value &p, const Value &g, Moments &) override { return p - learning_rate() * g; }
};

struct MomentumOptions : OptimizerOptions {
  double momentum = 0.9;
};

/// Gradient descent with momentum (Polyak 1964; Sutskever, Martens, Dahl & Hinton 2013, section 2):
///
///   v = momentum v + g,   p -= rate v
class Momentum : public Optimizer {
public:
  explicit Momentum(const MomentumOptions &options = {}, At at = At::current())
      : Optimizer(options, {"v"}, at), momentum(options.momentum) {}
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    State &v = moments["v"];
    v = momentum * v + g;
    return p - learning_rate() * v;
  }

protected:
  const double momentum;
};

/// Nesterov's momentum, with the gradient where the parameter is (Bengio, Boulanger-Lewandowski & Pascanu 2013, section
/// 3.5):
///
///   v = momentum v + g,   p -= rate (g + momentum v)
class Nesterov : public Momentum {
public:
  using Momentum::Momentum;
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    State &v = moments["v"];
    v = momentum * v + g;
    return p - learning_rate() * (g + momentum * v);
  }
};

} // namespace overtime
