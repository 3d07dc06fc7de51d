// SPDX-License-Identifier: Apache-2.0
// Exponentials and quotients of single numbers as a GPU likes them: few instructions, no branch, no slow path.
//
// Reproducible numbers are polynomials and products as on a processor, rounded alike on every device. Fast f32 numbers
// take the device's own approximations of 2^x and 1 / x, whose last bits a later device may have otherwise.
#pragma once

#include "compiler/lower/functions/ElementaryFunctions.h"

namespace overtime::ir::gpu {

mlir::Value expandExp(Real &f, Scaled x, double times);    ///< times * exp(x)
mlir::Value expandExprel(Real &f, Scaled x, double times); ///< times * (exp(x) - 1) / x
mlir::Value expandOverExprel(Real &f, mlir::Value a, Scaled x);

/// a / b, correctly rounded, for a b between 2^-126 and 2^126 and a quotient that is a normal number or 0. In fast f32:
/// within 2 ulp, for b in that range.
mlir::Value expandQuotient(Real &f, mlir::Value a, mlir::Value b);

} // namespace overtime::ir::gpu
