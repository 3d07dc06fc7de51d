// SPDX-License-Identifier: Apache-2.0
// Functions that a processor takes from its C library, written out for single numbers of a GPU.
#include "compiler/lower/functions/LibraryFunctions.h"

#include "compiler/lower/functions/ElementaryFunctions.h"
#include "compiler/lower/functions/Polynomials.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace mlir;
namespace poly = overtime::ir::polynomial;

namespace overtime::ir::gpu {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Real inF64(const Real &f) {
  Real wide(f.b, f.loc, f.b.getF64Type(), f.avx512, /*fast=*/false);
  wide.gpu = f.gpu;
  return wide;
}
Value extended(Real &f, Value x) {
  return f.single() ? Value(arith::ExtFOp::create(f.b, f.loc, f.b.getF64Type(), x)) : x;
}
Value rounded(Real &f, Value wide) {
  return f.single() ? Value(arith::TruncFOp::create(f.b, f.loc, f.type, wide)) : wide;
}

// Sine and cosine.

/// x = (n + turn) pi/2 with |turn| <= 1/2.
struct Quarters {
  Value turn;
  Value last; // bits of f64, of which the last ones count n
};

/// In f64 also for f32. Each part of pi/2 has 53 bits of its own, and a fused product is exact (Cody & Waite 1980).
Quarters quartersOf(Real &f, Value x) {
  Real w = inF64(f);
  Value wide = extended(f, x), large = w.real(0x1.8p52);
  Value sum = w.fma(wide, w.real(2 / std::numbers::pi), large), n = w.sub(sum, large);
  Value r = w.fma(n, w.real(-poly::halfPiHigh), wide);
  for (double part : {poly::halfPiMiddle, poly::halfPiLow})
    r = w.fma(n, w.real(-part), r);
  Value turn = w.mul(r, w.real(2 / std::numbers::pi));
  return {rounded(f, w.atLeast(-0.5, w.atMost(0.5, turn))), w.bitsOf(sum)};
}

/// `ahead`: sin(x + ahead pi/2).
Value expandSine(Real &f, Value x, int64_t ahead) {
  Quarters q = quartersOf(f, x);
  Real w = inF64(f);
  Value quarter = w.addi(q.last, w.integer(ahead));
  auto bit = [&](int64_t mask) -> Value {
    Value masked = arith::AndIOp::create(f.b, f.loc, quarter, w.integer(mask));
    return arith::CmpIOp::create(f.b, f.loc, arith::CmpIPredicate::ne, masked, w.integer(0));
  };
  Value z = f.mul(q.turn, q.turn);
  Value sine = f.mul(q.turn, f.horner(z, f.single() ? ArrayRef<double>(poly::sinF32) : poly::sinF64));
  Value cosine = f.fma(z, f.horner(z, f.single() ? ArrayRef<double>(poly::cosF32) : poly::cosF64), f.real(1.0));
  Value y = f.choose(bit(1), cosine, sine);
  return f.choose(bit(2), arith::NegFOp::create(f.b, f.loc, y), y);
}

// Powers.

/// A number in two parts, of which the second is below half an ulp of the first.
struct Double {
  Value high, low;
};

/// The sum of two numbers of which the first is larger, or 0.
Double sumOf(Real &f, Value large, Value small) {
  Value high = f.add(large, small);
  return {high, f.add(f.sub(large, high), small)};
}
Double productOf(Real &f, Value x, Value y) {
  Value high = f.mul(x, y);
  return {high, f.fma(x, y, arith::NegFOp::create(f.b, f.loc, high))};
}
/// Without the product of the low parts.
Double productOf(Real &f, Double x, Double y) {
  Double p = productOf(f, x.high, y.high);
  return {p.high, f.add(p.low, f.fma(x.high, y.low, f.mul(x.low, y.high)))};
}

/// log(2^e m), of a normal number of f64, with 10 bits more than one f64 has: e ln 2 + 2 atanh(s), s = (m-1) / (m+1).
Double logOf(Real &f, Value y, Value lift) {
  Value above = f.subi(f.bitsOf(y), f.integer(llvm::bit_cast<int64_t>(std::numbers::sqrt2 / 2)));
  Value exponent = f.shiftRight(above, f.mantissa());
  Value m = f.fromBits(f.subi(f.bitsOf(y), f.shiftLeft(exponent, f.mantissa())));
  Value e = f.sub(f.fromInteger(exponent), lift), one = f.real(1.0);
  Value over = f.sub(m, one), under = f.add(m, one), lost = f.sub(m, f.sub(under, one));
  Value high = f.div(over, under), negative = arith::NegFOp::create(f.b, f.loc, high);
  Value low = f.div(f.fma(negative, lost, f.fma(negative, under, over)), under);
  Double s = {high, low}, z = productOf(f, s, s), cube = productOf(f, s, z);
  // 2 atanh(s) = 2 s + s^3 (2/3 + z r(z)): beyond 2/3, one f64 is enough.
  Value beyond = f.mul(z.high, f.horner(z.high, poly::logBeyondF64));
  Double sum = sumOf(f, f.real(2.0 / 3.0), beyond);
  Double factor = {sum.high, f.add(sum.low, f.real(0x1.5555555555555p-55))}; // 2/3 less its f64
  Double tail = productOf(f, cube, factor);
  Double small = sumOf(f, f.add(s.high, s.high), tail.high);
  small.low = f.add(small.low, f.add(tail.low, f.add(s.low, s.low)));
  Double all = sumOf(f, f.mul(e, f.real(poly::ln2HighF64)), small.high);
  return {all.high, f.add(all.low, f.fma(e, f.real(poly::ln2LowF64), small.low))};
}

/// exp(y log x) for x > 0, infinity included.
Value powerOfPositive(Real &f, Value x, Value y) {
  Value tiny = f.compare(arith::CmpFPredicate::OLT, x, f.real(std::numeric_limits<double>::min()));
  Value normal = f.choose(tiny, f.mul(x, f.real(0x1p54)), x);
  Double log = logOf(f, normal, f.choose(tiny, f.real(54.0), f.real(0.0)));
  log.high = f.choose(f.compare(arith::CmpFPredicate::OEQ, x, f.real(infinity)), x, log.high);
  log.high = f.choose(f.compare(arith::CmpFPredicate::OEQ, x, f.real(0.0)), f.real(-infinity), log.high);
  Double p = productOf(f, y, log.high);
  Value rest = f.fma(y, log.low, p.low), power = expandExp(f, {p.high});
  Value finite = f.compare(arith::CmpFPredicate::OLT, f.abs(p.high), f.real(800.0));
  Value corrected = f.fma(power, rest, power);
  Value whole = f.compare(arith::CmpFPredicate::OLT, power, f.real(infinity));
  return f.choose(arith::AndIOp::create(f.b, f.loc, finite, whole), corrected, power);
}

} // namespace

