// SPDX-License-Identifier: Apache-2.0
// A program function as differentiation sees it: its arguments by kind, its loop, and what changes with what.
#pragma once

#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace overtime::ir {

struct LoopProgram {
  mlir::func::FuncOp func;
  LoopOverTimeOp loop;
  llvm::SmallVector<mlir::BlockArgument> states, params, inputs;

  /// Moves expressions of params into the loop, from which they are hoisted again later. Fails with a diagnostic when
  /// the function is no program, has no loop, or does more than loop.
  static mlir::FailureOr<LoopProgram> get(mlir::func::FuncOp func);

  /// The number of the carried value that state `k` is; none when no step changes it.
  std::optional<unsigned> carriedOf(unsigned k);

  using Numbers = llvm::ArrayRef<unsigned>;
  bool has(Numbers params, Numbers inputs, Numbers states) const;
};

/// f32, f64, or a tensor of them.
bool isReal(mlir::Value v);

/// The operands that derivatives pass through: not the slope of a spike, nor the numbers that have others' gradient.
mlir::OperandRange differentiated(mlir::Operation &op);

/// The values of a step that may change with params, rows of inputs, and first values of states.
llvm::DenseSet<mlir::Value> variedValues(LoopProgram &program, LoopProgram::Numbers params, LoopProgram::Numbers inputs,
                                         LoopProgram::Numbers states);

} // namespace overtime::ir
