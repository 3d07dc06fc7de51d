// SPDX-License-Identifier: Apache-2.0
// Weights: a matrix of synapses as a list, a dense matrix, or a rule that needs neither.
#pragma once

#include "models/connectivity/connectivity.h"
#include "models/synapses/learning.h"

namespace overtime {

struct WeightOptions {
  Init weight = 1.0;
  Unit unit = {};
  bool events = true;     ///< what comes is mostly 0
  bool trainable = false; ///< as parameters that a Trainer changes
  bool learned = false;   ///< as states that a learning rule changes: always a list
  std::uint64_t seed = 0;
};

/// Adds inputs times weights to what is at the targets, in the way that costs least:
///
/// | form       | when                                                     | cost of a step              |
/// |------------|----------------------------------------------------------|-----------------------------|
/// | one to one | by that rule                                             | N                           |
/// | all to all | by that rule, with one weight                            | N                           |
/// | dense      | numbers in every step, more than a sixteenth of all pairs | all pairs, as vectors       |
/// | drawn      | just_in_time                                             | synapses of inputs that are not 0, each
/// drawn | | list       | else                                                     | synapses of inputs that are not 0
/// |
class Weights : public Model {
public:
  enum class Form { OneToOne, AllToAll, Dense, List, Drawn };

  Weights(const Connectivity &connect, std::int64_t sources, std::int64_t posts, const WeightOptions &options = {},
          At at = At::current());

  Tree<Value> update(const Tree<Value> &) override { return {}; }
  /// x plus inputs [N] times weights; `x` is [M] in the unit of the weights.
  Value add(const Value &inputs, const Value &x);
  /// Changes what is learned, by spikes of the sources [N] that arrive and of the targets [M].
  void learn(LearningRule &rule, const Value &pre, const Value &post);

  Form form() const { return form_; }
  std::string how() const; ///< "list of 800 synapses (10 % of 8000 pairs)"
  Csr list() const; ///< the synapses; none in the form all to all, which needs no list; drawn where none are stored
  SynapseRows rows() const { return {*offsets, *targets}; }

  std::optional<Param> weight;           ///< one number, [K], or [N, M] in dense form, 0 where there is no synapse
  std::optional<State> learned;          ///< in place of `weight`, and under its name: [K]
  std::optional<Param> offsets, targets; ///< of the list

private:
  Weights(const Connectivity &connect, Csr list, const WeightOptions &options, At at);
  void declare(const WeightOptions &options, At at);
  Tensor numbers_of(const WeightOptions &options, At at) const;
  Value now() const { return learned ? Value(*learned) : Value(*weight); }
  std::string rule_;
  Csr list_; // in the form of a list without its arrays, which the parameters hold
  std::int64_t synapses_;
  std::optional<DrawnRows> drawn_;
  Form form_;
  Unit unit_;
  std::optional<Param> offsets_of_targets_, sources_, positions_; // the list by targets, where weights are learned
};

} // namespace overtime
