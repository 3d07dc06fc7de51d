// SPDX-License-Identifier: Apache-2.0
// The dyn dialect in C++.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/DynDialect.h.inc"

#define GET_OP_CLASSES
#include "dialect/DynOps.h.inc"

namespace overtime::ir {

/// Attribute of a program function: "fast" allows what README.md says of it; absent is "reproducible".
inline constexpr llvm::StringLiteral numericsAttr = "dyn.numerics";

/// Whether an operation is, or is in, a function with fast numerics.
bool isFast(mlir::Operation *op);

} // namespace overtime::ir
