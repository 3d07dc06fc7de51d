// SPDX-License-Identifier: Apache-2.0
// Optimizer: a model whose data are gradients and whose states are the parameters that follow them.
#pragma once

#include "compiler/trace/model.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace overtime {

/// The learning rate of an update, from the base rate and the number k = 0, 1, ... of updates before it.
/// models/optimizers/schedules.h has the usual ones.
using Schedule = std::function<Value(Value rate, Value k)>;

struct OptimizerOptions {
  double rate = 1e-3;      ///< learning rate, a Param: set_value changes it between updates
  Schedule schedule = {};  ///< of the rate over the updates; the rate itself unless given
  double weight_decay = 0; ///< adds weight_decay * p to the gradient of p, unless the optimizer says otherwise
};

/// One update of all trained parameters is one step of this model: traced, compiled and run like any other. A kind of
/// optimizer says what becomes of one parameter:
///
///     struct Momentum : Optimizer {
///       explicit Momentum(const OptimizerOptions &options = {}) : Optimizer(options, {"v"}) {}
///       Value updated(const Value &p, const Value &gradient, Moments &moments) override {
///         State &v = moments["v"];
///         v = 0.9 * v - learning_rate() * gradient;
///         return p + v;
///       }
///     };
class Optimizer : public Model {
public:
  /// What is kept of one parameter from update to update: arrays of its shape, 0 at first.
  class Moments {
  public:
    State &operator[](const std::string &name);

  private:
    friend class Optimizer;
    std::vector<std::pair<std::string, State>> states_;
  };

  Param rate;

  /// The parameter after the update, from the one before and its gradient, both of its shape and without a unit.
  virtual Value updated(const Value &p, const Value &gradient, Moments &moments) = 0;

  /// Takes gradients, in the order of the parameters it was given.
  Tree<Value> update(const Tree<Value> &gradients) final;
  std::string input_name() const override { return "gradient"; }

  /// What it is to train, with zeros for the moments. An error when it has been given parameters before.
  void train(const std::vector<Monitor> &params, At at = At::current());
  const std::vector<Monitor> &trained() const { return trained_; }

protected:
  Optimizer(const OptimizerOptions &options, std::vector<std::string> moments, At at = At::current());

  // Inside an update.
  Value learning_rate() const; ///< by the schedule
  Value count() const;         ///< of this update, from 1, as a real
  /// 1 - base^count, by which a running mean that began at 0 is divided; exact for bases close to 1.
  Value bias_correction(double base) const;
  bool couples_decay = true; ///< the gradient includes weight_decay * p
  const double weight_decay;

private:
  Schedule schedule_;
  std::vector<std::string> names_; // of the moments
  std::vector<Monitor> trained_;
  std::vector<Moments> moments_;
  std::vector<std::unique_ptr<Model>> groups_; // one for each name: "m.l1.Wh" is the moment m of l1.Wh
};

} // namespace overtime
