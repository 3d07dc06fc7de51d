// SPDX-License-Identifier: Apache-2.0
// Projection: the parts, and the step through them.
#include "models/projections/projection.h"

namespace overtime {

Projection::Projection(Source source, Target target, const ProjectionParts &parts, At at)
    : Connection(Shape{target.n}), plasticity(parts.plasticity ? parts.plasticity(source.n) : nullptr),
      output(parts.output ? parts.output() : nullptr),
      weights(parts.connect, source.n, target.n,
              {.weight = parts.weight,
               .unit = target.unit(output.get()),
               .events = source.spikes && !(parts.synapse && (parts.at_sources || !parts.synapse->linear)),
               .trainable = parts.trainable,
               .learned = parts.learning != nullptr,
               .seed = parts.seed},
              at),
      source_(std::move(source)), target_(std::move(target)), delay_(parts.delay),
      at_sources_(parts.synapse && (parts.at_sources || !parts.synapse->linear)), unit_(target_.unit(output.get())) {
  if (parts.synapse)
    synapse = parts.synapse->make(at_sources_ ? SynapsePlace{source_.n, Quantity{1.0, {}}}
                                              : SynapsePlace{target_.n, Quantity{1.0, unit_}});
  if (parts.learning && !target_.spike)
    throw Error(ErrorKind::Usage, "the target of a projection that learns has no spikes", at);
  if (parts.learning)
    learning = parts.learning({source_.n, target_.n, unit_});
  if (delay_)
    register_delay(source_.sent, *delay_, {}, at);
  if (plasticity)
    adopt("plasticity", *plasticity, at);
  if (learning)
    adopt("learning", *learning, at);
  if (synapse)
    adopt("synapse", *synapse, at);
  if (output)
    adopt("output", *output, at);
  adopt("weights", weights, at);
}

Tree<Value> Projection::update(const Tree<Value> &data) {
  take_no_data(data);
  Value s = delay_ ? get_delay_data(source_.sent, *delay_) : source_.sent;
  if (learning)
    weights.learn(*learning, s, *target_.spike);
  if (plasticity)
    s = plasticity->strength(s);
  Value V = target_.V;
  Value nothing = full_like(V, Quantity{0.0, unit_});
  if (!synapse && !output) {
    target_.V = weights.add(s, V);
    return {};
  }
  Value g;
  if (!synapse)
    g = weights.add(s, nothing);
  else if (at_sources_)
    g = weights.add(synapse->conductance({s, [&](const Value &x) { return x + as_real(s); }}), nothing);
  else
    g = synapse->conductance({s, [&](const Value &x) { return weights.add(s, x); }});
  target_.take(g, output.get());
  return {};
}

} // namespace overtime
