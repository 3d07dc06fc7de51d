// SPDX-License-Identifier: Apache-2.0
// Small pieces of loops on memory.
#pragma once

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace overtime::ir {

struct LoopCode {
  mlir::OpBuilder &b;
  mlir::Location loc;

  mlir::Value index(int64_t v);
  mlir::Value next(mlir::Value i);
  /// An element of an array of places: i32, none of them negative, or i16 without a sign.
  mlir::Value loadIndex(mlir::Value memory, mlir::Value at);
  mlir::scf::ForOp loop(mlir::Value begin, mlir::Value end, mlir::Value step);
  void each(mlir::Value begin, mlir::Value end, llvm::function_ref<void(mlir::Value)> body);
  /// The same, several in a turn.
  void eachUnrolled(mlir::Value begin, mlir::Value end, llvm::function_ref<void(mlir::Value)> body);
  /// The first place from `begin` on, before `end`, whose number is not below the bound; numbers ascend.
  mlir::Value firstNotBelow(mlir::Value memory, mlir::Value begin, mlir::Value end, mlir::Value bound);
};

} // namespace overtime::ir
