// SPDX-License-Identifier: Apache-2.0
// The forward rule of every operation of a step: from the tangents of its operands to that of its result.
#pragma once

#include "mlir/IR/Builders.h"

namespace overtime::ir {

/// Writes the tangent of the result of `op` at the builder's place, given those of its operands; null stands for zero,
/// also in the result. Fails, with a diagnostic that names the operation, where there is no rule.
mlir::FailureOr<mlir::Value> tangentOfResult(mlir::OpBuilder &b, mlir::Operation *op,
                                             llvm::ArrayRef<mlir::Value> tangents);

} // namespace overtime::ir
