// SPDX-License-Identifier: Apache-2.0
// The threads that work on a step together: one, those of a block, or those of a grid.
#pragma once

#include "compiler/lower/gpu/columns/ColumnTiles.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

/// Where a thread stands among those that share matrices by columns: i32.
struct ColumnPlace {
  mlir::Value part;    ///< of its column in its block, below the width
  mlir::Value column;  ///< part + block * width; past the last one in some blocks
  mlir::Value group;   ///< of the rows, counted over all blocks
  mlir::Value inBlock; ///< number of the thread
};

class Team {
public:
  enum Kind { Thread, Block, Grid };

  /// `threads`: of a block. `b`: where the numbers of threads are computed.
  Team(Kind kind, int64_t threads, mlir::OpBuilder &b, mlir::Location loc);
  /// A grid whose blocks have columns, and all shared memory of a processor each; or blocks that have all columns of
  /// their rows, and wait for no other.
  Team(Kind kind, const ColumnTiles &tiles, const GpuLimits &device, mlir::OpBuilder &b, mlir::Location loc);

  Kind kind() const { return kind_; }
  int64_t sharedBytes() const { return sharedBytes_; } ///< that a block can have
  const std::optional<ColumnTiles> &tiles() const { return tiles_; }
  const ColumnPlace &place() const { return place_; } ///< with tiles
  mlir::Value block() const { return block_; }        ///< its number: index
  mlir::Value number() const { return number_; }      ///< of the thread in the team: i32
  mlir::Value size() const { return size_; }          ///< threads of the team: i32

  /// Threads of a block wait for each other.
  void waitInBlock(mlir::OpBuilder &b, mlir::Location loc) const;
  /// Calls `body` with the numbers 0 <= e < count, each in one thread of the team. `body` must not wait,
  /// since threads have different numbers of e.
  void share(mlir::OpBuilder &b, mlir::Location loc, int64_t count, llvm::function_ref<void(mlir::Value)> body) const;
  /// All of the team wait for each other, and see what the others have written. A grid counts in the first bytes of
  /// `workspace`, which are 0 at first.
  void wait(mlir::OpBuilder &b, mlir::Location loc, mlir::Value workspace) const;

private:
  Kind kind_;
  int64_t sharedBytes_ = mostSharedBytes;
  mlir::Value block_, number_, size_;
  std::optional<ColumnTiles> tiles_;
  ColumnPlace place_;
};

/// Bytes of a workspace in which a grid counts, or lanes that are done.
inline constexpr int64_t gridCounterBytes = 64;
/// The function that a grid waits in; made where it is missing.
inline constexpr llvm::StringLiteral gridBarrierName = "overtime_grid_barrier";

} // namespace overtime::ir
