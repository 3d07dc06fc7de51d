// SPDX-License-Identifier: Apache-2.0
// Network: populations and projections that are updated in a fixed order.
#pragma once

#include "models/projections/projection.h"

namespace overtime {

/// A step: all projections and other connections in the order in which they were declared, then all populations, then
/// everything else; at its end the rings of delays take the new spikes. So a spike acts on others from the next step
/// on. Data of a step is a map from names to what those models take. Errors: data for a name that no model has, or for
/// a model that takes none.
///
///     struct EINet : Network {
///       LIF E = child("E", LIF(3200)), I = child("I", LIF(800));
///       Projection EE = child("EE", Projection(E, E, {.connect = fixed_probability(0.02), .weight = 0.6,
///                                                     .synapse = exponential(5_ms), .output = coba(0_mV)}));
///     };
class Network : public Model {
public:
  Network() : Model(Shape{}) {}

  /// The output is a map from populations to their spikes, or potentials.
  Tree<Value> update(const Tree<Value> &x) override;

  /// Keeps a model that is no member of its own: projections in a loop, for instance.
  ///
  ///     for (LIF *to : {&E, &I})
  ///       add("E_" + to->name(), Projection(E, *to, {...}));
  template <class M> M &add(const std::string &name, M &&model, At at = At::current()) {
    static_assert(!std::is_lvalue_reference_v<M>, "add takes a model that nobody else holds: add(name, LIF(100))");
    auto kept = std::make_unique<M>(std::forward<M>(model));
    adopt(name, *kept, at);
    kept_.push_back(std::move(kept));
    return static_cast<M &>(*kept_.back());
  }

private:
  std::vector<std::unique_ptr<Model>> kept_;
  void check_names(const Tree<Value> &x) const;
};

} // namespace overtime
