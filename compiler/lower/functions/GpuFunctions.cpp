// SPDX-License-Identifier: Apache-2.0
// Exponentials and quotients of single numbers as a GPU likes them: few instructions, no branch, no slow path.
#include "compiler/lower/functions/GpuFunctions.h"

#include "compiler/lower/functions/Polynomials.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <cmath>
#include <numbers>

using namespace mlir;
namespace poly = overtime::ir::polynomial;

namespace overtime::ir::gpu {
namespace {

bool approximates(const Real &f) { return f.fast && f.single(); }

Value intrinsic(Real &f, StringRef name, Value x) {
  return LLVM::CallIntrinsicOp::create(f.b, f.loc, x.getType(), f.b.getStringAttr(name), x).getResult(0);
}
Value powerOfTwo(Real &f, Value x) { return intrinsic(f, "llvm.nvvm.ex2.approx.ftz.f32", x); }
/// Off by 1 ulp; in f64 by what f32 has.
Value reciprocal(Real &f, Value x) {
  return intrinsic(f, f.single() ? "llvm.nvvm.rcp.approx.ftz.f" : "llvm.nvvm.rcp.approx.ftz.d", x);
}

// One instruction in f32; in f64 a comparison and a choice are fewer.
Value smaller(Real &f, Value x, double bound) {
  return f.single() ? Value(arith::MinimumFOp::create(f.b, f.loc, x, f.real(bound))) : f.atMost(bound, x);
}
Value larger(Real &f, Value x, double bound) {
  return f.single() ? Value(arith::MaximumFOp::create(f.b, f.loc, x, f.real(bound))) : f.atLeast(bound, x);
}

/// x.x such that factor * x.x is at most (at least) a bound; NaN stays.
Value notAbove(Real &f, Scaled x, double high) {
  return x.factor > 0 ? smaller(f, x.x, high / x.factor) : larger(f, x.x, high / x.factor);
}
Value notBelow(Real &f, Scaled x, double low) {
  return x.factor > 0 ? larger(f, x.x, low / x.factor) : smaller(f, x.x, low / x.factor);
}
Value between(Real &f, Scaled x, double low, double high) { return notBelow(f, {notAbove(f, x, high), x.factor}, low); }

/// 1, 1/2, 1/6, ...: exprel(r) for |r| <= ln(2)/2, times `times`, of r = factor * u as a polynomial in u.
Value exprelNearZero(Real &f, Value u, double factor, double times) {
  SmallVector<double> c = {times};
  double power = times * factor;
  for (double q : f.single() ? ArrayRef<double>(poly::expF32) : ArrayRef<double>(poly::expF64)) {
    c.push_back(q * power);
    power *= factor;
  }
  return f.horner(u, c);
}

/// factor * u = n ln 2 + factor * r.
struct Reduced {
  Value sum, n, r; // the last bits of the sum count n
};

/// n is found by adding and subtracting a number so large that the sum has no bits for a fraction. It also holds
/// `exponent`, so that the shifted sum is 2^(n + exponent).
Reduced reduce(Real &f, Value u, double factor, int exponent) {
  Value large = f.real(std::ldexp(1.5, int(f.mantissa())) + double(f.bias() + exponent));
  Value sum = f.fma(u, f.real(factor * std::numbers::log2e), large);
  Value n = f.sub(sum, large);
  double period = std::numbers::ln2 / factor, high = f.single() ? double(float(period)) : period;
  double low = f.single() ? period - high : double(std::numbers::ln2_v<long double> / factor - high);
  return {sum, n, f.fma(n, f.real(-low), f.fma(n, f.real(-high), u))};
}
Value shifted(Real &f, const Reduced &e) { return f.fromBits(f.shiftLeft(f.bitsOf(e.sum), f.mantissa())); }

/// What exprel(x) and its reciprocal are made of. Near 0 it is a polynomial and needs no quotient; elsewhere it is
/// `over` / x.x, times 1 / unit: a power of two that keeps expm1 finite where the multiple of exprel is.
struct Parts {
  Value isNear, near, over, u;
  double unit;
};

Parts partsOfExprel(Real &f, Scaled x, double times) {
  int wider = std::max(0, -std::ilogb(times)); // in powers of two
  double unit = std::ldexp(1.0, (f.single() ? -8 : -11) - wider), k = times / x.factor * unit;
  if (approximates(f)) { // expm1 has lost at most two bits where |x| > ln(2)/2
    Value exponent = f.mul(x.x, f.real(x.factor * std::numbers::log2e));
    Value isNear = f.compare(arith::CmpFPredicate::OLT, f.abs(exponent), f.real(0.5));
    Value over = f.fma(powerOfTwo(f, exponent), f.real(k), f.real(-k));
    return {isNear, exprelNearZero(f, x.x, x.factor, times), over, x.x, unit};
  }
  double high = (f.single() ? 93.8 : 716.9) + wider * std::numbers::ln2; // where it becomes infinite
  double least = f.single() ? -1e37 : -1e300;                            // of which there is a reciprocal
  Value u = between(f, x, least, high);
  Reduced e = reduce(f, notBelow(f, {u, x.factor}, -60.0), x.factor, std::ilogb(unit));
  Value near = exprelNearZero(f, e.r, x.factor, times), power = shifted(f, e);
  // (2^n - 1) times / factor + 2^n expm1(r) times / factor
  double whole = times / x.factor;
  Value over = f.fma(power, f.mul(e.r, near), f.fma(power, f.real(whole), f.real(-k)));
  return {f.compare(arith::CmpFPredicate::OEQ, e.n, f.real(0.0)), near, over, u, unit};
}

} // namespace

Value expandExp(Real &f, Scaled x, double times) {
  if (approximates(f) && times > 0)
    return powerOfTwo(f, f.fma(x.x, f.real(x.factor * std::numbers::log2e), f.real(std::log2(times))));
  // 2^(n+k-1) times 2 times / 2^k exp(r), for a multiple of 2^k to 2^(k+1): the power is finite for every finite
  // result, and 0 below the last normal ones.
  int k = std::ilogb(times);
  double shift = k * std::numbers::ln2, twice = std::ldexp(times, 1 - k);
  double most = (f.single() ? 89.0 : 710.0) - shift, least = (f.single() ? -87.6 : -708.7) - shift;
  Reduced e = reduce(f, between(f, x, least, most), x.factor, k - 1);
  Value y = f.fma(f.mul(e.r, f.real(x.factor)), exprelNearZero(f, e.r, x.factor, twice), f.real(twice));
  return f.mul(y, shifted(f, e));
}

Value expandExprel(Real &f, Scaled x, double times) {
  Parts p = partsOfExprel(f, x, times);
  Value far = f.mul(expandQuotient(f, p.over, p.u), f.real(1.0 / p.unit));
  return f.choose(p.isNear, p.near, far);
}

Value expandOverExprel(Real &f, Value a, Scaled x) {
  Parts p = partsOfExprel(f, x, 1.0);
  Value above = f.choose(p.isNear, f.real(1.0), f.mul(p.u, f.real(p.unit)));
  return f.mul(a, expandQuotient(f, above, f.choose(p.isNear, p.near, p.over)));
}

Value expandQuotient(Real &f, Value a, Value b) {
  Value r = reciprocal(f, b);
  if (approximates(f))
    return f.mul(a, r);
  Value negative = arith::NegFOp::create(f.b, f.loc, b);
  for (int step = 0; step < (f.single() ? 1 : 2); ++step) // Newton: twice as many bits
    r = f.fma(f.fma(negative, r, f.real(1.0)), r, r);
  Value q = f.mul(a, r);
  return f.fma(f.fma(negative, q, a), r, q); // rounds correctly: Markstein 1990
}

} // namespace overtime::ir::gpu
