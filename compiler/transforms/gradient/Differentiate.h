// SPDX-License-Identifier: Apache-2.0
// Reverse mode through a loop over time: from a program to the pair of programs that gives its gradient.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

/// Numbers of a program's states, params and inputs.
struct DifferentiateSpec {
  unsigned loss = 0;                  ///< the state, a scalar, whose last value is differentiated
  llvm::SmallVector<unsigned> params; ///< by these
  llvm::SmallVector<unsigned> inputs; ///< and by every row of these
  llvm::SmallVector<unsigned> states; ///< and by the first values of these
};

/// The program also stacks its tape, what the adjoint needs of every step; `backward` is the adjoint, which runs the
/// same steps in reverse.
///
/// States of `backward`: the adjoints of the states in `carried`, then the gradient by every param of the spec and by
/// every state of the spec that no step changes, `constant`. Its
/// params are the program's states that no step changes, `fixed`, then the program's params; its inputs the program's
/// inputs, then the tape. Its outputs are the gradients by the inputs of the spec, row by row.
struct Gradient {
  mlir::func::FuncOp backward;
  llvm::SmallVector<unsigned> carried, fixed, constant;
  unsigned tape = 0; ///< outputs of the program from this number on
};

/// Extends a program, whose equations are expanded, by its tape, and writes its adjoint behind it as @NAME_backward.
mlir::FailureOr<Gradient> differentiate(mlir::func::FuncOp program, const DifferentiateSpec &spec);

} // namespace overtime::ir
