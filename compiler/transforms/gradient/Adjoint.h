// SPDX-License-Identifier: Apache-2.0
// The reverse rule of every operation of a step: from the adjoint of its result to those of its operands.
#pragma once

#include "mlir/IR/Builders.h"

namespace overtime::ir {

/// Writes the adjoint of operand `k` of `op`, given that of its result, at the builder's place. `op` stands in the IR,
/// its operands and result usable. Null where the derivative is zero everywhere; fails, with a diagnostic that names
/// the operation, where there is no rule.
mlir::FailureOr<mlir::Value> adjointOfOperand(mlir::OpBuilder &b, mlir::Operation *op, unsigned k, mlir::Value adjoint);

} // namespace overtime::ir
