// SPDX-License-Identifier: Apache-2.0
// A network of events without elementary functions: its numbers are the same on every processor, to the bit.
#pragma once

#include "models/initializers.h"
#include "tests/trace/helper.h"

#include <algorithm>
#include <cmath>

namespace overtime::test {

/// All states of a model after a run.
inline std::vector<Tensor> states_after(Model &model, const LoopOptions &options, std::int64_t steps) {
  LoopOverTime over_time(model, options);
  over_time.reset_state();
  over_time.steps(steps);
  std::vector<Tensor> all;
  for (const auto &[path, state] : model.states())
    all.push_back(state.value());
  return all;
}

/// Spikes go through two lists of synapses, the second of another part of the cells, and once more after a change of
/// flags in between. `sorted`: the targets of a row ascend; else one thread adds all synapses.
struct EventNetwork : Model {
  EventNetwork(std::int64_t n, bool sorted, bool real_events)
      : Model(Shape{n}), real_events(real_events), V(state("V", uniform(0, 1))), g(state("g", 0.0)),
        spike(state("spike", false)), o1(param("o1", offsets(n))), t1(param("t1", targets(n, n, sorted, 1))),
        o2(param("o2", offsets(n / 3))), t2(param("t2", targets(n / 3, n, sorted, 2))),
        w(param("w", Tensor::uniform({7 * (n / 3)}, -0.1, 0.3, 3))) {}
  bool real_events;
  State V, g, spike;
  Param o1, t1, o2, t2, w;
  Tree<Value> update(const Tree<Value> &) override {
    std::int64_t n = V.shape().back();
    V = V + 0.04 + 0.1 * g;
    spike = V > 1;
    V = where(spike, V - 1, V);
    Value events = real_events ? as_real(spike) * V : Value(spike);
    g = propagate(events, {o1, t1}, 0.05, 0.9 * g);
    g = propagate(slice(events, n - n / 3, n), {o2, t2}, w, g);
    spike = V < 0.2;
    g = propagate(slice(Value(spike), 0, n / 3), {o2, t2}, 0.01, g);
    return {};
  }

private:
  static Tensor offsets(std::int64_t rows) {
    Tensor o({rows + 1}, i32);
    for (std::int64_t k = 0; k <= rows; ++k)
      o.set(k, double(7 * k));
    return o;
  }
  static Tensor targets(std::int64_t rows, std::int64_t n, bool sorted, std::uint64_t seed) {
    Tensor draws = Tensor::uniform({7 * rows}, 0, double(n), seed), t({7 * rows}, u16);
    for (std::int64_t k = 0; k < 7 * rows; ++k)
      t.set(k, std::floor(draws[k]));
    for (auto all = t.values<std::uint16_t>(); sorted && !all.empty(); all = all.subspan(7))
      std::ranges::sort(all.first(7));
    return t;
  }
};

} // namespace overtime::test
