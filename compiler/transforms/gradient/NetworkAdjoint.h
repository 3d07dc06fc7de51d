// SPDX-License-Identifier: Apache-2.0
// Reverse rules of synapses and rings: each product with the sparse matrix is the adjoint of another.
#pragma once

#include "mlir/IR/Builders.h"

namespace overtime::ir {

/// An operation on synapses, or one that reads or writes a part of a tensor at a place that a step computes.
bool isNetworkOperation(mlir::Operation *op);

/// As adjointOfOperand, for such an operation.
mlir::FailureOr<mlir::Value> networkAdjointOfOperand(mlir::OpBuilder &b, mlir::Operation *op, unsigned k,
                                                     mlir::Value adjoint);

} // namespace overtime::ir
