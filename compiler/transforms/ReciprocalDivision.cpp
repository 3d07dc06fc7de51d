// SPDX-License-Identifier: Apache-2.0
// reciprocal-division: in equations, dividing by what no step changes costs one division before the loop.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace overtime::ir {
#define GEN_PASS_DEF_RECIPROCALDIVISION
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// 1 / number in its type. A product with infinity, zero or a subnormal number is no quotient.
std::optional<APFloat> normalReciprocal(const APFloat &number) {
  APFloat one(number.getSemantics(), 1);
  one.divide(number, APFloat::rmNearestTiesToEven);
  return one.isNormal() ? std::optional(one) : std::nullopt;
}

/// 1 / divisor; null for constants among which one has no normal reciprocal.
Value invert(OpBuilder &b, Location loc, Value divisor) {
  FloatAttr number;
  if (matchPattern(divisor, m_Constant(&number))) {
    std::optional<APFloat> inverse = normalReciprocal(number.getValue());
    if (!inverse)
      return {};
    return arith::ConstantOp::create(b, loc, FloatAttr::get(divisor.getType(), *inverse));
  }
  DenseFPElementsAttr numbers;
  if (matchPattern(divisor, m_Constant(&numbers))) {
    if (llvm::any_of(numbers.getValues<APFloat>(), [](const APFloat &v) { return !normalReciprocal(v); }))
      return {};
    auto type = cast<ShapedType>(divisor.getType());
    SmallVector<APFloat> inverses;
    if (numbers.isSplat())
      inverses.push_back(*normalReciprocal(numbers.getSplatValue<APFloat>()));
    else
      for (const APFloat &v : numbers.getValues<APFloat>())
        inverses.push_back(*normalReciprocal(v));
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, inverses));
  }
  return arith::DivFOp::create(b, loc, realConstant(b, loc, divisor.getType(), 1.0), divisor);
}

/// 1 / divisor, as a scalar that is splat when the divisor is uniform; null when the divisor changes in the loop, or is
/// a constant that is divided by for good reason.
Value hoistedReciprocal(arith::DivFOp div, LoopOverTimeOp loop) {
  OpBuilder outside(loop), inside(div);
  Location loc = div.getLoc();
  auto isKnown = [&](Value v) {
    return v.getDefiningOp<arith::ConstantOp>() || !loop.getBody().isAncestor(v.getParentRegion());
  };
  Value divisor = div.getRhs();
  if (isSplat(divisor)) {
    Value scalar = splatScalar(outside, divisor);
    if (!isKnown(scalar))
      return {};
    Value inverse = invert(outside, loc, scalar);
    return inverse ? tensor::SplatOp::create(inside, loc, inverse, cast<RankedTensorType>(div.getType())) : Value();
  }
  return isKnown(divisor) ? invert(outside, loc, divisor) : Value();
}

struct ReciprocalDivisionPass : overtime::ir::impl::ReciprocalDivisionBase<ReciprocalDivisionPass> {
  void runOnOperation() override {
    SmallVector<arith::DivFOp> divisions;
    getOperation().walk([&](arith::DivFOp div) {
      if (div->getParentOfType<IntegrateOp>() && div->getParentOfType<LoopOverTimeOp>())
        divisions.push_back(div);
    });
    for (arith::DivFOp div : divisions) {
      Value reciprocal = hoistedReciprocal(div, div->getParentOfType<LoopOverTimeOp>());
      if (!reciprocal)
        continue;
      OpBuilder builder(div);
      div.replaceAllUsesWith(Value(arith::MulFOp::create(builder, div.getLoc(), div.getLhs(), reciprocal)));
      div.erase();
    }
  }
};

} // namespace
