// SPDX-License-Identifier: Apache-2.0
// The part of a step that depends on its input only.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace overtime::ir {

/// Marks the branch of a step whose chunk is not whole, which computes what a whole chunk has computed before its
/// steps.
inline constexpr llvm::StringLiteral shortChunkAttr = "dyn.short_chunk";

/// Products of a step, and what they are computed from, that need no state. They may be done before all else of the
/// step, and those of several steps together, with the rows of one step below those of another.
class InputPart {
public:
  explicit InputPart(mlir::scf::ForOp time);

  llvm::ArrayRef<mlir::linalg::LinalgOp> operations() const { return found; }
  bool contains(mlir::Operation *op) const { return llvm::is_contained(found, op); }
  /// What they write: scratch memory of a step, and rows of outputs.
  llvm::ArrayRef<mlir::Value> results() const { return written.getArrayRef(); }
  /// Rows of inputs that they read.
  llvm::ArrayRef<mlir::Value> rows() const { return inputs.getArrayRef(); }
  /// Steps that should be done together; 1 when it does not pay.
  int64_t chunkSteps() const;

private:
  void find(const llvm::DenseSet<mlir::Operation *> &without);
  llvm::DenseSet<mlir::Operation *> aside() const;
  bool belongs(mlir::linalg::LinalgOp op);
  bool mayRead(mlir::Value memory);
  bool mayWrite(mlir::linalg::LinalgOp op, mlir::OpOperand &init);
  bool isOwn(mlir::Value memory);
  bool isMovable(mlir::Value v);
  bool isRow(mlir::Value memory);
  bool isInputRow(mlir::Value memory);
  bool isFixed(mlir::Value memory);

  mlir::scf::ForOp time;
  llvm::DenseSet<mlir::Value> changed;               // what any operation of the step writes
  llvm::DenseMap<mlir::Value, mlir::Value> onlyView; // of each memory it touches; null where there are several
  // So far:
  llvm::SmallVector<mlir::linalg::LinalgOp> found;
  llvm::SetVector<mlir::Value> written, inputs;
  llvm::DenseSet<mlir::Value> readByOthers, writtenByOthers;
};

} // namespace overtime::ir
