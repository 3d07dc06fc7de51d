// SPDX-License-Identifier: Apache-2.0
// Copies of weights in panels: made once before a loop over time, read by all products that share them.
#pragma once

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace overtime::ir {

/// A matrix that no step writes: an array of the caller, columns of one that are cut before everything else, or what
/// the program computes before the loop over time, such as a transposed weight.
bool isFixed(mlir::Value matrix, mlir::scf::ForOp time);

/// `count` columns of a matrix.
mlir::Value columnsOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value matrix, mlir::Value first, int64_t count);

/// Such a matrix as a product reads it: panels of `width` columns.
struct Panels {
  mlir::Value memory, start, panel, row; // (k, j) of the panel with first column c lies at start + c panel + k row + j
  int64_t inner, width;

  mlir::Value at(mlir::OpBuilder &b, mlir::Location loc, mlir::Value column) const;
};

class WeightPanels {
public:
  explicit WeightPanels(mlir::scf::ForOp time);

  /// Panels of a fixed matrix. A run of few steps reads the matrix in place, by the same code; `rows` of the left
  /// factor share what copying costs.
  Panels of(mlir::Value matrix, int64_t width, int64_t rows);

private:
  struct Copy {
    mlir::Value matrix, many, memory;
    int64_t width, rows;
  };
  mlir::Value index(int64_t v);
  mlir::Value choose(mlir::Value many, int64_t packed, int64_t given);
  const Copy &copyOf(mlir::Value matrix, int64_t width, int64_t rows);
  void fill(mlir::Value packed, mlir::Value matrix, int64_t width);

  mlir::scf::ForOp time;
  mlir::OpBuilder b; // before the outermost loop
  mlir::Location loc;
  llvm::SmallVector<Copy> copies;
};

} // namespace overtime::ir
