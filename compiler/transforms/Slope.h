// SPDX-License-Identifier: Apache-2.0
// Slopes of equations in their own states, carried forward through the operations as they are written out.
#pragma once

#include "compiler/transforms/gradient/Derivatives.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace overtime::ir {

/// The derivative of each value in one state, element by element. A value without an entry does not depend on the
/// state.
class Slope {
public:
  Slope(mlir::OpBuilder &builder, mlir::Value state) : builder(builder) { of[state] = Partial::constant(1); }

  /// Extends the slopes to the results of `original`, which was written out as `written`.
  void extend(mlir::Operation *original, mlir::Operation *written);

  /// The slope of a value, null when it is zero. Fails where an operation on the way to it has none; `method` is who
  /// needs it.
  mlir::FailureOr<mlir::Value> get(mlir::Value v, mlir::Location loc, llvm::StringRef method);

private:
  void markUnknown(mlir::Operation *op, mlir::Operation *cause);
  void extendKnown(mlir::Operation *original, mlir::Operation *written);
  void extendSelect(mlir::Operation *original, mlir::arith::SelectOp select);
  mlir::Value materialize(const Partial &p, mlir::Location loc, mlir::Type type);
  Partial product(mlir::Operation *op, const Partial &a, const Partial &b);
  Partial sum(mlir::Operation *op, const Partial &a, const Partial &b);

  mlir::OpBuilder &builder;
  llvm::DenseMap<mlir::Value, Partial> of;
  llvm::DenseMap<mlir::Value, mlir::Operation *>
      unknown; // values that depend on the state in another way, and the first such
};

} // namespace overtime::ir
