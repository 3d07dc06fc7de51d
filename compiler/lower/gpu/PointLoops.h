// SPDX-License-Identifier: Apache-2.0
// Writes a linalg operation on memory as scalar code: one point of its parallel loops at a time.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace overtime::ir {

/// A matrix operand whose elements are read from elsewhere: a copy that a block has of its columns of constant weights,
/// [reduction, column of the block, part], see shared-weights.
struct WeightsCopy {
  mlir::Value memory;
  unsigned reduction = 0; // loop of the operation
};

/// A point of the parallel loops.
struct Point {
  llvm::SmallVector<mlir::Value> place;
  /// Where a copy of weights has its column, index, and the first of the parts that are read together.
  mlir::Value column, firstPart;
  int64_t part = 0, parts = 1; ///< of those: which one, how many
};

/// Whether `count` neighbours of a row from a multiple of `count` on lie aligned as a vector of them. That is known of
/// allocations, of views of them, which begin where the alignment lets them, and of cuts of both.
bool hasVectorsInRows(mlir::Value memory, int64_t count);

class PointLoops {
public:
  PointLoops(mlir::OpBuilder &b, mlir::linalg::LinalgOp op);

  /// Extents of the parallel loops, outermost first.
  llvm::ArrayRef<int64_t> extents() const { return parallel; }
  /// Of the parallel loops.
  int64_t points() const;
  bool reduces() const { return !reductions.empty(); }
  /// Operand number `k` is read from the copy.
  void readFrom(unsigned k, WeightsCopy copy) { copies.insert({k, copy}); }

  /// Computes the elements at one point of the parallel loops, in the order of the reduction loops: one chain of
  /// operations for each element, whoever computes it.
  void emitPoint(mlir::ValueRange place) { emitTile({Point{llvm::to_vector(place)}}, /*unroll=*/1); }
  /// Computes several in one pass of the reduction loops, of which the innermost takes `unroll` terms at a time where
  /// that goes without a remainder. What they have in common is read once.
  void emitTile(llvm::ArrayRef<Point> points, int64_t unroll);
  /// Where the only result has the element.
  llvm::SmallVector<mlir::Value> initAt(mlir::ValueRange place) {
    where.assign(ranges.size(), mlir::Value());
    moveTo(Point{llvm::to_vector(place)});
    return indicesOf(op.getDpsInitsMutable()[0]);
  }
  /// What the terms first, first + step, ... of an element come to, counted over all reduction loops and added to
  /// `start`. For an operation with one result.
  mlir::Value emitTerms(mlir::ValueRange place, mlir::Value first, int64_t step, mlir::Value start);

private:
  llvm::SmallVector<mlir::Value> indicesOf(mlir::OpOperand &operand);
  mlir::Value read(mlir::OpOperand &operand);
  mlir::Value readInput(mlir::OpOperand &operand, const Point &point);
  /// Element `lane` of a vector of `lanes` at `place`; a vector is read once for a pass of the innermost loop.
  mlir::Value readLane(mlir::Value memory, llvm::ArrayRef<mlir::Value> place, int64_t lane, int64_t lanes);
  bool hasVectorsOfTerms(mlir::OpOperand &operand);
  void moveTo(const Point &point);
  /// The loops over the reduction dimensions from number `d` on; returns what they accumulate, point by point.
  llvm::SmallVector<mlir::Value> reduce(size_t d, mlir::ValueRange accumulated);
  /// One term of every point.
  llvm::SmallVector<mlir::Value> emitTerms(mlir::ValueRange accumulated);
  llvm::SmallVector<mlir::Value> emitBody(const Point &point, mlir::ValueRange accumulated);

  mlir::OpBuilder &b;
  mlir::linalg::LinalgOp op;
  mlir::Location loc;
  llvm::SmallVector<int64_t> parallel, ranges;
  llvm::SmallVector<unsigned> reductions;
  llvm::SmallDenseMap<unsigned, WeightsCopy> copies;
  llvm::ArrayRef<Point> tile;
  int64_t unroll = 1;
  llvm::SmallVector<mlir::Value> where; // of every loop
  mlir::Value firstTerm;                // of those in a pass of the innermost reduction loop
  int64_t term = 0, terms = 1;          // of those: which one, how many
  struct Known {
    mlir::Value memory;
    llvm::SmallVector<mlir::Value> place;
    mlir::Value v;
  };
  llvm::SmallVector<Known> known; // what this pass has read
};

} // namespace overtime::ir
