// SPDX-License-Identifier: Apache-2.0
// Elementary functions written out as arithmetic.
#include "compiler/lower/cpu/ElementaryFunctions.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <limits>

using namespace mlir;
namespace poly = overtime::ir::polynomial;

namespace overtime::ir {

/// vscalef gives infinity, zero and subnormals for free.
Value Real::scaleByInstruction(Value x, Value n) {
  auto vector = dyn_cast<VectorType>(type);
  if (!avx512 || !vector || vector.getRank() != 1 || vector.getNumElements() * bits() != 512)
    return {};
  StringRef name = single() ? "llvm.x86.avx512.mask.scalef.ps.512" : "llvm.x86.avx512.mask.scalef.pd.512";
  Type maskType = b.getIntegerType(vector.getNumElements());
  Value all = LLVM::ConstantOp::create(b, loc, maskType, b.getIntegerAttr(maskType, -1));
  Value currentRounding = LLVM::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(4));
  return LLVM::CallIntrinsicOp::create(b, loc, type, b.getStringAttr(name), ValueRange{x, n, x, all, currentRounding})
      .getResult(0);
}

Value expandExp(Real &f, Value x) {
  auto [n, r] = f.reduce(f.atLeast(f.underflow(), f.atMost(f.overflow(), x)));
  Value one = f.real(1.0);
  return f.scale(f.fma(f.fma(f.tail(r), r, one), r, one), n);
}

/// 2 (2^(n-1) p + 2^(n-1) - 1/2): the half keeps 2^n finite where the result is. x is at most overflow().
static Value expandBoundedExpm1(Real &f, Value x) {
  auto [n, r] = f.reduce(f.atLeast(-60.0, x));
  Value p = f.fma(f.mul(r, r), f.tail(r), r); // the leading term stays unrounded
  Value half = f.scale(f.real(0.5), n);
  Value y = f.fma(half, p, f.sub(half, f.real(0.5)));
  return f.add(y, y);
}

Value expandExpm1(Real &f, Value x) { return expandBoundedExpm1(f, f.atMost(f.overflow(), x)); }

// Quotients with expm1: a bound keeps them from infinity over infinity, a tiny number for 0 from 0 over 0, and expm1 of
// it is itself, so that the quotient is exact.

Value expandExprel(Real &f, Value x) {
  x = f.awayFromZero(f.atMost(f.overflow(), x));
  return f.div(expandBoundedExpm1(f, x), x);
}

/// a / exprel(x) = a x / expm1(x): one division less.
Value expandOverExprel(Real &f, Value a, Value x) {
  x = f.awayFromZero(f.atMost(f.overflow(), x));
  return f.div(f.mul(a, x), expandBoundedExpm1(f, x));
}

/// c exprel(c x) = expm1(c x) / x for a number c > 0, as exponential Euler has it with c = dt.
Value expandScaledExprel(Real &f, double c, Value x) {
  x = f.awayFromZero(f.atMost(f.overflow() / c, x));
  return f.div(expandBoundedExpm1(f, f.mul(f.real(c), x)), x);
}

Value expandTanh(Real &f, Value x) {
  Value twice = f.abs(x);
  twice = f.add(twice, twice);
  Value e = expandBoundedExpm1(f, f.atMost(f.single() ? 20.0 : 44.0, twice));
  Value y = f.div(e, f.add(e, f.real(2.0)));
  return math::CopySignOp::create(f.b, f.loc, y, x);
}

/// (e + e / (e + 1)) / 2 with e = expm1(|x|).
Value expandSinh(Real &f, Value x) {
  Value e = expandExpm1(f, f.abs(x)), inf = f.real(std::numeric_limits<double>::infinity());
  Value ratio = f.choose(f.compare(arith::CmpFPredicate::OEQ, e, inf), e, f.div(e, f.add(e, f.real(1.0))));
  return math::CopySignOp::create(f.b, f.loc, f.mul(f.real(0.5), f.add(e, ratio)), x);
}

Value expandCosh(Real &f, Value x) {
  Value e = expandExp(f, f.abs(x));
  return f.add(f.mul(f.real(0.5), e), f.div(f.real(0.5), e));
}

/// log(2^e (1 + f)) = e ln 2 + 2 atanh(s), s = f / (2 + f).
Value expandLog(Real &f, Value x) {
  using Limits = std::numeric_limits<double>;
  double smallest = f.single() ? double(std::numeric_limits<float>::min()) : Limits::min();
  double lift = f.single() ? 0x1p25 : 0x1p54; // makes subnormals normal
  Value tiny = f.compare(arith::CmpFPredicate::OLT, x, f.real(smallest));
  Value y = f.choose(tiny, f.mul(x, f.real(lift)), x);
  double root = f.single() ? std::numbers::sqrt2_v<float> / 2 : std::numbers::sqrt2 / 2;
  int64_t rootBits = f.single() ? int64_t(llvm::bit_cast<int32_t>(float(root))) : llvm::bit_cast<int64_t>(root);
  Value above = f.subi(f.bitsOf(y), f.integer(rootBits));
  Value exponent = f.shiftRight(above, f.mantissa());
  Value m = f.fromBits(f.subi(f.bitsOf(y), f.shiftLeft(exponent, f.mantissa())));
  Value e = arith::SIToFPOp::create(f.b, f.loc, f.type, exponent);
  e = f.sub(e, f.choose(tiny, f.real(f.single() ? 25.0 : 54.0), f.real(0.0)));
  Value fraction = f.sub(m, f.real(1.0));
  Value s = f.div(fraction, f.add(fraction, f.real(2.0)));
  Value z = f.mul(s, s);
  Value q = f.single() ? f.horner(z, poly::logF32) : f.horner(z, poly::logF64);
  // 2 s = fraction - s fraction exactly enough: the leading term stays unrounded.
  Value tail = f.mul(s, f.sub(f.mul(z, q), fraction));
  tail = f.fma(e, f.real(f.single() ? poly::ln2LowF32 : poly::ln2LowF64), tail);
  Value result = f.fma(e, f.real(f.single() ? poly::ln2HighF32 : poly::ln2HighF64), f.add(tail, fraction));
  Value inf = f.real(Limits::infinity()), zero = f.real(0.0);
  result = f.choose(f.compare(arith::CmpFPredicate::OEQ, x, inf), inf, result);
  result = f.choose(f.compare(arith::CmpFPredicate::OEQ, x, zero), f.real(-Limits::infinity()), result);
  return f.choose(f.compare(arith::CmpFPredicate::UGE, x, zero), result, f.real(Limits::quiet_NaN()));
}

/// log(1 + x) = log(u) + (x - (u - 1)) / u with u = 1 + x rounded: the quotient is what the rounding lost.
Value expandLog1p(Real &f, Value x) {
  Value u = f.add(x, f.real(1.0));
  Value rough = expandLog(f, u);
  Value y = f.add(rough, f.div(f.sub(x, f.sub(u, f.real(1.0))), u));
  Value special = f.compare(arith::CmpFPredicate::UNE, f.sub(u, u), f.real(0.0)); // infinity or NaN
  special = arith::OrIOp::create(f.b, f.loc, special, f.compare(arith::CmpFPredicate::OLE, u, f.real(0.0)));
  return f.choose(special, rough, y);
}

} // namespace overtime::ir
