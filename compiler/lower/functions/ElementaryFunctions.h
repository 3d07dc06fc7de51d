// SPDX-License-Identifier: Apache-2.0
// Elementary functions written out as arithmetic.
//
// exp(x) = 2^n exp(r) with r = x - n ln 2 in two parts, exp(r) = 1 + r + r^2 q(r). With AVX-512 n counts sixteenths
// (eighths in f64), whose powers of two a register holds: r is so small that two (six) coefficients do. Otherwise n is
// whole. exprel, tanh and sinh rest on expm1, which has no cancellation: exprel(x) = expm1(x) / x; with e = expm1(2
// |x|), tanh(x) = e / (e + 2).
#pragma once

#include "compiler/lower/functions/Real.h"

namespace overtime::ir {

/// factor * x. The functions fold a constant factor into their own constants.
struct Scaled {
  mlir::Value x;
  double factor = 1.0;
};

mlir::Value expandExp(Real &f, Scaled x, double times = 1.0);    ///< times * exp(x)
mlir::Value expandExpm1(Real &f, Scaled x);                      ///< exp(x) - 1
mlir::Value expandExprel(Real &f, Scaled x, double times = 1.0); ///< times * (exp(x) - 1) / x
/// The same, by a polynomial where |x| <= 1/2; for a vector that has no other argument nothing else is computed. What a
/// lane gets depends on its argument alone.
mlir::Value expandExprelNearZero(Real &f, Scaled x, double times = 1.0);
mlir::Value expandOverExprel(Real &f, mlir::Value a, Scaled x); ///< a / exprel(x)
mlir::Value expandTanh(Real &f, mlir::Value x);
mlir::Value expandSinh(Real &f, mlir::Value x);
mlir::Value expandCosh(Real &f, mlir::Value x);
mlir::Value expandLog(Real &f, mlir::Value x);
mlir::Value expandLogOfNormal(Real &f, mlir::Value x); ///< of a positive, normal, finite number
mlir::Value expandLog1p(Real &f, mlir::Value x);

} // namespace overtime::ir
