// SPDX-License-Identifier: Apache-2.0
// approximate-math: exp, expm1, tanh, log, log1p and exprel become polynomials, for scalars and vectors.
//
// exp(x) = 2^n exp(r) with n = round(x / ln 2) and r = x - n ln 2 in two parts; exp(r) = 1 + r + r^2 q(r). Everything else
// rests on expm1, which has no cancellation: exprel(x) = expm1(x) / x, tanh(x) = e / (e + 2) with e = expm1(2 |x|).
#include "compiler/lower/Passes.h"
#include "compiler/lower/cpu/Polynomials.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

#include <limits>
#include <numbers>

namespace overtime::ir {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;
namespace poly = overtime::ir::polynomial;

namespace {

/// Arithmetic on one real type, scalar or vector.
class Real {
public:
  Real(OpBuilder &b, Location loc, Type type, bool avx512) : b(b), loc(loc), type(type), avx512(avx512) {}

  bool single() const { return getElementTypeOrSelf(type).isF32(); }
  unsigned bits() const { return single() ? 32 : 64; }
  unsigned mantissa() const { return single() ? 23 : 52; }
  int64_t bias() const { return single() ? 127 : 1023; }
  Type intType() const {
    Type word = b.getIntegerType(bits());
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(VectorType::get(vector.getShape(), word)) : word;
  }

