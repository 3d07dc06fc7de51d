// SPDX-License-Identifier: Apache-2.0
// Memory of a program: where values lie, how they are read, written, cut and copied.
#pragma once

#include "compiler/lower/memory/InPlace.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace overtime::ir {

/// Memory of a tensor, of a scalar, or of one row of a tensor with a time axis. Booleans are bytes.
mlir::MemRefType storageType(mlir::Type type, bool row = false);

/// Rows follow each other without gaps.
bool isContiguous(mlir::MemRefType type);

/// A stored boolean as i1.
mlir::Value fromByte(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v);

/// The elements of one axis from an offset on, all of the other axes.
mlir::Value cutAxis(mlir::OpBuilder &b, mlir::Location loc, mlir::Value memory, int64_t axis, mlir::OpFoldResult offset,
                    int64_t size);

/// For an operation on such a cut: its indices along a dimension count from the offset.
void shiftIndices(mlir::Operation *op, unsigned dimension, mlir::Value offset);

/// Writes operations on memory at the builder's place; allocations go to the start of the function.
class StepMemory {
public:
  explicit StepMemory(mlir::OpBuilder &b) : b(b) {}

  mlir::Value alloc(mlir::Location loc, mlir::Type type);
  mlir::Value load(mlir::Location loc, mlir::Value memory);
  void store(mlir::Location loc, mlir::Value v, mlir::Value memory);
  /// Row k of an input or output whose rows are `stride` elements apart.
  mlir::Value row(mlir::Location loc, mlir::Value base, mlir::Value k, mlir::Value stride);
  /// A copy that the vectoriser sees.
  void copy(mlir::Location loc, mlir::Value from, mlir::Value to);
  mlir::Value part(mlir::Location loc, mlir::Value memory, const Piece &piece);

  mlir::func::FuncOp target;

private:
  mlir::OpBuilder &b;
};

} // namespace overtime::ir
