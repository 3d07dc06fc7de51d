// SPDX-License-Identifier: Apache-2.0
// Forward mode through a loop over time: a program that also computes the directional derivatives of its results.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {

/// Numbers of the params, inputs and first values of states of a program that change along the direction.
struct DirectionSpec {
  llvm::SmallVector<unsigned> params, inputs, states;
};

/// What a program has more then: behind its states the tangents of those in `states`, behind its params the tangents of
/// the params of the spec and of those of its states that no step changes, `constant`; behind its inputs the tangents
/// of the inputs of the spec; behind its outputs the tangents of those in `outputs`. All others have the tangent 0.
struct Directional {
  llvm::SmallVector<unsigned> states, constant, outputs;
};

/// Extends a program, whose equations are expanded, by tangents.
mlir::FailureOr<Directional> forwardDifferentiate(mlir::func::FuncOp program, const DirectionSpec &spec);

} // namespace overtime::ir