  Value real(double v) { return constant(type, b.getFloatAttr(getElementTypeOrSelf(type), v)); }
  Value integer(int64_t v) { return constant(intType(), b.getIntegerAttr(b.getIntegerType(bits()), v)); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value abs(Value x) { return math::AbsFOp::create(b, loc, x); }
  Value compare(arith::CmpFPredicate p, Value x, Value y) { return arith::CmpFOp::create(b, loc, p, x, y); }
  Value choose(Value c, Value x, Value y) { return arith::SelectOp::create(b, loc, c, x, y); }
  // In the order that keeps NaN and is one instruction: min(high, x), max(low, x).
  Value atMost(double high, Value x) {
    Value h = real(high);
    return choose(compare(arith::CmpFPredicate::OLT, h, x), h, x);
  }
  Value atLeast(double low, Value x) {
    Value l = real(low);
    return choose(compare(arith::CmpFPredicate::OGT, l, x), l, x);
  }
  template <size_t N> Value horner(Value x, const std::array<double, N> &c) {
    Value sum = real(c[N - 1]);
    for (size_t k = N - 1; k-- > 0;)
      sum = fma(sum, x, real(c[k]));
    return sum;
  }
  Value bitsOf(Value x) { return arith::BitcastOp::create(b, loc, intType(), x); }
  Value fromBits(Value i) { return arith::BitcastOp::create(b, loc, type, i); }
  Value addi(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value subi(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value shiftLeft(Value x, int64_t n) { return arith::ShLIOp::create(b, loc, x, integer(n)); }
  Value shiftRight(Value x, int64_t n) { return arith::ShRSIOp::create(b, loc, x, integer(n)); }

  /// x * 2^n for an integral n within the exponents of two factors.
  Value scale(Value x, Value n) {
    if (Value scaled = scaleByInstruction(x, n))
      return scaled;
    Value whole = arith::FPToSIOp::create(b, loc, intType(), n);
    Value half = shiftRight(whole, 1);
    return mul(mul(x, powerOfTwo(half)), powerOfTwo(subi(whole, half)));
  }
  Value powerOfTwo(Value n) { return fromBits(shiftLeft(addi(n, integer(bias())), mantissa())); }

  /// x = n ln 2 + r with |r| <= ln(2) / 2.
  struct Reduced {
    Value n, r;
  };
  Reduced reduce(Value x) {
    Value n = math::RoundEvenOp::create(b, loc, mul(x, real(std::numbers::log2e)));
    Value r = fma(n, real(single() ? -poly::ln2HighF32 : -poly::ln2HighF64), x);
    r = fma(n, real(single() ? -poly::ln2LowF32 : -poly::ln2LowF64), r);
    return {n, r};
  }
  /// q of exp(r) = 1 + r + r^2 q(r).
  Value tail(Value r) { return single() ? horner(r, poly::expF32) : horner(r, poly::expF64); }
  /// Not zero, and so small that f(x) = x for expm1.
  Value awayFromZero(Value x) {
    return choose(compare(arith::CmpFPredicate::OEQ, x, real(0.0)), real(1e-30), x);
  }
  double overflow() const { return single() ? 89.0 : 710.0; } // just above the last finite result
  double underflow() const { return single() ? -104.0 : -746.0; }

  OpBuilder &b;
  Location loc;
  Type type;
  bool avx512;

private:
  Value constant(Type type, TypedAttr number) {
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(vector, Attribute(number)));
    return arith::ConstantOp::create(b, loc, number);
  }
  /// vscalef gives infinity, zero and subnormals for free.
  Value scaleByInstruction(Value x, Value n) {
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
};

Value expandExp(Real &f, Value x) {
  auto [n, r] = f.reduce(f.atLeast(f.underflow(), f.atMost(f.overflow(), x)));
  Value one = f.real(1.0);
  return f.scale(f.fma(f.fma(f.tail(r), r, one), r, one), n);
}

/// 2 (2^(n-1) p + 2^(n-1) - 1/2): the half keeps 2^n finite where the result is. x is at most overflow().
Value expandBoundedExpm1(Real &f, Value x) {
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

struct ApproximateMathPass : overtime::ir::impl::ApproximateMathBase<ApproximateMathPass> {
  using ApproximateMathBase::ApproximateMathBase;

  void runOnOperation() override {
    SmallVector<Operation *> quotients, scaled, others;
    getOperation().walk([&](Operation *op) {
      if (auto div = dyn_cast<arith::DivFOp>(op); div && div.getRhs().getDefiningOp<ExprelOp>())
        quotients.push_back(op);
      else if (matchScaledExprel(op))
        scaled.push_back(op);
      else if (isa<math::ExpOp, math::ExpM1Op, math::TanhOp, math::LogOp, math::Log1pOp, ExprelOp>(op))
        others.push_back(op);
    });
    for (Operation *op : quotients)
      replace(op, [&](Real &f) {
        return expandOverExprel(f, op->getOperand(0), op->getOperand(1).getDefiningOp()->getOperand(0));
      });
    for (Operation *op : scaled)
      replace(op, [&](Real &f) {
        ScaledExprel match = *matchScaledExprel(op);
        return expandScaledExprel(f, match.factor, match.x);
      });
    for (Operation *op : others)
      if (op->use_empty())
        op->erase();
      else
        replace(op, [&](Real &f) { return expand(f, op); });
  }

  struct ScaledExprel {
    double factor;
    Value x;
  };
  static std::optional<double> number(Value v) {
    FloatAttr scalar;
    DenseFPElementsAttr dense;
    if (matchPattern(v, m_Constant(&scalar)))
      return scalar.getValueAsDouble();
    if (matchPattern(v, m_Constant(&dense)) && dense.isSplat())
      return dense.getSplatValue<APFloat>().convertToDouble();
    return std::nullopt;
  }
  /// c * exprel(c * x) in either order of the factors.
  static std::optional<ScaledExprel> matchScaledExprel(Operation *op) {
    auto outer = dyn_cast<arith::MulFOp>(op);
    if (!outer)
      return std::nullopt;
    for (unsigned k : {0u, 1u}) {
      std::optional<double> c = number(outer->getOperand(k));
      auto exprel = outer->getOperand(1 - k).getDefiningOp<ExprelOp>();
      auto inner = c && *c > 0.0 && exprel ? exprel.getX().getDefiningOp<arith::MulFOp>() : arith::MulFOp();
      for (unsigned j : {0u, 1u})
        if (inner && number(inner->getOperand(j)) == c)
          return ScaledExprel{*c, inner->getOperand(1 - j)};
    }
    return std::nullopt;
  }

  static Value expand(Real &f, Operation *op) {
    Value x = op->getOperand(0);
    if (isa<math::ExpOp>(op))
      return expandExp(f, x);
    if (isa<math::ExpM1Op>(op))
      return expandExpm1(f, x);
    if (isa<math::TanhOp>(op))
      return expandTanh(f, x);
    if (isa<math::Log1pOp>(op))
      return expandLog1p(f, x);
    return isa<math::LogOp>(op) ? expandLog(f, x) : expandExprel(f, x);
  }

  void replace(Operation *op, llvm::function_ref<Value(Real &)> write) {
    Type element = getElementTypeOrSelf(op->getResult(0).getType());
    if (!element.isF32() && !element.isF64())
      return;
    OpBuilder b(op);
    Real f(b, op->getLoc(), op->getResult(0).getType(), avx512);
    op->getResult(0).replaceAllUsesWith(write(f));
    op->erase();
  }
};

} // namespace
