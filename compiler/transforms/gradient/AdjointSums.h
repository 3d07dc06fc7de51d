// SPDX-License-Identifier: Apache-2.0
// Adjoints of values while a step is differentiated: sums of what their uses contribute.
#pragma once

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace overtime::ir {

class AdjointSums {
public:
  explicit AdjointSums(mlir::OpBuilder &b) : b(b) {}

  void add(mlir::Value of, mlir::Value term);
  /// To the source of a slice, from the adjoint of the slice. Fails, with a diagnostic, for one with gaps or without a
  /// fixed place.
  mlir::LogicalResult addPart(mlir::tensor::ExtractSliceOp slice, mlir::Value term);
  /// Everything that was added; null when there is nothing. Parts that share no element stand side by side, so that the
  /// gates of a cell are written where they belong instead of being added up among zeros.
  mlir::Value of(mlir::Value v);

private:
  struct Part {
    int64_t axis, begin, end;
    mlir::Value term;
  };
  mlir::Value sideBySide(mlir::Location loc, llvm::SmallVector<Part> parts, int64_t length);

  mlir::OpBuilder &b;
  llvm::DenseMap<mlir::Value, mlir::Value> sums;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<llvm::SmallVector<Part>>> parts; // each list of parts of one axis
};

} // namespace overtime::ir
