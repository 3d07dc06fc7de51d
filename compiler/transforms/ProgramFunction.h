// SPDX-License-Identifier: Apache-2.0
// The form of a program function on tensors: which argument is what.
#pragma once

#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

/// A program function on tensors: (steps: index, i0: i64, k0: i64, t0: f64, seed: i64, states, params, inputs) ->
/// (states, outputs).
struct ProgramFunction {
  static constexpr unsigned scalars = 5;
  mlir::func::FuncOp func;
  unsigned states = 0, params = 0, inputs = 0, outputs = 0;

  /// Fails with a diagnostic when the function has another form.
  static mlir::FailureOr<ProgramFunction> get(mlir::func::FuncOp func);

  mlir::BlockArgument state(unsigned k) { return func.getArgument(scalars + k); }
  unsigned buffers() const { return states + params + inputs + outputs + 1; } // and the workspace, after bufferization
};

} // namespace overtime::ir
