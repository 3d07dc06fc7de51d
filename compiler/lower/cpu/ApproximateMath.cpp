// SPDX-License-Identifier: Apache-2.0
// approximate-math: exp, expm1, sinh, cosh, tanh, log, log1p and exprel become polynomials, for scalars and vectors.
#include "compiler/lower/Passes.h"
#include "compiler/lower/cpu/ElementaryFunctions.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

namespace overtime::ir {
#define GEN_PASS_DEF_APPROXIMATEMATH
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

struct ApproximateMathPass : overtime::ir::impl::ApproximateMathBase<ApproximateMathPass> {
  using ApproximateMathBase::ApproximateMathBase;

  void runOnOperation() override {
    SmallVector<Operation *> quotients, scaled, others;
    getOperation().walk([&](Operation *op) {
      if (auto div = dyn_cast<arith::DivFOp>(op); div && div.getRhs().getDefiningOp<ExprelOp>())
        quotients.push_back(op);
      else if (matchScaledExprel(op))
        scaled.push_back(op);
      else if (isa<math::ExpOp, math::ExpM1Op, math::TanhOp, math::LogOp, math::Log1pOp, math::SinhOp, math::CoshOp,
                   ExprelOp>(op))
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
    if (isa<math::SinhOp>(op))
      return expandSinh(f, x);
    if (isa<math::CoshOp>(op))
      return expandCosh(f, x);
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
