// SPDX-License-Identifier: Apache-2.0
// mark-events: products whose left factor may be mostly zeros.
#include "compiler/transforms/Passes.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

namespace overtime::ir {
#define GEN_PASS_DEF_MARKEVENTS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// The tensor whose elements these are, in another order or shape.
Value elementsOf(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (!isa<linalg::TransposeOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    v = op->getOperand(0);
  }
  return v;
}

/// 1 where a condition holds, else 0.
bool isSpikes(Value v) {
  if (auto choice = v.getDefiningOp<arith::SelectOp>())
    return matchPattern(choice.getTrueValue(), m_OneFloat()) && matchPattern(choice.getFalseValue(), m_AnyZeroFloat());
  auto number = v.getDefiningOp<arith::UIToFPOp>();
  return number && getElementTypeOrSelf(number.getIn().getType()).isInteger(1);
}

bool mayBeEvents(Value v) {
  v = elementsOf(v);
  auto argument = dyn_cast<BlockArgument>(v);
  auto loop = argument ? dyn_cast<LoopOverTimeOp>(argument.getOwner()->getParentOp()) : LoopOverTimeOp();
  if (!loop)
    return isSpikes(v);
  for (auto [state, next] : llvm::zip(loop.carried(), loop.nextCarried()))
    if (state == argument)
      return isSpikes(elementsOf(next));
  return llvm::is_contained(loop.slices(), argument);
}

struct MarkEventsPass : overtime::ir::impl::MarkEventsBase<MarkEventsPass> {
  void runOnOperation() override {
    getOperation().walk([&](linalg::MatmulOp product) {
      if (mayBeEvents(product.getInputs()[0]))
        product->setAttr(eventsAttr, UnitAttr::get(&getContext()));
    });
  }
};

} // namespace
