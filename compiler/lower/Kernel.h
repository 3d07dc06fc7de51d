// SPDX-License-Identifier: Apache-2.0
// A piece of a step that can be a function of its own.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SetVector.h"

#include <optional>
#include <vector>

namespace mlir {
class IRMapping;
}

namespace overtime::ir {

/// Operations of one block that follow each other and write one memory: a population's equations, or a bias and the
/// products added to it.
class Kernel {
public:
  /// Kernels of a block, in order.
  static std::vector<Kernel> findAll(mlir::Block &block);

  /// The kernel as a function, not inserted anywhere. Memory is passed as a pointer, and an offset where the step
  /// computes it; the number of elements of a flat elementwise operation is an argument, so that populations of
  /// different sizes have one function; numbers that are the same in all steps lie in a record. Null when the kernel
  /// cannot be one.
  mlir::func::FuncOp outline();

  /// Numbers that come from outside the block, of one floating-point type; a record holds them.
  llvm::ArrayRef<mlir::Value> fixedNumbers() const { return fixed.getArrayRef(); }
  mlir::Operation *last() { return ops.back(); }

  /// Replaces the operations by a call of `function`, which outline() made of this kernel or of one like it. `record`
  /// is null when there are no fixed numbers.
  void replaceByCall(mlir::func::FuncOp function, mlir::Value record);

private:
  explicit Kernel(mlir::linalg::LinalgOp op) : ops{op} {}
  bool continues(mlir::linalg::LinalgOp op) const;
  bool isFixed(mlir::Value v);
  void bindArguments(mlir::OpBuilder &b, mlir::func::FuncOp function, mlir::IRMapping &map);
  void writeBody(mlir::OpBuilder &b, mlir::IRMapping &map);
  void collectArguments();
  bool canBeFunction() const;
  std::optional<int64_t> flatSize();

  llvm::SmallVector<mlir::linalg::LinalgOp> ops;
  llvm::SetVector<mlir::Value> arguments; // from outside, in order of first use, without constants
  llvm::SetVector<mlir::Value> fixed;     // not among the arguments
  llvm::SetVector<mlir::Operation *> constants;
  std::optional<int64_t> flat; // number of elements of a flat elementwise operation
};

} // namespace overtime::ir
