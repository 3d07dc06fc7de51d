// SPDX-License-Identifier: Apache-2.0
// merge-exponentials: with fast numerics, exponentials of multiples of one argument share one exponential.
//
// Rates of a neuron are fitted as exp(a V + b) with a from a short list: Hodgkin and Huxley have V/80, V/20 and V/10.
// With u = exp(a0 x + b0), exp(k a0 x + b) = u^k exp(b - k b0) costs a few products.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/MapVector.h"

#include <cmath>
#include <map>

namespace overtime::ir {
#define GEN_PASS_DEF_MERGEEXPONENTIALS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// a x + b.
struct Affine {
  Value x;
  double a = 1.0, b = 0.0;
  Affine scaled(double c) const { return {x, a * c, b * c}; }
  Affine shifted(double c) const { return {x, a, b + c}; }
};

Affine affineOf(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op)
    return {v};
  if (isa<arith::NegFOp>(op))
    return affineOf(op->getOperand(0)).scaled(-1.0);
  if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
    return {v};
  Value left = op->getOperand(0), right = op->getOperand(1);
  if (std::optional<double> c = constantOf(right)) {
    Affine inner = affineOf(left);
    return isa<arith::AddFOp>(op)   ? inner.shifted(*c)
           : isa<arith::SubFOp>(op) ? inner.shifted(-*c)
           : isa<arith::MulFOp>(op) ? inner.scaled(*c)
                                    : inner.scaled(1.0 / *c);
  }
  std::optional<double> c = constantOf(left);
  if (!c || isa<arith::DivFOp>(op))
    return {v};
  Affine inner = affineOf(right);
  return isa<arith::AddFOp>(op)   ? inner.shifted(*c)
         : isa<arith::SubFOp>(op) ? inner.scaled(-1.0).shifted(*c)
                                  : inner.scaled(*c);
}

/// An exp or exprel, and which power of the group's exponential it takes.
struct Member {
  Operation *op;
  Affine argument;
  int power = 1;
};

constexpr int largestPower = 16;    // each multiplies the relative error of the exponential
constexpr double ratioError = 1e-6; // constants of f32 are no exact multiples of each other
constexpr double largestShift = 20; // exp of it must not leave f32's range, nor the product
constexpr double nearZero = 0.03;   // below, (exp(z) - 1) / z has lost too much to cancellation

/// The power of `base` that `member` takes; 0 when it takes none.
int powerOf(const Member &member, const Member &base) {
  double ratio = member.argument.a / base.argument.a, power = std::round(ratio);
  bool fits = power >= 1 && power <= largestPower && std::abs(ratio - power) <= ratioError * power &&
              std::abs(member.argument.b - power * base.argument.b) <= largestShift;
  return fits ? int(power) : 0;
}

/// Writes one group.
class Merging {
public:
  Merging(const Member &base, OpBuilder &b) : b(b), loc(base.op->getLoc()), base(base.argument) {
    type = base.op->getResult(0).getType();
    Value moved = arith::AddFOp::create(b, loc, this->base.x, number(this->base.b / this->base.a));
    powers[1] = math::ExpOp::create(b, loc, arith::MulFOp::create(b, loc, moved, number(this->base.a)));
  }

