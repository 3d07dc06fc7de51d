// SPDX-License-Identifier: Apache-2.0
// Network: populations and projections that are updated in a fixed order.
#pragma once

#include "models/projections/projection.h"

namespace overtime {

/// A step: all projections and other connections in the order in which they were declared, then all populations, then
/// everything else; at its end the rings of delays take the new spikes. So a spike acts on others from the next step
/// on. Data of a step is a map from names to what those models take.
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
  Tree<Value> update(const Tree<Value> &x) override {
    std::vector<Model *> all = children();
    for (Model *one : all)
      if (dynamic_cast<Connection *>(one))
        one->update(data_of(x, *one));
    std::vector<std::pair<std::string, Tree<Value>>> outputs;
    for (Model *one : all)
      if (dynamic_cast<Neuron *>(one))
        outputs.emplace_back(one->name(), one->update(data_of(x, *one)));
    for (Model *one : all)
      if (!dynamic_cast<Connection *>(one) && !dynamic_cast<Neuron *>(one))
        one->update(data_of(x, *one));
    return Tree<Value>::map(std::move(outputs));
  }

private:
  static Tree<Value> data_of(const Tree<Value> &x, const Model &model) {
    for (const auto &[name, item] : x.items())
      if (name == model.name())
        return item;
    return {};
  }
};

} // namespace overtime
