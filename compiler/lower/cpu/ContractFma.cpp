// SPDX-License-Identifier: Apache-2.0
// contract-fma: products that are only added become fused multiply-adds.
#include "compiler/lower/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace overtime::ir {
#define GEN_PASS_DEF_CONTRACTFMA
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;

namespace {

arith::MulFOp onlyAdded(Value v) {
  auto product = v.getDefiningOp<arith::MulFOp>();
  return product && product->hasOneUse() ? product : arith::MulFOp();
}

void contract(Operation *op, bool subtracts) {
  Value left = op->getOperand(0), right = op->getOperand(1);
  OpBuilder b(op);
  auto negate = [&](Value v) -> Value { return arith::NegFOp::create(b, op->getLoc(), v); };
  Value a, c, addend;
  arith::MulFOp product = onlyAdded(left);
  if (product) {
    a = product.getLhs(), c = product.getRhs();
    addend = subtracts ? negate(right) : right;
  } else if ((product = onlyAdded(right))) {
    a = subtracts ? negate(product.getLhs()) : product.getLhs();
    c = product.getRhs();
    addend = left;
  } else {
    return;
  }
  Value fused = math::FmaOp::create(b, op->getLoc(), a, c, addend);
  op->getResult(0).replaceAllUsesWith(fused);
  op->erase();
  product.erase();
}

struct ContractFmaPass : overtime::ir::impl::ContractFmaBase<ContractFmaPass> {
  void runOnOperation() override {
    SmallVector<Operation *> sums;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::AddFOp, arith::SubFOp>(op))
        sums.push_back(op);
    });
    for (Operation *op : sums)
      contract(op, isa<arith::SubFOp>(op));
  }
};

} // namespace
