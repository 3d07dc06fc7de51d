// SPDX-License-Identifier: Apache-2.0
// The network of Vogels & Abbott 2005 with conductances, for timing event-driven propagation.
#pragma once

#include "models/connectivity/connectivity.h"

#include <map>

namespace bench {

/// Cells, four fifths of them excitatory, from the data that all programs get: `offsets` [N + 1] and `targets` [K] are
/// the synapses by rows of their sources, `V` [N] the potentials at the start. The equations and the order of a step
/// are those of the peers: cells and decays, then the spikes of this step. Conductances count in that of the leak.
class Coba : public overtime::Model {
public:
  using Data = std::map<std::string, overtime::Tensor>;
  explicit Coba(const Data &data, bool counts = false)
      : Coba(data.at("V"), counts, rows(data, 0, size(data) / 5 * 4), rows(data, size(data) / 5 * 4, size(data))) {}

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
  Coba(const overtime::Tensor &start, bool counts, const overtime::Csr &e, const overtime::Csr &i)
      : Model(overtime::Shape{start.size()}), V(state("V", start)), ge(state("ge", 0.0)), gi(state("gi", 0.0)),
        held(state("held", 0.0)), spike(state("spike", false)), spikes(state("spikes", 0.0)), counts(counts),
        count(start.size()), excitatory(e.sources), e_offsets(param("e_offsets", e.offsets)),
        e_targets(param("e_targets", e.targets)), i_offsets(param("i_offsets", i.offsets)),
        i_targets(param("i_targets", i.targets)) {}

  static std::int64_t size(const Data &data) { return data.at("V").size(); }
  /// The synapses of the sources [first, last).
  static overtime::Csr rows(const Data &data, std::int64_t first, std::int64_t last) {
    overtime::Tensor offsets = data.at("offsets").rows(first, last + 1).clone();
    auto begin = std::int64_t(offsets[0]), end = std::int64_t(offsets[last - first]);
    for (std::int64_t &offset : offsets.values<std::int64_t>())
      offset -= begin;
    return overtime::from_csr(offsets, data.at("targets").rows(begin, end)).draw(last - first, size(data));
  }

  bool counts;
  std::int64_t count, excitatory;
  overtime::Param e_offsets, e_targets, i_offsets, i_targets;
};

} // namespace bench
