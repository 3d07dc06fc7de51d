// SPDX-License-Identifier: Apache-2.0
// Adagrad, Adadelta and RMSProp: a rate of its own for every element, from its squared gradients.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

struct AdagradOptions : OptimizerOptions {
  double epsilon = 1e-10;
};

/// Adagrad (Duchi, Hazan & Singer 2011, figure 1):
///
///   c += g^2,   p -= rate g / (sqrt(c) + epsilon)
class Adagrad : public Optimizer {
public:
  explicit Adagrad(const AdagradOptions &options = {}, At at = At::current())
      : Optimizer(options, {"c"}, at), epsilon(options.epsilon) {}
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    State &c = moments["c"];
    c = c + g * g;
    return p - learning_rate() * g / (sqrt(c) + epsilon);
  }

private:
  const double epsilon;
};

struct AdadeltaOptions {
  double rate = 1.0;
  Schedule schedule = {};
  double weight_decay = 0;
  double rho = 0.9; ///< of the running means
  double epsilon = 1e-6;
};

/// Adadelta (Zeiler 2012, algorithm 1), with a rate in front:
///
///   c = rho c + (1 - rho) g^2,   d = g sqrt(D + epsilon) / sqrt(c + epsilon)
///   D = rho D + (1 - rho) d^2,   p -= rate d
class Adadelta : public Optimizer {
public:
  explicit Adadelta(const AdadeltaOptions &options = {}, At at = At::current())
      : Optimizer({options.rate, options.schedule, options.weight_decay}, {"c", "D"}, at), rho(options.rho),
        epsilon(options.epsilon) {}
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    State &c = moments["c"], &D = moments["D"];
    c = rho * c + (1 - rho) * (g * g);
    Value d = g * sqrt(D + epsilon) / sqrt(c + epsilon);
    D = rho * D + (1 - rho) * (d * d);
    return p - learning_rate() * d;
  }

private:
  const double rho, epsilon;
};

struct RMSPropOptions : OptimizerOptions {
  double rho = 0.99; ///< of the running mean of g^2
  double epsilon = 1e-8;
  double momentum = 0;
  bool centered = false; ///< divides by the deviation instead of the root of the square
};

/// RMSProp (Tieleman & Hinton 2012, lecture 6.5; centered: Graves 2013, equations 38 to 41):
///
///   c = rho c + (1 - rho) g^2,   d = g / (sqrt(c) + epsilon)
///   p -= rate d, or v = momentum v + d and p -= rate v
class RMSProp : public Optimizer {
public:
  explicit RMSProp(const RMSPropOptions &options = {}, At at = At::current())
      : Optimizer(options, names(options), at), options(options) {}
  Value updated(const Value &p, const Value &g, Moments &moments) override {
    State &c = moments["c"];
    c = options.rho * c + (1 - options.rho) * (g * g);
    Value square = c;
    if (options.centered) {
      State &m = moments["m"];
      m = options.rho * m + (1 - options.rho) * g;
      square = c - m * m;
    }
    Value d = g / (sqrt(square) + options.epsilon);
    if (options.momentum > 0) {
      State &v = moments["v"];
      v = options.momentum * v + d;
      d = v;
    }
    return p - learning_rate() * d;
  }

private:
  static std::vector<std::string> names(const RMSPropOptions &options) {
    std::vector<std::string> all = {"c"};
    if (options.centered)
      all.emplace_back("m");
    if (options.momentum > 0)
      all.emplace_back("v");
    return all;
  }
  const RMSPropOptions options;
};

} // namespace overtime