Value expandSin(Real &f, Value x) { return expandSine(f, x, 0); }
Value expandCos(Real &f, Value x) { return expandSine(f, x, 1); }

Value expandErf(Real &f, Value x) {
  Value size = f.abs(x), z = f.mul(x, x);
  Value near = f.mul(size, f.horner(z, f.single() ? ArrayRef<double>(poly::erfF32) : poly::erfF64));
  double most = f.single() ? 4.0 : 6.0; // where it is 1
  Value distance = f.sub(f.atLeast(1.0, f.atMost(most, size)), f.real(1.0));
  Value minusLog = f.horner(distance, f.single() ? ArrayRef<double>(poly::erfcF32) : poly::erfcF64);
  Value far = f.sub(f.real(1.0), expandExp(f, {minusLog, -1.0}));
  return f.withSign(f.choose(f.compare(arith::CmpFPredicate::OLT, size, f.real(1.0)), near, far), x);
}

Value expandPow(Real &f, Value x, Value y) {
  using Is = arith::CmpFPredicate;
  Real w = inF64(f);
  Value base = extended(f, x), exponent = extended(f, y), size = w.abs(base);
  Value result;
  if (f.single()) // f64 has more than the bits that are needed
    result = expandExp(w, {w.mul(exponent, expandLog(w, size))});
  else
    result = powerOfPositive(w, size, exponent);
  auto isWhole = [&](Value v) { return w.compare(Is::OEQ, math::RoundEvenOp::create(f.b, f.loc, v), v); };
  auto both = [&](Value a, Value c) -> Value { return arith::AndIOp::create(f.b, f.loc, a, c); };
  auto either = [&](Value a, Value c) -> Value { return arith::OrIOp::create(f.b, f.loc, a, c); };
  auto is = [&](Is how, Value v, double number) { return w.compare(how, v, w.real(number)); };
  Value whole = isWhole(exponent), halfIsWhole = isWhole(w.mul(exponent, w.real(0.5)));
  Value isFalse = arith::ConstantOp::create(f.b, f.loc, f.b.getBoolAttr(false));
  Value odd = both(whole, arith::CmpIOp::create(f.b, f.loc, arith::CmpIPredicate::eq, halfIsWhole, isFalse));
  result = w.choose(odd, w.withSign(result, base), result);
  Value isTrue = arith::ConstantOp::create(f.b, f.loc, f.b.getBoolAttr(true));
  Value negative = both(is(Is::OLT, base, 0.0), is(Is::OGT, base, -infinity));
  Value undefined = both(negative, arith::XOrIOp::create(f.b, f.loc, whole, isTrue));
  result = w.choose(undefined, w.real(std::numeric_limits<double>::quiet_NaN()), result);
  // 1 to any power, any number to the power 0, -1 to an infinite power.
  Value unit = both(is(Is::OEQ, size, 1.0), is(Is::OEQ, w.abs(exponent), infinity));
  Value one = either(unit, either(is(Is::OEQ, base, 1.0), is(Is::OEQ, exponent, 0.0)));
  return rounded(f, w.choose(one, w.real(1.0), result));
}

} // namespace overtime::ir::gpu
