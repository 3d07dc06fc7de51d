// SPDX-License-Identifier: Apache-2.0
// Buffers in two halves for what the threads of a step hand to all threads of the next.
#pragma once

#include "compiler/lower/gpu/columns/ColumnTiles.h"

namespace overtime::ir {

/// A state that a product reads whole, and that its step writes afterwards, makes the team wait twice: until all have
/// read the old state, and until all have written the new one. A copy of it in two halves, which change places from
/// step to step, needs one wait: products read from one half, while the other is written. Likewise a temporary that a
/// step writes and its products read is another one in the next step, so that no step waits for readers of the one
/// before.
void exchangeInHalves(mlir::scf::ForOp time, const ColumnTiles &tiles);

} // namespace overtime::ir
