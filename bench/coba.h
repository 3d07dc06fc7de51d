// SPDX-License-Identifier: Apache-2.0
// The network of Vogels & Abbott 2005 with conductances, for timing event-driven propagation.
#pragma once

#include "models/connectivity/connectivity.h"
#include "models/initializers.h"

namespace bench {

/// N cells, four fifths of them excitatory, 80 synapses each on average; the equations and the order of a step are
/// those of the peers: cells and decays, then the spikes of this step. Conductances count in that of the leak.
class Coba : public overtime::Model {
public:
  explicit Coba(std::int64_t n, bool counts = false)
      : Coba(n, counts, overtime::fixed_probability(80.0 / double(n)).draw(n / 5 * 4, n, 1),
             overtime::fixed_probability(80.0 / double(n)).draw(n - n / 5 * 4, n, 2)) {}

  overtime::State V, ge, gi, held, spike, spikes;

  void equations() override {
    ddt(V) = (-49 - V + ge * (0 - V) + gi * (-80 - V)) / (20.0 * overtime::ms);
    ddt(ge) = -ge / (5.0 * overtime::ms);
    ddt(gi) = -gi / (10.0 * overtime::ms);
  }
  overtime::Tree<overtime::Value> update(const overtime::Tree<overtime::Value> &) override {
    overtime::Value old = V;
    integrate();
    overtime::Value v = where(held > 0, old, V), fired = v > -50;
    V = where(fired, -60, v);
    held = where(fired, 50, maximum(held - 1, 0));
    spike = fired;
    if (counts)
      spikes = spikes + as_real(fired);
    ge = propagate(slice(spike, 0, excitatory), {e_offsets, e_targets}, 0.6, ge);
    gi = propagate(slice(spike, excitatory, count), {i_offsets, i_targets}, 6.7, gi);
    return {};
  }

private:
  Coba(std::int64_t n, bool counts, const overtime::Csr &e, const overtime::Csr &i)
      : Model(overtime::Shape{n}), V(state("V", overtime::uniform(-60, -50))), ge(state("ge", 0.0)),
        gi(state("gi", 0.0)), held(state("held", 0.0)), spike(state("spike", false)), spikes(state("spikes", 0.0)),
        counts(counts), count(n), excitatory(n / 5 * 4), e_offsets(param("e_offsets", e.offsets)),
        e_targets(param("e_targets", e.targets)), i_offsets(param("i_offsets", i.offsets)),
        i_targets(param("i_targets", i.targets)) {}
  bool counts;
  std::int64_t count, excitatory;
  overtime::Param e_offsets, e_targets, i_offsets, i_targets;
};

} // namespace bench
