// SPDX-License-Identifier: Apache-2.0
// Weights: a matrix of synapses as a list, a dense matrix, or a rule that needs neither.
#pragma once

#include "models/connectivity/connectivity.h"

namespace overtime {

struct WeightOptions {
  Init weight = 1.0;
  Unit unit = {};
  bool events = true;     ///< what comes is mostly 0
  bool trainable = false; ///< as parameters that a Trainer changes
  std::uint64_t seed = 0;
};

/// Adds inputs times weights to what is at the targets, in the way that costs least:
///
/// | form       | when                                                     | cost of a step              |
/// |------------|----------------------------------------------------------|-----------------------------|
/// | one to one | by that rule                                             | N                           |
/// | all to all | by that rule, with one weight                            | N                           |
/// | dense      | numbers in every step, more than a sixteenth of all pairs | all pairs, as vectors       |
/// | list       | else                                                     | synapses of inputs that are not 0 |
class Weights : public Model {
public:
  enum class Form { OneToOne, AllToAll, Dense, List };

  Weights(const Connectivity &connect, std::int64_t sources, std::int64_t posts, const WeightOptions &options = {},
          At at = At::current());

  Tree<Value> update(const Tree<Value> &) override { return {}; }
  /// x plus inputs [N] times weights; `x` is [M] in the unit of the weights.
  Value add(const Value &inputs, const Value &x);
  /// The same sum with weights that a model changes, one for each synapse of the list.
  Value add(const Value &inputs, const Value &x, const Value &changed);

  Form form() const { return form_; }
  std::string how() const; ///< "list of 800 synapses (10 % of 8000 pairs)"
  const Csr &list() const { return list_; }
  SynapseRows rows() const { return {*offsets, *targets}; }

  std::optional<Param> weight;           ///< one number, [K], or [N, M] in dense form, 0 where there is no synapse
  std::optional<Param> offsets, targets; ///< of the list

private:
  Param declare(const WeightOptions &options, At at);
  Connectivity::Kind kind_;
  std::string rule_;
  Csr list_;
  Form form_;
  Unit unit_;
};

} // namespace overtime
