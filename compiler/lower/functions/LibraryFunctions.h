// SPDX-License-Identifier: Apache-2.0
// Functions that a processor takes from its C library, written out for single numbers of a GPU.
#pragma once

#include "compiler/lower/functions/Real.h"

namespace overtime::ir::gpu {

/// Within 2 ulp for |x| <= 10^5, and 2^-53 (f32: 2^-24) off a multiple of it, where the result is nearly 0; off by
/// 2^-53 of 1 up to 2^50, and between -1 and 1 beyond.
mlir::Value expandSin(Real &f, mlir::Value x);
mlir::Value expandCos(Real &f, mlir::Value x);
/// Within 2 ulp.
mlir::Value expandErf(Real &f, mlir::Value x);
/// x^y within 2 ulp where the result is a normal number, with the special cases of C99; subnormal results are 0.
mlir::Value expandPow(Real &f, mlir::Value x, mlir::Value y);

} // namespace overtime::ir::gpu
