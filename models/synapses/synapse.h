// SPDX-License-Identifier: Apache-2.0
// Synapse: how a conductance follows the spikes that arrive.
#pragma once

#include "compiler/overtime.h"

#include <memory>

namespace overtime {

/// What arrives in a step, seen from where the state of a synapse is.
struct Arrivals {
  Value events;                             ///< [N] of the sources: spikes, or numbers after short-term plasticity
  std::function<Value(const Value &x)> add; ///< x plus what arrives: the events at a source, their weights at a target
};

/// Where the states of a synapse are: one for each source, or one for each target, which takes the sum.
struct SynapsePlace {
  std::int64_t n;
  Quantity unit; ///< of the conductance there: 1 at a source, that of the weights at a target
};

/// The dynamics of a conductance. With states at the sources its weights are applied to the conductance in every step;
/// with states at the targets to the events alone, which costs less and is the same where equations are linear.
class Synapse : public Model {
public:
  Tree<Value> update(const Tree<Value> &) override { return {}; }
  /// One step; returns the conductance that acts in it.
  virtual Value conductance(const Arrivals &arrivals) = 0;

protected:
  explicit Synapse(const SynapsePlace &place) : Model(Shape{place.n}) {}
};

/// A kind of synapse, and whether its equations are linear, so that sums over sources may be taken first.
struct SynapseKind {
  std::function<std::unique_ptr<Synapse>(const SynapsePlace &)> make;
  bool linear = true;
};

} // namespace overtime
