// SPDX-License-Identifier: Apache-2.0
// Writes an operation whose matrices are cut into columns: what a thread does of it.
#pragma once

#include "compiler/lower/gpu/PointLoops.h"
#include "compiler/lower/gpu/Team.h"

namespace overtime::ir {

/// A thread computes its column of every part, in every row of its group. Sums of up to four rows and four parts are
/// added up together, term by term, so that a number which is read counts several times.
class ColumnLoops {
public:
  ColumnLoops(const Team &team, mlir::OpBuilder &b, mlir::Location loc, PointLoops &points);
  void write();
  /// Of a matrix that is not cut, by a block that has whole rows: the thread of a column computes every width-th one.
  void writeWithinRows();

private:
  void writeRows();
  void writeParts(mlir::Value row, int64_t rows);
  void writeTile(mlir::Value row, int64_t rows, mlir::Value firstPart, int64_t parts);
  mlir::SmallVector<mlir::Value> rowAt(mlir::Value number);
  mlir::Value plus(mlir::Value v, int64_t more);
  mlir::Value i32(int64_t v);
  mlir::Value toIndex(mlir::Value v);

  const Team &team;
  const ColumnTiles &tiles;
  mlir::OpBuilder &b;
  mlir::Location loc;
  PointLoops &points;
  int64_t rows = 1, parts = 1; // a vector has a row for every part
};

} // namespace overtime::ir
