// SPDX-License-Identifier: Apache-2.0
// The threads that work on a step together: one, those of a block, or those of a grid.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

class Team {
public:
  enum Kind { Thread, Block, Grid };

  /// `threads`: of a block. `first`: where the numbers of threads are computed.
  Team(Kind kind, int64_t threads, mlir::OpBuilder &b, mlir::Location loc);

  Kind kind() const { return kind_; }
  mlir::Value block() const { return block_; }   ///< its number: index
  mlir::Value number() const { return number_; } ///< of the thread in the team: i32
  mlir::Value size() const { return size_; }     ///< threads of the team: i32

  /// Calls `body` with the numbers 0 <= e < count, each in one thread of the team; the last e of a thread is followed
  /// by nothing that waits.
  void share(mlir::OpBuilder &b, mlir::Location loc, int64_t count, llvm::function_ref<void(mlir::Value)> body) const;
  /// All of the team wait for each other, and see what the others have written. A grid counts in the first bytes of
  /// `workspace`, which are 0 at first.
  void wait(mlir::OpBuilder &b, mlir::Location loc, mlir::Value workspace) const;

private:
  Kind kind_;
  mlir::Value block_, number_, size_;
};

/// Bytes of a workspace in which a grid counts.
inline constexpr int64_t gridCounterBytes = 64;
/// The function that a grid waits in; made where it is missing.
inline constexpr llvm::StringLiteral gridBarrierName = "overtime_grid_barrier";

} // namespace overtime::ir
