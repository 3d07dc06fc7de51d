// SPDX-License-Identifier: Apache-2.0
// Events of a population, looked for and visited by warps.
#pragma once

#include "compiler/lower/gpu/Team.h"
#include "compiler/lower/gpu/synapses/WarpCode.h"

namespace overtime::ir {

/// An event of a source, met by all threads of a warp together.
struct Event {
  mlir::Value row;      // of a batch; null without one
  mlir::Value source;   // index
  mlir::Value strength; // null for flags
  mlir::Value lane;     // of the thread in its warp: i32
  mlir::Value block;    // of 32 elements that it is one of: i32
  mlir::Value before;   // events of the block before it: i32
};

/// Row and column of element `number` of an array [N] or [B, N]; no row in the first.
std::pair<mlir::Value, mlir::Value> placeOf(WarpCode &code, mlir::Value memory, mlir::Value number);
/// Indices of a column, in a row if there is one.
llvm::SmallVector<mlir::Value> at(mlir::Value row, mlir::Value column);

/// The loop over time that an operation is in; null without one.
mlir::scf::ForOp timeLoopAround(mlir::Operation *op);
/// 0 and 1 in turn from step to step: index.
mlir::Value parityOf(WarpCode &code, mlir::scf::ForOp steps);

/// The thread of an element is the one that `Team::share` gives it.
class WarpEvents {
public:
  /// With `row`, only events of that row of a batch.
  WarpEvents(const Team &team, WarpCode &code, mlir::Value events, mlir::Value row = {});

  /// A warp takes 32 elements at a time, a block: calls `body` with the number of the block and that of the first
  /// element, both i32.
  void eachBlock(llvm::function_ref<void(mlir::Value block, mlir::Value first)> body);
  /// Calls `body` with the number of the block and a bit for each of its elements that is an event.
  void eachBlockOfBits(llvm::function_ref<void(mlir::Value block, mlir::Value bits)> body);
  /// All threads of a warp visit those that are there, one by one.
  void each(llvm::function_ref<void(const Event &)> body);

  int64_t count() const; ///< of the elements
  int64_t blocks() const { return llvm::divideCeil(count(), warpSize); }
  mlir::Value lane() const { return lane_; }
  bool areFlags() const;

private:
  /// What a thread has at its own element: bits of all, its strength.
  std::pair<mlir::Value, mlir::Value> look(mlir::Value first);
  std::pair<mlir::Value, mlir::Value> place(mlir::Value number);

  const Team &team;
  WarpCode &code;
  mlir::Value events, row, lane_;
  mlir::MemRefType type;
};

} // namespace overtime::ir
