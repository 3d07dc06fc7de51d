// SPDX-License-Identifier: Apache-2.0
// Projection: synapses from one population to another, put together from parts.
#pragma once

#include "models/connectivity/connectivity.h"
#include "models/projections/connection.h"
#include "models/projections/ends.h"
#include "models/projections/weights.h"
#include "models/synapses/short_term.h"
#include "models/synapses/synapse.h"

namespace overtime {

/// The parts of a projection, in the order in which a step goes through them.
struct ProjectionParts {
  Connectivity connect = all_to_all();
  Init weight = 1.0;                       ///< one number, or one for each synapse [K], in the unit of the conductance
  std::optional<Delay> delay = {};         ///< of all sources, or of each [N]; none: spikes of the step before
  LearningFactory learning = {};           ///< how spikes change the weights, which are states then
  ShortTermFactory plasticity = {};        ///< how strong a spike is
  std::optional<SynapseKind> synapse = {}; ///< none: a spike acts at once and only in its step
  OutputFactory output = {};               ///< none: the conductance is added to V
  bool at_sources = false;                 ///< states of a linear synapse one for each source, not for each target
  bool trainable = false;                  ///< weights are what a Trainer changes
  std::uint64_t seed = 0;                  ///< of the connectivity
};

/// Spikes of a source, delayed, through synapses to the input or potential of a target:
///
///   s = spikes of the source, of the step before or `delay` steps before that
///   weights = learning(weights, s, spikes of the target, of the step before)
///   s = plasticity(s);   g = synapse(s, weights);   I += output(g, V),   or V += g without an output
///
/// V is that of the beginning of the step where a network updates its projections before its neurons. Without an
/// output, V also moves while it is held after a spike of the target, and goes on from there, as in BrainPy.
class Projection : public Connection {
public:
  template <class Pre, class Post>
    requires requires(Pre &pre) { pre.spike; }
  Projection(Pre &pre, Post &post, const ProjectionParts &parts, At at = At::current())
      : Projection(Source::of(pre), Target::of(post), parts, at) {}
  /// What is transmitted is any state [N] of the source, as numbers that act in every step.
  template <class Post>
  Projection(const State &sent, Post &post, const ProjectionParts &parts, At at = At::current())
      : Projection(Source{sent.same(), sent.shape().back(), false}, Target::of(post), parts, at) {}
  Projection(Source source, Target target, const ProjectionParts &parts, At at = At::current());

  Tree<Value> update(const Tree<Value> &) override;

  std::unique_ptr<ShortTerm> plasticity;  ///< child "plasticity", where there is one
  std::unique_ptr<LearningRule> learning; ///< child "learning", where there is one
  std::unique_ptr<Synapse> synapse;       ///< child "synapse", where there is one
  std::unique_ptr<Output> output;         ///< child "output", where there is one
  Weights weights;                        ///< child "weights"

private:
  Source source_;
  Target target_;
  std::optional<Delay> delay_;
  bool at_sources_;
  Unit unit_; // of the weights
};

} // namespace overtime
