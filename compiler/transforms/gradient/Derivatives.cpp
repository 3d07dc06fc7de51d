// SPDX-License-Identifier: Apache-2.0
// Partial derivatives of elementwise operations: the one table that differentiation reads.
#include "compiler/transforms/gradient/Derivatives.h"

#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace overtime::ir {
namespace {

/// Writes arithmetic next to an operation that is being differentiated.
struct Writer {
  OpBuilder &builder;
  Operation *op;

  Value x(unsigned k = 0) const { return op->getOperand(k); }
  Value y() const { return op->getResult(0); }
  Value number(double v) const { return realConstant(builder, op->getLoc(), y().getType(), v); }
  template <class Op> Value make(Value a) const { return Op::create(builder, op->getLoc(), a); }
  template <class Op> Value make(Value a, Value b) const { return Op::create(builder, op->getLoc(), a, b); }
  Value add(Value a, Value b) const { return make<arith::AddFOp>(a, b); }
  Value sub(Value a, Value b) const { return make<arith::SubFOp>(a, b); }
  Value mul(Value a, Value b) const { return make<arith::MulFOp>(a, b); }
  Value div(Value a, Value b) const { return make<arith::DivFOp>(a, b); }
  Value neg(Value a) const { return make<arith::NegFOp>(a); }
  Value compare(arith::CmpFPredicate p, Value a, Value b) const {
    return arith::CmpFOp::create(builder, op->getLoc(), p, a, b);
  }
  Value choose(Value c, Value a, Value b) const { return arith::SelectOp::create(builder, op->getLoc(), c, a, b); }
};

using Rule = std::optional<Partial> (*)(const Writer &w, unsigned operand);

/// exprel'(x) = exprel(x) - (exprel(x) - 1) / x; the series sum_k x^k / (k! (k + 2)) where that cancels.
Value exprelSlope(const Writer &w) {
  Value x = w.x(), one = w.number(1.0);
  Value series = w.number(1.0 / 840);
  for (double c : {1.0 / 144, 1.0 / 30, 1.0 / 8, 1.0 / 3, 1.0 / 2})
    series = w.add(w.mul(series, x), w.number(c));
  Value nearZero = w.compare(arith::CmpFPredicate::OLT, w.make<math::AbsFOp>(x), w.number(0.02));
  Value divisor = w.choose(nearZero, one, x);
  return w.choose(nearZero, series, w.sub(w.y(), w.div(w.sub(w.y(), one), divisor)));
}

/// 1 where the operand is the one that max or min returns, 0 elsewhere; the first operand wins a tie.
Value pickedSlope(const Writer &w, unsigned operand) {
  Value first = w.compare(arith::CmpFPredicate::OEQ, w.x(0), w.y());
  Value one = w.number(1.0), zero = w.number(0.0);
  return operand == 0 ? w.choose(first, one, zero) : w.choose(first, zero, one);
}

/// |x| with another sign: it is in slopes that exponential Euler computes.
Partial signSlope(const Writer &w, unsigned operand) {
  if (operand == 1)
    return Partial::constant(0);
  Value sign = w.make<math::CopySignOp>(w.number(1), w.x(0));
  return Partial::of(w.make<math::CopySignOp>(sign, w.mul(sign, w.x(1))));
}

/// y x^(y-1) and x^y log(x); where those are 0 * inf, the limits: x^0 does not change with x, nor 0^y with y > 0.
Partial powSlope(const Writer &w, unsigned operand) {
  using P = arith::CmpFPredicate;
  Value x = w.x(0), y = w.x(1), zero = w.number(0.0);
  if (operand == 0) {
    Value slope = w.mul(y, w.make<math::PowFOp>(x, w.sub(y, w.number(1.0))));
    return Partial::of(w.choose(w.compare(P::OEQ, y, zero), zero, slope));
  }
  Value atZero = w.make<arith::AndIOp>(w.compare(P::OEQ, x, zero), w.compare(P::OGE, y, zero));
  return Partial::of(w.choose(atZero, zero, w.mul(w.y(), w.make<math::LogOp>(x))));
}

const llvm::StringMap<Rule> &rules() {
  static const llvm::StringMap<Rule> table = {
      {"arith.addf", [](const Writer &, unsigned) { return std::optional(Partial::constant(1)); }},
      {"arith.subf", [](const Writer &, unsigned k) { return std::optional(Partial::constant(k ? -1 : 1)); }},
      {"arith.negf", [](const Writer &, unsigned) { return std::optional(Partial::constant(-1)); }},
      {"arith.mulf", [](const Writer &w, unsigned k) { return std::optional(Partial::of(w.x(1 - k))); }},
      {"arith.divf",
       [](const Writer &w, unsigned k) {
         return std::optional(Partial::of(k == 0 ? w.div(w.number(1), w.x(1)) : w.neg(w.div(w.y(), w.x(1)))));
       }},
      {"arith.maximumf", [](const Writer &w, unsigned k) { return std::optional(Partial::of(pickedSlope(w, k))); }},
      {"arith.minimumf", [](const Writer &w, unsigned k) { return std::optional(Partial::of(pickedSlope(w, k))); }},
      {"math.exp", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.y())); }},
      {"math.expm1", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.add(w.y(), w.number(1)))); }},
      {"dyn.exprel", [](const Writer &w, unsigned) { return std::optional(Partial::of(exprelSlope(w))); }},
      {"dyn.spike",
       [](const Writer &w, unsigned k) { return std::optional(k == 0 ? Partial::of(w.x(1)) : Partial::constant(0)); }},
      // Of the numbers, which the methods of integration see; differentiation in both directions has rules of its own.
      {"dyn.with_gradient_of",
       [](const Writer &, unsigned k) { return std::optional(Partial::constant(k == 0 ? 1 : 0)); }},
      {"math.log", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.div(w.number(1), w.x()))); }},
      {"math.log1p",
       [](const Writer &w, unsigned) {
         return std::optional(Partial::of(w.div(w.number(1), w.add(w.x(), w.number(1)))));
       }},
      {"math.tanh",
       [](const Writer &w, unsigned) { return std::optional(Partial::of(w.sub(w.number(1), w.mul(w.y(), w.y())))); }},
      {"math.sinh", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.make<math::CoshOp>(w.x()))); }},
      {"math.cosh", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.make<math::SinhOp>(w.x()))); }},
      {"math.sin", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.make<math::CosOp>(w.x()))); }},
      {"math.cos",
       [](const Writer &w, unsigned) { return std::optional(Partial::of(w.neg(w.make<math::SinOp>(w.x())))); }},
      {"math.sqrt", [](const Writer &w, unsigned) { return std::optional(Partial::of(w.div(w.number(0.5), w.y()))); }},
      {"math.absf", [](const Writer &w,
                       unsigned) { return std::optional(Partial::of(w.make<math::CopySignOp>(w.number(1), w.x()))); }},
      {"math.copysign", [](const Writer &w, unsigned k) { return std::optional(signSlope(w, k)); }},
      {"math.erf",
       [](const Writer &w, unsigned) {
         Value bell = w.make<math::ExpOp>(w.neg(w.mul(w.x(), w.x())));
         return std::optional(Partial::of(w.mul(w.number(2 * std::numbers::inv_sqrtpi), bell)));
       }},
      {"math.powf", [](const Writer &w, unsigned k) { return std::optional(powSlope(w, k)); }},
      {"math.floor", [](const Writer &, unsigned) { return std::optional(Partial::constant(0)); }},
      {"math.ceil", [](const Writer &, unsigned) { return std::optional(Partial::constant(0)); }},
      {"math.roundeven", [](const Writer &, unsigned) { return std::optional(Partial::constant(0)); }},
  };
  return table;
}

} // namespace

std::optional<Partial> partialDerivative(OpBuilder &builder, Operation *op, unsigned operand) {
  auto rule = rules().find(op->getName().getStringRef());
  if (rule == rules().end())
    return std::nullopt;
  return rule->second({builder, op}, operand);
}

llvm::SmallVector<llvm::StringRef> differentiableOperations() {
  llvm::SmallVector<llvm::StringRef> names(rules().keys());
  llvm::sort(names);
  return names;
}

} // namespace overtime::ir
