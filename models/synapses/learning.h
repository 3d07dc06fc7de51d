// SPDX-License-Identifier: Apache-2.0
// LearningRule: how the weights of a projection follow the spikes on both of its sides.
#pragma once

#include "compiler/overtime.h"

#include <memory>

namespace overtime {

/// How weights change: between which bounds, and whether toward a number, in the unit of the weights.
using WeightChange = CorrelateOptions;

/// What happens in a step, seen from the synapses.
struct LearningStep {
  Value pre;  ///< [N] spikes of the sources that arrive
  Value post; ///< [M] spikes of the targets in the step before
  /// Weights plus values[target] at every synapse of a source whose spike arrives; `values` is [M].
  std::function<Value(const Value &weights, const Value &values, const WeightChange &how)> at_pre;
  /// Weights plus values[source] at every synapse of a target that fired; `values` is [N].
  std::function<Value(const Value &weights, const Value &values, const WeightChange &how)> at_post;
};

/// What a rule belongs to.
struct LearningPlace {
  std::int64_t sources, targets;
  Unit unit; ///< of the weights
};

/// From the weights of the step before to those of this one.
class LearningRule : public Model {
public:
  Tree<Value> update(const Tree<Value> &) override { return {}; }
  virtual Value learn(const Value &weights, const LearningStep &step) = 0;

protected:
  LearningRule() : Model(Shape{}) {}
};
using LearningFactory = std::function<std::unique_ptr<LearningRule>(const LearningPlace &)>;

} // namespace overtime
