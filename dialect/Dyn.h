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

#define GET_ATTRDEF_CLASSES
#include "dialect/DynAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialect/DynOps.h.inc"

namespace overtime::ir {

/// Attributes of a function that is a program, and of its arguments: "state", "param" or "input", and what people call
/// one.
inline constexpr llvm::StringLiteral programAttr = "dyn.program";
inline constexpr llvm::StringLiteral kindAttr = "dyn.kind";
inline constexpr llvm::StringLiteral nameAttr = "dyn.name";

/// Attribute of a program function: "fast" allows what README.md says of it; absent is "reproducible".
inline constexpr llvm::StringLiteral numericsAttr = "dyn.numerics";
/// Of a program function: operands of products may be rounded to "tf32" or "bf16".
inline constexpr llvm::StringLiteral matmulPrecisionAttr = "dyn.matmul_precision";
/// On a linalg.matmul: the product is summed by itself and then added to what it goes on from, instead of term by term,
/// so that the error of a gradient grows with the number of steps and not with that of all terms.
inline constexpr llvm::StringLiteral addProductAttr = "dyn.add_product";
/// On a linalg.matmul: the left factor is data or spikes, which may be mostly zeros. Zeros need not be multiplied.
inline constexpr llvm::StringLiteral eventsAttr = "dyn.events";

/// The type of a step's value stacked over time; null for a type that cannot be stacked (C5 of loop_over_time).
mlir::Type stackedType(mlir::Type value);

/// Whether an operation is, or is in, a function with fast numerics.
bool isFast(mlir::Operation *op);

} // namespace overtime::ir
