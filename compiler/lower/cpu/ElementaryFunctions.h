// SPDX-License-Identifier: Apache-2.0
// Elementary functions written out as arithmetic, for scalars and vectors of one real type.
//
// exp(x) = 2^n exp(r) with n = round(x / ln 2) and r = x - n ln 2 in two parts; exp(r) = 1 + r + r^2 q(r). Everything
// else rests on expm1, which has no cancellation: exprel(x) = expm1(x) / x; with e = expm1(2 |x|), tanh(x) = e / (e +
// 2).
#pragma once

#include "compiler/lower/cpu/Polynomials.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

#include <array>
#include <numbers>

namespace overtime::ir {

/// Arithmetic on one real type, scalar or vector.
class Real {
public:
  Real(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, bool avx512)
      : b(b), loc(loc), type(type), avx512(avx512) {}

  bool single() const { return getElementTypeOrSelf(type).isF32(); }
  unsigned bits() const { return single() ? 32 : 64; }
  unsigned mantissa() const { return single() ? 23 : 52; }
  int64_t bias() const { return single() ? 127 : 1023; }
  mlir::Type intType() const {
    mlir::Type word = b.getIntegerType(bits());
    auto vector = llvm::dyn_cast<mlir::VectorType>(type);
    return vector ? mlir::Type(mlir::VectorType::get(vector.getShape(), word)) : word;
  }

  mlir::Value real(double v) { return constant(type, b.getFloatAttr(getElementTypeOrSelf(type), v)); }
  mlir::Value integer(int64_t v) { return constant(intType(), b.getIntegerAttr(b.getIntegerType(bits()), v)); }
  mlir::Value add(mlir::Value x, mlir::Value y) { return mlir::arith::AddFOp::create(b, loc, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) { return mlir::arith::SubFOp::create(b, loc, x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) { return mlir::arith::MulFOp::create(b, loc, x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) { return mlir::arith::DivFOp::create(b, loc, x, y); }
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z) { return mlir::math::FmaOp::create(b, loc, x, y, z); }
  mlir::Value abs(mlir::Value x) { return mlir::math::AbsFOp::create(b, loc, x); }
  mlir::Value compare(mlir::arith::CmpFPredicate p, mlir::Value x, mlir::Value y) {
    return mlir::arith::CmpFOp::create(b, loc, p, x, y);
  }
  mlir::Value choose(mlir::Value c, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(b, loc, c, x, y);
  }
  // In the order that keeps NaN and is one instruction: min(high, x), max(low, x).
  mlir::Value atMost(double high, mlir::Value x) {
    mlir::Value h = real(high);
    return choose(compare(mlir::arith::CmpFPredicate::OLT, h, x), h, x);
  }
  mlir::Value atLeast(double low, mlir::Value x) {
    mlir::Value l = real(low);
    return choose(compare(mlir::arith::CmpFPredicate::OGT, l, x), l, x);
  }
  template <size_t N> mlir::Value horner(mlir::Value x, const std::array<double, N> &c) {
    mlir::Value sum = real(c[N - 1]);
    for (size_t k = N - 1; k-- > 0;)
      sum = fma(sum, x, real(c[k]));
    return sum;
  }
  mlir::Value bitsOf(mlir::Value x) { return mlir::arith::BitcastOp::create(b, loc, intType(), x); }
  mlir::Value fromBits(mlir::Value i) { return mlir::arith::BitcastOp::create(b, loc, type, i); }
  mlir::Value addi(mlir::Value x, mlir::Value y) { return mlir::arith::AddIOp::create(b, loc, x, y); }
  mlir::Value subi(mlir::Value x, mlir::Value y) { return mlir::arith::SubIOp::create(b, loc, x, y); }
  mlir::Value shiftLeft(mlir::Value x, int64_t n) { return mlir::arith::ShLIOp::create(b, loc, x, integer(n)); }
  mlir::Value shiftRight(mlir::Value x, int64_t n) { return mlir::arith::ShRSIOp::create(b, loc, x, integer(n)); }

  /// x * 2^n for an integral n within the exponents of two factors.
  mlir::Value scale(mlir::Value x, mlir::Value n) {
    if (mlir::Value scaled = scaleByInstruction(x, n))
      return scaled;
    mlir::Value whole = mlir::arith::FPToSIOp::create(b, loc, intType(), n);
    mlir::Value half = shiftRight(whole, 1);
    return mul(mul(x, powerOfTwo(half)), powerOfTwo(subi(whole, half)));
  }
  mlir::Value powerOfTwo(mlir::Value n) { return fromBits(shiftLeft(addi(n, integer(bias())), mantissa())); }

  /// x = n ln 2 + r with |r| <= ln(2) / 2.
  struct Reduced {
    mlir::Value n, r;
  };
  Reduced reduce(mlir::Value x) {
    mlir::Value n = mlir::math::RoundEvenOp::create(b, loc, mul(x, real(std::numbers::log2e)));
    mlir::Value r = fma(n, real(single() ? -polynomial::ln2HighF32 : -polynomial::ln2HighF64), x);
    r = fma(n, real(single() ? -polynomial::ln2LowF32 : -polynomial::ln2LowF64), r);
    return {n, r};
  }
  /// q of exp(r) = 1 + r + r^2 q(r).
  mlir::Value tail(mlir::Value r) { return single() ? horner(r, polynomial::expF32) : horner(r, polynomial::expF64); }
  /// Not zero, and so small that f(x) = x for expm1.
  mlir::Value awayFromZero(mlir::Value x) {
    return choose(compare(mlir::arith::CmpFPredicate::OEQ, x, real(0.0)), real(1e-30), x);
  }
  double overflow() const { return single() ? 89.0 : 710.0; } // just above the last finite result
  double underflow() const { return single() ? -104.0 : -746.0; }

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
  bool avx512;

private:
  mlir::Value constant(mlir::Type type, mlir::TypedAttr number) {
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(type))
      return mlir::arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(vector, mlir::Attribute(number)));
    return mlir::arith::ConstantOp::create(b, loc, number);
  }
  mlir::Value scaleByInstruction(mlir::Value x, mlir::Value n);
};

mlir::Value expandExp(Real &f, mlir::Value x);
mlir::Value expandExpm1(Real &f, mlir::Value x);
mlir::Value expandExprel(Real &f, mlir::Value x);
mlir::Value expandOverExprel(Real &f, mlir::Value a, mlir::Value x);
mlir::Value expandScaledExprel(Real &f, double c, mlir::Value x);
mlir::Value expandTanh(Real &f, mlir::Value x);
mlir::Value expandSinh(Real &f, mlir::Value x);
mlir::Value expandCosh(Real &f, mlir::Value x);
mlir::Value expandLog(Real &f, mlir::Value x);
mlir::Value expandLog1p(Real &f, mlir::Value x);

} // namespace overtime::ir
