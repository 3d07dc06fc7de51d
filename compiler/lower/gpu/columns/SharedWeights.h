// SPDX-License-Identifier: Apache-2.0
// Copies of constant weights that the blocks of a grid keep in their shared memory for all steps.
#pragma once

#include "compiler/lower/gpu/PointLoops.h"
#include "compiler/lower/gpu/Team.h"

#include "llvm/ADT/MapVector.h"

namespace overtime::ir {

/// Input number `second` of an operation is read from a copy.
using WeightsCopies = llvm::DenseMap<std::pair<mlir::Operation *, unsigned>, WeightsCopy>;

/// For the products in a loop over time, as long as there is room: writes the copies before the loop and waits for
/// them. A block copies its own columns, in the order in which its threads read them, so that the parts of a column are
/// one access (Diamos et al. 2016, "Persistent RNNs", keeps them in registers).
WeightsCopies copyWeights(const Team &team, mlir::scf::ForOp time, mlir::OpBuilder &b);

} // namespace overtime::ir
