// SPDX-License-Identifier: Apache-2.0
// Vectors that hold a few columns of several rows of a matrix.
#pragma once

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace overtime::ir {

/// Reads and writes matrices in memory by patches. In the vector of a patch of `rows` rows and `width` columns, lane
/// r * width + c is column c of row r. Columns from `active` on do not exist: nothing reads or writes them.
class PatchVectors {
public:
  /// `lanes`: of a whole vector.
  PatchVectors(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, int64_t lanes)
      : b(b), loc(loc), element(element), lanes(lanes) {}

  mlir::Value load(mlir::Value matrix, llvm::ArrayRef<mlir::Value> rows, mlir::Value column, int64_t width,
                   int64_t active);
  void store(mlir::Value patch, mlir::Value matrix, llvm::ArrayRef<mlir::Value> rows, mlir::Value column, int64_t width,
             int64_t active);
  /// One row, at the place `at`, or several times below each other.
  mlir::Value loadRow(mlir::Value memory, llvm::ArrayRef<mlir::Value> at, int64_t width, int64_t active);
  mlir::Value repeat(mlir::Value row, int64_t rows);

  /// `count` columns from `column` on, of each row: whole vectors of neighbouring rows, four columns side by side.
  llvm::SmallVector<mlir::Value> gather(mlir::Value matrix, llvm::ArrayRef<mlir::Value> rows, mlir::Value column,
                                        int64_t count);
  /// Column k of what was gathered from `rows` rows: each element `width` times.
  mlir::Value column(llvm::ArrayRef<mlir::Value> gathered, int64_t k, int64_t rows, int64_t width);

  static constexpr int64_t depth = 4; ///< columns that are gathered at a time

private:
  int64_t lanesOf(mlir::Value v) { return llvm::cast<mlir::VectorType>(v.getType()).getNumElements(); }
  mlir::Value join(llvm::ArrayRef<mlir::Value> parts);
  mlir::Value shuffle(mlir::Value a, mlir::Value b, llvm::ArrayRef<int64_t> lanesTaken);
  mlir::Value maskOf(int64_t width, int64_t active);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type element;
  int64_t lanes;
};

} // namespace overtime::ir
