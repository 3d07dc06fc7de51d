// SPDX-License-Identifier: Apache-2.0
// approximate-math: exp, expm1, sinh, cosh, tanh, log, log1p and exprel become polynomials, for scalars and vectors.
#include "compiler/lower/Passes.h"
#include "compiler/lower/functions/ElementaryFunctions.h"
#include "compiler/lower/functions/GpuFunctions.h"
#include "compiler/lower/functions/LibraryFunctions.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

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
    fast = isFast(getOperation());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::DivFOp, arith::MulFOp, math::ExpOp, math::ExpM1Op, math::TanhOp, math::LogOp, math::Log1pOp,
              math::SinhOp, math::CoshOp, ExprelOp>(op) ||
          (gpu && isa<math::SinOp, math::CosOp, math::ErfOp, math::PowFOp>(op)))
        ops.push_back(op);
    });
    // From the last to the first: a product or quotient takes in the function it uses before that is looked at alone.
    for (Operation *op : llvm::reverse(ops))
      if (isa<arith::MulFOp, arith::DivFOp>(op) ? true : !op->use_empty())
        replace(op);
      else
        op->erase();
  }

  /// What an operation becomes, or nothing.
  static Value expand(Real &f, Operation *op) {
    if (auto div = dyn_cast<arith::DivFOp>(op)) {
      auto exprel = div.getRhs().getDefiningOp<ExprelOp>();
      if (exprel && exprel->hasOneUse())
        return expandOverExprel(f, div.getLhs(), scaled(exprel.getX()));
      return f.gpu && f.fast && f.single() ? gpu::expandQuotient(f, div.getLhs(), div.getRhs()) : Value();
    }
    if (auto mul = dyn_cast<arith::MulFOp>(op))
      return expandMultiple(f, mul);
    Value x = op->getOperand(0);
    if (auto pow = dyn_cast<math::PowFOp>(op))
      return gpu::expandPow(f, pow.getLhs(), pow.getRhs());
    if (isa<math::SinOp>(op))
      return gpu::expandSin(f, x);
    if (isa<math::CosOp>(op))
      return gpu::expandCos(f, x);
    if (isa<math::ErfOp>(op))
      return gpu::expandErf(f, x);
    if (isa<math::ExpOp>(op))
      return expandExp(f, scaled(x));
    if (isa<math::ExpM1Op>(op))
      return expandExpm1(f, scaled(x));
    if (isa<math::TanhOp>(op))
      return expandTanh(f, x);
    if (isa<math::SinhOp>(op))
      return expandSinh(f, x);
    if (isa<math::CoshOp>(op))
      return expandCosh(f, x);
    if (isa<math::Log1pOp>(op))
      return expandLog1p(f, x);
    return isa<math::LogOp>(op) ? expandLog(f, x) : expandExprel(f, cast<ExprelOp>(op));
  }

  static Value expandExprel(Real &f, ExprelOp op, double times = 1.0) {
    auto expand = op.getNearZero() ? overtime::ir::expandExprelNearZero : overtime::ir::expandExprel;
    return expand(f, scaled(op.getX()), times);
  }

  /// c * exp(x) and c * exprel(x).
  static Value expandMultiple(Real &f, arith::MulFOp mul) {
    for (unsigned k : {0u, 1u}) {
      std::optional<double> c = constantOf(mul->getOperand(k));
      Operation *function = mul->getOperand(1 - k).getDefiningOp();
      if (!c || !foldable(*c) || !function || !function->hasOneUse())
        continue;
      if (isa<math::ExpOp>(function))
        return expandExp(f, scaled(function->getOperand(0)), *c);
      if (auto exprel = dyn_cast<ExprelOp>(function))
        return expandExprel(f, exprel, *c);
    }
    return {};
  }

  /// So far from the limits that powers of it in a polynomial's coefficients are ordinary numbers.
  static bool foldable(double c) { return std::abs(c) > 1e-4 && std::abs(c) < 1e4; }

  /// A product with a constant, or a quotient by one, gives up its rounding, whether something else uses it or not:
  /// bits depend on nothing but the expression.
  static Scaled scaled(Value x) {
    if (auto negation = x.getDefiningOp<arith::NegFOp>())
      return times(scaled(negation.getOperand()), -1.0, x);
    if (auto mul = x.getDefiningOp<arith::MulFOp>())
      for (unsigned k : {0u, 1u})
        if (std::optional<double> c = constantOf(mul->getOperand(k)))
          return times(scaled(mul->getOperand(1 - k)), *c, x);
    if (auto div = x.getDefiningOp<arith::DivFOp>())
      if (std::optional<double> c = constantOf(div.getRhs()))
        return times(scaled(div.getLhs()), 1.0 / *c, x);
    return {x};
  }
  static Scaled times(Scaled inner, double c, Value whole) {
    return foldable(inner.factor * c) ? Scaled{inner.x, inner.factor * c} : Scaled{whole};
  }

  void replace(Operation *op) {
    Type element = getElementTypeOrSelf(op->getResult(0).getType());
    if (!element.isF32() && !element.isF64())
      return;
    OpBuilder b(op);
    Real f(b, op->getLoc(), op->getResult(0).getType(), avx512, (avx512 || gpu) && fast);
    f.gpu = gpu;
    if (Value result = expand(f, op)) {
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    }
  }

  bool fast = false;
};

} // namespace
