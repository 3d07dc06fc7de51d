// SPDX-License-Identifier: Apache-2.0
// Numbers that every thread computes for itself, so that nobody waits for them.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

/// Scalars of a step that rest on scalars, on memory that the program never writes, and on long sums, whose parts all
/// threads add up, become memory of each thread.
void makeScalarsPrivate(mlir::func::FuncOp program);

/// Whether memory belongs to the thread alone.
bool isPrivate(mlir::Value memory);

} // namespace overtime::ir
