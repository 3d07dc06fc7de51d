// SPDX-License-Identifier: Apache-2.0
// Products with a sparse matrix of synapses, driven by events.
#pragma once

#include "compiler/trace/value.h"
#include "compiler/trace/variable.h"

namespace overtime {

/// Synapses by rows, as CSR arrays of i32: those of source i are k from offsets[i] to offsets[i + 1], and synapse k
/// goes to targets[k]. Both are parameters, made of i32 arrays: `param("offsets", Tensor(...i32))`.
struct SynapseRows {
  const Param &offsets; ///< [N + 1], from 0 to K
  const Param &targets; ///< [K]
};

/// init[j] plus the weights of all synapses to j whose source has an event: weights times events where these are
/// numbers and not bool. `events` is [N], `init` is [M], and the result is as `init`; with a batch [B, N] and [B, M].
/// Weights are one number or [K], in the unit of `init`. A source without an event costs next to nothing. Errors:
/// numbers of the rows that point outside of another array, shapes that do not fit.
Value propagate(Operand events, const SynapseRows &rows, Operand weights, Operand init);

/// init[i] plus what the targets of source i hold, times the weights of its synapses: the transpose of propagate.
/// `values` is [M], `init` and the result are [N].
Value collect(Operand values, const SynapseRows &rows, Operand weights, Operand init);

/// What else a learning rule may say.
struct CorrelateOptions {
  const Param *positions = nullptr;          ///< [K] of i32: weight number positions[k] belongs to synapse k
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
