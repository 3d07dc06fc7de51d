// SPDX-License-Identifier: Apache-2.0
// Small questions that several passes ask about values of a step.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace overtime::ir {

/// The type of a tensor; null for anything else.
mlir::RankedTensorType tensorType(mlir::Value v);

/// A constant of a scalar, vector or static tensor type of reals.
mlir::Value realConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);

/// The number of a constant of reals, or the same in every element.
std::optional<double> constantOf(mlir::Value v);

/// Elementwise on its operands: arith and math operations, dyn.exprel.
bool isElementwise(mlir::Operation *op);

/// The scalar that fills a tensor (tensor.splat, splat constant); null when there is none. Builds a scalar constant
/// with the builder for a constant.
mlir::Value splatScalar(mlir::OpBuilder &builder, mlir::Value tensor);
bool isSplat(mlir::Value tensor);

/// A tensor of zeros, as linalg operations start from.
mlir::Value zeros(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<int64_t> shape, mlir::Type element);
/// The sum of a tensor over some axes; a scalar when those are all.
mlir::Value summed(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor, llvm::ArrayRef<int64_t> axes);
/// Repeats a tensor, or the scalar in a tensor of rank 0, along new axes.
mlir::Value spread(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value v, llvm::ArrayRef<int64_t> axes,
                   mlir::RankedTensorType to);

} // namespace overtime::ir
