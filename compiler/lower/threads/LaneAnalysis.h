// SPDX-License-Identifier: Apache-2.0
// Which dimension of a loop over time is independent: no step mixes its elements.
#pragma once

#include "dialect/Dyn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

#include <optional>

namespace overtime::ir {

/// Vectors of state that a loop over time carries in registers; of 32, since a step needs some too.
inline constexpr int64_t carriedVectors = 24;

/// About a processor's cycles for an operation of a step.
int64_t cyclesOf(mlir::linalg::LinalgOp op, unsigned vectorBits);
/// The same, in a step in which all sources have an event.
int64_t cyclesWithEvents(PropagateOp op);
/// From an event of a source to its next one: 20 Hz, 0.1 ms.
inline constexpr int64_t quietSteps = 500;

/// Lanes are the elements of one dimension along which a step works elementwise: the neurons of an uncoupled
/// population, the rows of a batch. Every memory of the loop either has that dimension as one of its axes or is the
/// same for all lanes and only read.
class LaneAnalysis {
public:
  /// Nothing when the step mixes elements of every candidate dimension, or when an operation has no rule.
  static std::optional<LaneAnalysis> run(mlir::scf::ForOp time);

  int64_t count() const { return lanes; }
  /// A step sends events through synapses, row by row of a batch.
  bool isNetwork() const;
  /// Sources or targets, whichever are most, of a network's operation.
  int64_t rowWidth() const;
  /// The axis of a memory that counts lanes; none when all lanes share it.
  std::optional<unsigned> axisOf(mlir::Value memory) const;
  /// The iteration dimension of an operation that counts lanes.
  std::optional<unsigned> laneLoop(mlir::linalg::LinalgOp op) const;
  /// Memory with lanes from outside the loop, in order of first use.
  llvm::ArrayRef<mlir::Value> outside() const { return fromOutside; }
  /// Memory that only the loop uses, and only within a step.
  bool isScratch(mlir::Value memory) const;
  /// Lanes that one run of the loop takes: few enough for the cache, or for registers when a step is one operation.
  /// Where a step reads large weights, as many as let every thread have a tile.
  int64_t tileSize(unsigned vectorBits, unsigned threads) const;
  /// A processor's cycles for one step of a tile, to within a factor of two or so.
  int64_t stepCycles(int64_t tile, unsigned vectorBits) const;

private:
  explicit LaneAnalysis(mlir::scf::ForOp time) : time(time) {}
  bool spreadFrom(mlir::Value memory, unsigned axis);
  bool set(mlir::Value memory, unsigned axis);
  bool visit(mlir::Operation *op);
  bool visitLinalg(mlir::linalg::LinalgOp op);
  bool visitRows(mlir::Operation *op, llvm::ArrayRef<std::pair<mlir::Value, unsigned>> rows);
  bool visitSubview(mlir::memref::SubViewOp view);
  bool visitCollapsed(mlir::memref::CollapseShapeOp view);
  bool complete();

  mlir::scf::ForOp time;
  int64_t lanes = 0;
  llvm::MapVector<mlir::Value, unsigned> axes;
  llvm::SmallVector<mlir::Value> fromOutside;
};

} // namespace overtime::ir
