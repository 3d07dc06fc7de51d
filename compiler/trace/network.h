// SPDX-License-Identifier: Apache-2.0
// Products with a sparse matrix of synapses, driven by events.
#pragma once

#include "compiler/trace/value.h"
#include "compiler/trace/variable.h"

#include <functional>
#include <span>

namespace overtime {

/// The type for places in an array of so many elements: u16 where it holds them, which takes half the memory, else i32.
inline DType type_of_places(std::int64_t elements) { return elements <= 65536 ? u16 : i32; }

/// f with the numbers of an array of places, as a span of i32 or u16.
template <class Places, class F> decltype(auto) with_places(Places &&places, F &&f) {
  return places.dtype() == u16 ? f(places.template values<std::uint16_t>()) : f(places.template values<std::int32_t>());
}

/// Synapses by rows, as CSR arrays: those of source i are k from offsets[i] to offsets[i + 1], and synapse k goes to
/// targets[k]. Both are parameters, made of arrays of i32 or u16: `param("targets", Tensor(...type_of_places(M)))`.
struct SynapseRows {
  const Param &offsets; ///< [N + 1], from 0 to K
  const Param &targets; ///< [K]
};

/// Synapses that are drawn again each time their source has an event, and stored nowhere: each of the targets with a
/// probability, or a number of them. What is drawn is a function of this and of the source, whoever draws it.
struct DrawnRows {
  std::int64_t posts = 0; ///< how many targets there are
  std::optional<double> probability = {};
  std::optional<std::int64_t> number = {}; ///< in a step, at most `most_in_step`
  bool include_self = true;                ///< synapses from i to i
  double share = 1.0;                      ///< of the sources that have synapses at all
  std::uint64_t seed = 0;

  static constexpr std::int64_t most_in_step = 16384;
  /// visit(targets) for sources 0, 1, ..., each with its targets in ascending order.
  void each(std::int64_t sources, const std::function<void(std::span<const std::int32_t> targets)> &visit) const;
};

/// init[j] plus the weights of all synapses to j whose source has an event: weights times events where these are
/// numbers and not bool. `events` is [N], `init` is [M], and the result is as `init`; with a batch [B, N] and [B, M].
/// Weights are one number or [K], in the unit of `init`. A source without an event costs next to nothing. Errors:
/// numbers of the rows that point outside of another array, shapes that do not fit.
Value propagate(Operand events, const SynapseRows &rows, Operand weights, Operand init);

/// The same with one weight for all synapses, which are drawn. Errors: a rule for another number of targets, one that
/// is no rule.
Value propagate(Operand events, const DrawnRows &rows, Operand weight, Operand init);

/// init[i] plus what the targets of source i hold, times the weights of its synapses: the transpose of propagate.
/// `values` is [M], `init` and the result are [N].
Value collect(Operand values, const SynapseRows &rows, Operand weights, Operand init);

/// What else a learning rule may say.
struct CorrelateOptions {
  const Param *positions = nullptr;          ///< [K] of i32 or u16: weight number positions[k] belongs to synapse k
  std::optional<double> low = {}, high = {}; ///< bounds of what is changed, in the unit of the weights; both or none
  std::optional<double> toward = {};         ///< a number, in the unit of the weights, that changed weights go toward
};
/// Weights [K] plus events[i] values[j] for every synapse from an i that has an event to a j; the others are as they
/// were. `events` is [N], `values` is [M] in the unit of the weights. With `toward`, a weight w changes by events[i]
/// values[j] (toward - w), and values have no unit.
Value correlate(Operand events, Operand values, const SynapseRows &rows, Operand weights,
                const CorrelateOptions &options = {});

/// The same number everywhere, in the shape of x.
Value full_like(Operand x, const Quantity &number);

} // namespace overtime
