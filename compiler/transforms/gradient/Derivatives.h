// SPDX-License-Identifier: Apache-2.0
// Partial derivatives of elementwise operations: the one table that differentiation reads.
#pragma once

#include "mlir/IR/Builders.h"

#include <optional>

namespace overtime::ir {

/// d result / d operand of an elementwise operation: a number known now, or a value.
struct Partial {
  double number = 0.0; // meaningful when value is null
  mlir::Value value;
  static Partial constant(double number) { return {number, {}}; }
  static Partial of(mlir::Value value) { return {0.0, value}; }
};

/// The partial derivative of `op` (as it stands in the IR, operands and result usable) with respect to one operand;
/// nothing when the table has no rule for it.
std::optional<Partial> partialDerivative(mlir::OpBuilder &builder, mlir::Operation *op, unsigned operand);

/// Names of the operations that the table has rules for, sorted.
llvm::SmallVector<llvm::StringRef> differentiableOperations();

} // namespace overtime::ir
