// SPDX-License-Identifier: Apache-2.0
// Source and Target: what synapses need to know of the populations on both of their ends.
#pragma once

#include "models/synapses/output.h"

namespace overtime {

/// What a population of n sends: its spikes, or any state.
struct Source {
  State sent;
  std::int64_t n;
  bool spikes = true; ///< false: numbers that act in every step

  /// The spikes of a model with spike and count().
  template <class Pre> static Source of(Pre &pre) { return {pre.spike.same(), pre.count()}; }
};

/// Input and potential of a population of n, and its spikes where it has any.
struct Target {
  Input I;
  State V;
  std::int64_t n;
  std::optional<State> spike = {}; ///< for learning

  /// Of any model with I, V, count() and perhaps spike.
  template <class Post> static Target of(Post &post) {
    Target target{post.I.same(), post.V.same(), post.count()};
    if constexpr (requires { post.spike.same(); })
      target.spike.emplace(post.spike.same());
    return target;
  }

  /// In which conductances count in front of an output; without one they are added to V.
  Unit unit(const Output *output) const { return output ? output->unit(I.unit(), V.unit()) : V.unit(); }
  /// I += output(g, V), or V += g.
  void take(const Value &g, Output *output) {
    if (output)
      I += output->current(g, V);
    else
      V = V + g;
  }
};

} // namespace overtime