  void replace(const Member &member) {
    if (isa<math::ExpOp>(member.op))
      replaceExp(member);
    else
      replaceExprel(member);
  }

private:
  Value number(double c) { return realConstant(b, loc, type, c); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value fma(Value x, Value y, double c) { return arith::AddFOp::create(b, loc, mul(x, y), number(c)); }

  Value power(int k) {
    if (Value known = powers.lookup(k))
      return known;
    Value p = k % 2 == 0 ? mul(power(k / 2), power(k / 2)) : mul(power(k - 1), power(1));
    return powers[k] = p;
  }
  double factorOf(const Member &member) { return std::exp(member.argument.b - member.power * base.b); }

  /// A product with a constant takes in the factor.
  void replaceExp(const Member &member) {
    Value p = power(member.power);
    for (Operation *user : llvm::make_early_inc_range(member.op->getUsers())) {
      auto product = dyn_cast<arith::MulFOp>(user);
      if (!product)
        continue;
      std::optional<double> c = constantOf(product.getLhs());
      if (!c)
        c = constantOf(product.getRhs());
      if (!c)
        continue;
      product.replaceAllUsesWith(mul(p, number(*c * factorOf(member))));
      product.erase();
    }
    if (member.op->use_empty())
      return;
    double factor = factorOf(member);
    member.op->getResult(0).replaceAllUsesWith(factor == 1.0 ? p : mul(p, number(factor)));
  }

  /// (e - 1) / z, and c z / (e - 1) for a quotient c / exprel(z); near 0 their series.
  void replaceExprel(const Member &member) {
    Value z =
        arith::AddFOp::create(b, loc, mul(member.argument.x, number(member.argument.a)), number(member.argument.b));
    Value small =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, math::AbsFOp::create(b, loc, z), number(nearZero));
    for (Operation *user : llvm::make_early_inc_range(member.op->getUsers())) {
      auto quotient = dyn_cast<arith::DivFOp>(user);
      if (!quotient || quotient.getRhs() != member.op->getResult(0) || quotient.getLhs() == quotient.getRhs())
        continue;
      std::optional<double> constant = constantOf(quotient.getLhs());
      double c = constant && *constant != 0.0 ? *constant : 1.0; // folded into the other constants
      Value series = fma(fma(z, number(c / 12), -c / 2), z, c);
      Value inverse = choose(small, series, arith::DivFOp::create(b, loc, z, scaledExpm1(member, 1.0 / c)));
      OpBuilder at(quotient);
      bool whole = constant && *constant == c;
      quotient.replaceAllUsesWith(whole ? inverse : Value(arith::MulFOp::create(at, loc, quotient.getLhs(), inverse)));
      quotient.erase();
    }
    if (member.op->use_empty())
      return;
    Value series = fma(fma(fma(z, number(1.0 / 24), 1.0 / 6), z, 0.5), z, 1.0);
    Value ratio = arith::DivFOp::create(b, loc, scaledExpm1(member, 1.0), z);
    member.op->getResult(0).replaceAllUsesWith(choose(small, series, ratio));
  }
  Value scaledExpm1(const Member &member, double c) {
    return fma(power(member.power), number(c * factorOf(member)), -c);
  }
  Value choose(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

  OpBuilder &b;
  Location loc;
  Affine base;
  Type type;
  DenseMap<int, Value> powers;
};

/// Merges what shares a smallest multiple, then goes on with the rest.
void mergeMembers(SmallVector<Member> members) {
  while (members.size() > 1) {
    Member base = *llvm::min_element(
        members, [](const Member &l, const Member &r) { return std::abs(l.argument.a) < std::abs(r.argument.a); });
    SmallVector<Member> group, rest;
    for (Member &member : members) {
      member.power = powerOf(member, base);
      (member.power > 0 ? group : rest).push_back(member);
    }
    if (group.size() > 1) {
      OpBuilder b(group.front().op); // members stand in the order of the block
      Merging merging(base, b);
      for (const Member &member : group)
        merging.replace(member);
      for (const Member &member : group)
        member.op->erase();
    }
    members = std::move(rest);
  }
}

struct MergeExponentialsPass : overtime::ir::impl::MergeExponentialsBase<MergeExponentialsPass> {
  void runOnOperation() override {
    if (!isFast(getOperation()))
      return;
    getOperation().walk([](linalg::GenericOp generic) {
      llvm::MapVector<Value, SmallVector<Member>> byRoot;
      for (Operation &op : generic.getRegion().front())
        if (isa<math::ExpOp, ExprelOp>(op))
          if (Affine argument = affineOf(op.getOperand(0)); argument.a != 0.0 && std::isfinite(argument.a))
            byRoot[argument.x].push_back({&op, argument});
      for (auto &[root, members] : byRoot)
        mergeMembers(std::move(members));
    });
  }
};

} // namespace
