// SPDX-License-Identifier: Apache-2.0
// Elementary functions written out as arithmetic.
#include "compiler/lower/functions/ElementaryFunctions.h"

#include "compiler/lower/functions/GpuFunctions.h"
#include "compiler/lower/functions/Polynomials.h"
#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace mlir;
namespace poly = overtime::ir::polynomial;

namespace overtime::ir {

// Just beyond the arguments of the last finite result, also when that is halved, of the last one above zero, and of the
// last one above -1.
static double overflow(const Real &f) { return f.single() ? 89.5 : 710.5; }
static double underflow(const Real &f) { return f.single() ? -104.0 : -746.0; }
constexpr double lowestExpm1 = -60.0;

/// factor * x is at most (at least) a bound.
static Scaled atMost(Real &f, double high, Scaled x) {
  return {x.factor > 0 ? f.atMost(high / x.factor, x.x) : f.atLeast(high / x.factor, x.x), x.factor};
}
static Scaled atLeast(Real &f, double low, Scaled x) {
  return {x.factor > 0 ? f.atLeast(low / x.factor, x.x) : f.atMost(low / x.factor, x.x), x.factor};
}

/// exp(x) = 2^n (1 + p).
struct Reduced {
  Value n, p, place; // place: what looks up 2^(n - floor(n)) in a table
};

static Reduced reduceWhole(Real &f, Value x) {
  Value n = f.round(f.mul(x, f.real(std::numbers::log2e)));
  Value r = f.fma(n, f.real(f.single() ? -poly::ln2HighF32 : -poly::ln2HighF64), x);
  r = f.fma(n, f.real(f.single() ? -poly::ln2LowF32 : -poly::ln2LowF64), r);
  Value q = f.horner(r, f.single() ? ArrayRef<double>(poly::expF32) : poly::expF64);
  return {n, f.fma(f.mul(r, r), q, r), {}}; // the leading term stays unrounded
}

static Reduced reduceToTable(Real &f, Scaled x) {
  // The unit in the last place of this sum is one step of the table, so its last bits count steps; adding and
  // subtracting rounds.
  Value large = f.real(std::ldexp(1.5, int(f.mantissa())) / f.tableSize());
  Value place = f.fma(x.x, f.real(x.factor * std::numbers::log2e), large);
  Value n = f.sub(place, large);
  // r = x - n ln 2 / factor, so that x itself is never multiplied.
  double period = std::numbers::ln2 / x.factor, high = f.single() ? double(float(period)) : period;
  double low = f.single() ? period - high : double(std::numbers::ln2_v<long double> / x.factor - high);
  Value r = f.fma(n, f.real(-high), x.x);
  if (!f.fast)
    r = f.fma(n, f.real(-low), r);
  auto q = f.single() ? ArrayRef<double>(poly::tableExpF32) : ArrayRef<double>(poly::tableExpF64);
  if (x.factor == 1.0)
    return {n, f.fma(f.mul(r, r), f.horner(r, q), r), place};
  SmallVector<double> c = {1.0};
  c.append(q.begin(), q.end());
  for (double &coefficient : c)
    coefficient *= x.factor;
  return {n, f.mul(r, f.horner(r, c, x.factor)), place};
}

static double powerOfTable(const Real &f, unsigned j) { return std::exp2(double(j) / f.tableSize()); }

Value expandExp(Real &f, Scaled x, double times) {
  if (f.gpu)
    return gpu::expandExp(f, x, times);
  double shift = std::log(std::abs(times)); // of what overflows, and of what underflows
  double high = overflow(f) + std::max(0.0, -shift), low = underflow(f) - std::max(0.0, shift);
  if (f.avx512) {
    if (!f.fast) // of finite arguments, scale() takes care by itself
      x = atLeast(f, low, atMost(f, high, x));
    Reduced e = reduceToTable(f, x);
    Value power = f.lookUp([&](unsigned j) { return times * powerOfTable(f, j); }, e.place);
    return f.scale(f.fma(power, e.p, power), e.n);
  }
  Value whole = x.factor == 1.0 ? x.x : f.mul(x.x, f.real(x.factor));
  Reduced e = reduceWhole(f, f.atLeast(low, f.atMost(high, whole)));
  Value y = f.add(e.p, f.real(1.0));
  return f.scale(times == 1.0 ? y : f.mul(y, f.real(times)), e.n);
}

/// unit * expm1(x) for a power of two: one below 1 keeps 2^n finite where the result is.
static Value expandScaledExpm1(Real &f, Scaled x, double unit) {
  Value one = f.real(unit);
  if (!f.avx512) {
    Value whole = x.factor == 1.0 ? x.x : f.mul(x.x, f.real(x.factor));
    Reduced e = reduceWhole(f, f.atLeast(lowestExpm1, whole));
    Value power = f.scale(one, e.n);
    return f.fma(power, e.p, f.sub(power, one));
  }
  // 2^n (1 + p) - 1 = (2^n - 1) + 2^n p is exact in its first term, up to what the table's entries lost to rounding:
  // that is a table of its own.
  Reduced e = reduceToTable(f, f.fast ? x : atLeast(f, lowestExpm1, x));
  auto rounded = [&](unsigned j) { return f.single() ? double(float(powerOfTable(f, j))) : powerOfTable(f, j); };
  Value power = f.scale(f.lookUp([&](unsigned j) { return unit * rounded(j); }, e.place), e.n);
  if (f.fast)
    return f.fma(power, e.p, f.sub(power, one));
  Value lost = f.lookUp(
      [&](unsigned j) {
        long double exact = std::exp2((long double)(j) / f.tableSize());
        return double((exact - rounded(j)) / exact);
      },
      e.place);
  return f.fma(power, f.add(e.p, lost), f.sub(power, one));
}

/// Below the bound n is at most one above the largest exponent, so that a quarter of 2^n is finite.
static Value expandQuarterExpm1(Real &f, Scaled x) { return expandScaledExpm1(f, atMost(f, overflow(f), x), 0.25); }

/// The sign is the argument's, also of 0, which the sums above lose.
Value expandExpm1(Real &f, Scaled x) {
  Value quarter = expandQuarterExpm1(f, x);
  Value sign = x.factor > 0 ? x.x : Value(arith::NegFOp::create(f.b, f.loc, x.x));
  return f.withSign(f.mul(quarter, f.real(4.0)), sign);
}

// Quotients of expm1(x) and x. exprel(x) is finite for somewhat larger x than exp(x) is, hence the unit. A bound keeps
// them from infinity over infinity, a tiny number in place of 0 from 0 over 0; expm1 of a tiny number is itself, so
// that the quotient is exact.

static double quotientUnit(const Real &f) { return f.single() ? 0x1p-8 : 0x1p-11; }

/// `wider`: how many powers of two farther than exprel(x) a multiple of it is finite.
static Scaled forQuotient(Real &f, Scaled s, int wider = 0) {
  double bound = (f.single() ? 93.8 : 716.9) + wider * std::numbers::ln2; // beyond, 2^n in the unit is infinite
  Value x = f.fast ? s.x : atMost(f, bound, s).x;
  const double tiny = 1e-30 / std::abs(s.factor); // vanishes in the sum with any number that matters
  Value moved = f.add(x, f.real(tiny));
  if (f.avx512 && !f.scalar()) { // as integers, zero is the only number below the tiny one; no comparison
    auto bits = f.single() ? int64_t(llvm::bit_cast<int32_t>(float(tiny))) : llvm::bit_cast<int64_t>(tiny);
    Value larger = arith::MaxUIOp::create(f.b, f.loc, f.bitsOf(moved), f.integer(bits));
    return {f.fromBits(larger), s.factor};
  }
  Value isZero = f.compare(arith::CmpFPredicate::OEQ, moved, f.real(0.0));
  return {f.choose(isZero, f.real(tiny), moved), s.factor};
}

Value expandExprel(Real &f, Scaled x, double times) {
  if (f.gpu)
    return gpu::expandExprel(f, x, times);
  int wider = std::max(0, -std::ilogb(times));
  double unit = std::ldexp(quotientUnit(f), -wider);
  x = forQuotient(f, x, wider);
  return f.div(expandScaledExpm1(f, x, unit), f.mul(x.x, f.real(x.factor * unit / times)));
}

Value expandExprelNearZero(Real &f, Scaled x, double times) {
  ArrayRef<double> known = f.single() ? ArrayRef<double>(poly::exprelF32) : poly::exprelF64;
  SmallVector<double> c = llvm::map_to_vector(known, [&](double each) { return each * times; });
  Value near = f.horner(x.x, c, x.factor);
  Value far = f.compare(arith::CmpFPredicate::OGT, f.abs(x.x), f.real(0.5 / std::abs(x.factor)));
  Value any = f.scalar() ? far : Value(vector::ReductionOp::create(f.b, f.loc, vector::CombiningKind::OR, far));
  auto result = scf::IfOp::create(
      f.b, f.loc, any,
      [&](OpBuilder &b, Location loc) { // b is f.b, inside of the branch
        scf::YieldOp::create(b, loc, f.choose(far, expandExprel(f, x, times), near));
      },
      [&](OpBuilder &b, Location loc) { scf::YieldOp::create(b, loc, near); });
  return result.getResult(0);
}

Value expandOverExprel(Real &f, Value a, Scaled x) {
  if (f.gpu)
    return gpu::expandOverExprel(f, a, x);
  x = forQuotient(f, x);
  double factor = x.factor * quotientUnit(f);
  std::optional<double> c = constantOf(a);
  Value numerator = f.mul(x.x, f.real(c ? *c * factor : factor));
  return f.div(c ? numerator : f.mul(a, numerator), expandScaledExpm1(f, x, quotientUnit(f)));
}

Value expandTanh(Real &f, Value x) {
  Scaled twice = atMost(f, f.single() ? 20.0 : 44.0, {f.abs(x), 2.0});
  Value half = expandScaledExpm1(f, twice, 0.5); // e / (e + 2) = (e/2) / (e/2 + 1)
  Value below = f.add(half, f.real(1.0));
  return f.withSign(f.gpu ? gpu::expandQuotient(f, half, below) : f.div(half, below), x);
}

/// h + h / (2 h + 1) with h = expm1(|x|) / 2; the quotient is below 1/2 and 0 once h + h overflows.
Value expandSinh(Real &f, Value x) {
  Value quarter = expandQuarterExpm1(f, {f.abs(x)}), h = f.add(quarter, quarter);
  Value inf = f.real(std::numeric_limits<double>::infinity());
  Value ratio = f.div(h, f.add(f.add(h, h), f.real(1.0)));
  Value y = f.choose(f.compare(arith::CmpFPredicate::OEQ, h, inf), h, f.add(h, ratio));
  return f.withSign(y, x);
}

/// h + 1 / (4 h) with h = exp(|x|) / 2.
Value expandCosh(Real &f, Value x) {
  Value h = expandExp(f, {f.abs(x)}, 0.5);
  return f.add(h, f.div(f.real(0.25), h));
}

/// log(2^e (1 + f)) = e ln 2 + 2 atanh(s), s = f / (2 + f), less `lift` ln 2 where it is given.
static Value expandLiftedLog(Real &f, Value y, Value lift) {
  double root = f.single() ? std::numbers::sqrt2_v<float> / 2 : std::numbers::sqrt2 / 2;
  int64_t rootBits = f.single() ? int64_t(llvm::bit_cast<int32_t>(float(root))) : llvm::bit_cast<int64_t>(root);
  Value above = f.subi(f.bitsOf(y), f.integer(rootBits));
  Value exponent = f.shiftRight(above, f.mantissa());
  Value m = f.fromBits(f.subi(f.bitsOf(y), f.shiftLeft(exponent, f.mantissa())));
  Value e = f.fromInteger(exponent);
  if (lift)
    e = f.sub(e, lift);
  Value fraction = f.sub(m, f.real(1.0));
  Value s = f.div(fraction, f.add(fraction, f.real(2.0)));
  Value z = f.mul(s, s);
  Value q = f.horner(z, f.single() ? ArrayRef<double>(poly::logF32) : poly::logF64);
  // 2 s = fraction - s fraction exactly enough: the leading term stays unrounded.
  Value tail = f.mul(s, f.sub(f.mul(z, q), fraction));
  tail = f.fma(e, f.real(f.single() ? poly::ln2LowF32 : poly::ln2LowF64), tail);
  return f.fma(e, f.real(f.single() ? poly::ln2HighF32 : poly::ln2HighF64), f.add(tail, fraction));
}

Value expandLogOfNormal(Real &f, Value x) { return expandLiftedLog(f, x, {}); }

Value expandLog(Real &f, Value x) {
  using Limits = std::numeric_limits<double>;
  double smallest = f.single() ? double(std::numeric_limits<float>::min()) : Limits::min();
  double lift = f.single() ? 25.0 : 54.0; // makes subnormals normal
  Value tiny = f.compare(arith::CmpFPredicate::OLT, x, f.real(smallest));
  Value y = f.choose(tiny, f.mul(x, f.real(std::exp2(lift))), x);
  Value result = expandLiftedLog(f, y, f.choose(tiny, f.real(lift), f.real(0.0)));
  Value inf = f.real(Limits::infinity()), zero = f.real(0.0);
  result = f.choose(f.compare(arith::CmpFPredicate::OEQ, x, inf), inf, result);
  result = f.choose(f.compare(arith::CmpFPredicate::OEQ, x, zero), f.real(-Limits::infinity()), result);
  return f.choose(f.compare(arith::CmpFPredicate::OGE, x, zero), result, f.real(Limits::quiet_NaN()));
}

/// log(1 + x) = log(u) + (x - (u - 1)) / u with u = 1 + x rounded: the quotient is what the rounding lost.
Value expandLog1p(Real &f, Value x) {
  Value u = f.add(x, f.real(1.0));
  Value rough = expandLog(f, u);
  Value y = f.add(rough, f.div(f.sub(x, f.sub(u, f.real(1.0))), u));
  Value special = f.compare(arith::CmpFPredicate::UNE, f.sub(u, u), f.real(0.0)); // infinity or NaN
  special = arith::OrIOp::create(f.b, f.loc, special, f.compare(arith::CmpFPredicate::OLE, u, f.real(0.0)));
  return f.withSign(f.choose(special, rough, y), x); // of 0 too
}

} // namespace overtime::ir
