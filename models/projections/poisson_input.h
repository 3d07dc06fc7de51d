// SPDX-License-Identifier: Apache-2.0
// PoissonInput: spikes from cells that are not simulated.
#pragma once

#include "models/projections/connection.h"
#include "models/projections/ends.h"
#include "models/synapses/synapse.h"

#include <algorithm>

namespace overtime {

struct PoissonInputParts {
  Init rate = 100 * Hz;                    ///< of all sources of a target together: one number, or one for each target
  Init weight = 1.0;                       ///< of each spike, in the unit of the conductance: one, or one for each
  std::optional<SynapseKind> synapse = {}; ///< a linear one; none: a spike acts at once and only in its step
  OutputFactory output = {};               ///< none: the conductance is added to V
};

/// Each target has Poisson sources of its own, whose spikes arrive through synapses as those of a Projection do:
///
///   s = Poisson((rate + I) dt);   g = synapse(s, weight);   V += g,   or I += output(g, V) of the target
///
/// A hundred sources of 24 Hz are a rate of 2400 Hz. Input I [Hz] adds to the rate: the data of a call, under the name
/// of this model in its network, is a rate that changes with time. A step draws one number for each target.
class PoissonInput : public Connection {
public:
  template <class Post>
  explicit PoissonInput(Post &post, const PoissonInputParts &parts = {}, At at = At::current())
      : PoissonInput(Target::of(post), parts, at) {}
  PoissonInput(Target target, const PoissonInputParts &parts, At at = At::current())
      : Connection(Shape{target.n}), I(input("I", 0 * Hz)),
        rate(param("rate", one_or_each("rates", not_negative(parts.rate, at), target.n, at), Hz, at)),
        output(parts.output ? parts.output() : nullptr), unit_{1.0, target.unit(output.get())},
        weight(param("weight", one_or_each("weights", parts.weight, target.n, at), unit_, at)),
        target_(std::move(target)) {
    if (parts.synapse && !parts.synapse->linear)
      throw Error(ErrorKind::Usage,
                  "the sources of a PoissonInput have no states of their own: take a linear synapse, such as "
                  "exponential(), or a PoissonGroup and a Projection",
                  at);
    if (parts.synapse)
      synapse = parts.synapse->make({target_.n, unit_});
    if (synapse)
      adopt("synapse", *synapse, at);
    if (output)
      adopt("output", *output, at);
  }
  std::string input_name() const override { return I.name(); }

  Tree<Value> update(const Tree<Value> &x) override {
    if (!x.empty())
      I += x.leaf();
    Value V = target_.V;
    Value counts = random_poisson("counts", (rate + I) * dt(), V.shape());
    auto add = [&](const Value &g) { return g + counts * weight; };
    target_.take(synapse ? synapse->conductance({counts, add}) : add(full_like(V, 0.0 * unit_)), output.get());
    return {};
  }

  Input I;
  Param rate;
  std::unique_ptr<Synapse> synapse; ///< child "synapse", where there is one
  std::unique_ptr<Output> output;   ///< child "output", where there is one

private:
  static const Init &not_negative(const Init &rate, const At &at) {
    double least = rate.number() ? rate.number()->value : 0.0;
    for (std::int64_t k = 0; rate.array() && k < rate.array()->size(); ++k)
      least = std::min(least, (*rate.array())[k]);
    if (least < 0.0)
      throw Error(ErrorKind::Value, "a rate is 0 or more, got " + std::to_string(least), at);
    return rate;
  }
  static const Init &one_or_each(const char *what, const Init &numbers, std::int64_t n, const At &at) {
    if (numbers.array() && numbers.array()->rank() > 0 && numbers.array()->shape() != Shape{n})
      throw Error(ErrorKind::Shape,
                  std::string("the ") + what + " have shape " + to_string(numbers.array()->shape()) +
                      ", expected one number, or [" + std::to_string(n) + "] for the targets",
                  at);
    return numbers;
  }
  Quantity unit_; // of the weight

public:
  Param weight;

private:
  Target target_;
};

} // namespace overtime
