// SPDX-License-Identifier: Apache-2.0
// scalarize-uniform: elementwise work on splats is done once, on scalars.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace overtime::ir {
#define GEN_PASS_DEF_SCALARIZEUNIFORM
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// The same operation on the scalars that fill its operands.
Value onScalars(OpBuilder &builder, Operation *op) {
  SmallVector<Value> scalars;
  for (Value v : op->getOperands())
    scalars.push_back(isa<ShapedType>(v.getType()) ? splatScalar(builder, v) : v);
  OperationState state(op->getLoc(), op->getName());
  state.addOperands(scalars);
  state.addAttributes(op->getAttrs());
  state.addTypes(getElementTypeOrSelf(op->getResult(0).getType()));
  return builder.create(state)->getResult(0);
}

bool allUniform(Operation *op) {
  return llvm::all_of(op->getOperands(), [](Value v) { return !isa<ShapedType>(v.getType()) || isSplat(v); });
}

struct ScalarizeUniformPass : overtime::ir::impl::ScalarizeUniformBase<ScalarizeUniformPass> {
  void runOnOperation() override {
    SmallVector<Operation *> candidates; // operands before users, so that splats propagate in one sweep
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType()) &&
          (isElementwise(op) || isa<linalg::BroadcastOp>(op)))
        candidates.push_back(op);
    });
    for (Operation *op : candidates) {
      OpBuilder builder(op);
      if (auto broadcast = dyn_cast<linalg::BroadcastOp>(op)) {
        if (isSplat(broadcast.getInput()))
          replace(builder, op, splatScalar(builder, broadcast.getInput()));
      } else if (allUniform(op)) {
        replace(builder, op, onScalars(builder, op));
      }
    }
  }

  static void replace(OpBuilder &builder, Operation *op, Value scalar) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    op->getResult(0).replaceAllUsesWith(tensor::SplatOp::create(builder, op->getLoc(), scalar, type));
    op->erase();
  }
};

} // namespace
