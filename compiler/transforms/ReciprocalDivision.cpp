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

/// 1 / divisor, as a scalar that is splat when the divisor is uniform; null when the divisor changes in the loop.
Value hoistedReciprocal(arith::DivFOp div, LoopOverTimeOp loop) {
  OpBuilder outside(loop), inside(div);
  auto invert = [&](OpBuilder &b, Value v) -> Value {
    FloatAttr number;
    if (matchPattern(v, m_Constant(&number)))
      return realConstant(b, div.getLoc(), v.getType(), 1.0 / number.getValueAsDouble());
    return arith::DivFOp::create(b, div.getLoc(), realConstant(b, div.getLoc(), v.getType(), 1.0), v);
  };
  auto isOutside = [&](Value v) { return !loop.getBody().isAncestor(v.getParentRegion()); };
  Value divisor = div.getRhs();
  if (isSplat(divisor)) {
    Value scalar = splatScalar(outside, divisor);
    if (!isOutside(scalar))
      return {};
    return tensor::SplatOp::create(inside, div.getLoc(), invert(outside, scalar),
                                   cast<RankedTensorType>(div.getType()));
  }
  if (Operation *constant = divisor.getDefiningOp<arith::ConstantOp>())
    return invert(outside, outside.clone(*constant)->getResult(0));
  return isOutside(divisor) ? invert(outside, divisor) : Value();
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
