// SPDX-License-Identifier: Apache-2.0
// Writes a linalg operation on memory as scalar code: one point of its parallel loops at a time.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace overtime::ir {

class PointLoops {
public:
  PointLoops(mlir::OpBuilder &b, mlir::linalg::LinalgOp op);

  /// Extents of the parallel loops, outermost first.
  llvm::ArrayRef<int64_t> extents() const { return parallel; }
  /// Of the parallel loops.
  int64_t points() const;

  /// Computes the elements at one point of the parallel loops, in the order of the reduction loops: one chain of
  /// operations for each element, whoever computes it.
  void emitPoint(mlir::ValueRange place);

private:
  llvm::SmallVector<mlir::Value> indicesOf(mlir::OpOperand &operand);
  mlir::Value read(mlir::OpOperand &operand);
  /// The loops over the reduction dimensions from number `d` on; returns what they accumulate.
  llvm::SmallVector<mlir::Value> reduce(size_t d, mlir::ValueRange accumulated);
  llvm::SmallVector<mlir::Value> emitBody(mlir::ValueRange accumulated);

  mlir::OpBuilder &b;
  mlir::linalg::LinalgOp op;
  mlir::Location loc;
  llvm::SmallVector<int64_t> parallel, ranges;
  llvm::SmallVector<unsigned> reductions;
  llvm::SmallVector<mlir::Value> where; // of every loop
};

} // namespace overtime::ir
