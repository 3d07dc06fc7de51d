// SPDX-License-Identifier: Apache-2.0
// accumulate-products: a sum of matrix products and a bias becomes one accumulation.
#include "compiler/transforms/Passes.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

namespace overtime::ir {
#define GEN_PASS_DEF_ACCUMULATEPRODUCTS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// A product of this block that starts from zero and that nothing but the sum reads.
linalg::MatmulOp productOf(Value v, Block *block) {
  if (v.getParentBlock() != block) // computed once, before the loop
    return {};
  auto product = v.getDefiningOp<linalg::MatmulOp>();
  auto zero = product ? product.getOutputs()[0].getDefiningOp<linalg::FillOp>() : linalg::FillOp();
  bool fresh = zero && matchPattern(zero.getInputs()[0], m_AnyZeroFloat());
  return fresh && v.hasOneUse() && !product.hasUserDefinedMaps() ? product : linalg::MatmulOp();
}

/// The same row for every row of the result.
bool isBias(Value v) {
  auto broadcast = v.getDefiningOp<linalg::BroadcastOp>();
  return broadcast && broadcast.getDimensions() == ArrayRef<int64_t>{0} &&
         cast<RankedTensorType>(broadcast.getInput().getType()).getRank() == 1;
}

bool isInnerSum(Value v, Block *block) {
  return v.getDefiningOp<arith::AddFOp>() && v.hasOneUse() && v.getParentBlock() == block;
}

/// Whether a value changes with the carried states of its loop.
bool readsState(Value v) {
  llvm::SetVector<Value> seen;
  seen.insert(v);
  for (size_t k = 0; k < seen.size(); ++k) {
    if (auto argument = dyn_cast<BlockArgument>(seen[k])) {
      auto loop = dyn_cast<LoopOverTimeOp>(argument.getOwner()->getParentOp());
      if (loop && llvm::is_contained(loop.carried(), argument))
        return true;
    } else {
      for (Value operand : seen[k].getDefiningOp()->getOperands())
        seen.insert(operand);
    }
  }
  return false;
}

/// The terms of a tree of additions.
struct Sum {
  explicit Sum(Block *block) : block(block) {}
  Block *block;
  SmallVector<linalg::MatmulOp> products;
  Value bias;
  SmallVector<Value> others;

  void add(Value v) {
    if (isInnerSum(v, block)) {
      auto sum = v.getDefiningOp<arith::AddFOp>();
      add(sum.getLhs());
      add(sum.getRhs());
    } else if (linalg::MatmulOp product = productOf(v, block)) {
      products.push_back(product);
    } else if (isBias(v) && !bias) {
      bias = v;
    } else {
      others.push_back(v);
    }
  }
};

/// The carried value that a sum adds one product to and becomes the next of, as the gradient by a weight does.
Value runningTotal(const Sum &sum, arith::AddFOp op) {
  if (sum.products.size() != 1 || sum.bias || sum.others.size() != 1)
    return {};
  auto total = dyn_cast<BlockArgument>(sum.others.front());
  auto loop = dyn_cast<LoopOverTimeOp>(op->getParentOp());
  if (!total || !loop)
    return {};
  for (auto [argument, next] : llvm::zip(loop.carried(), loop.nextCarried()))
    if (argument == total && next == op.getResult())
      return total;
  return {};
}

struct AccumulateProductsPass : overtime::ir::impl::AccumulateProductsBase<AccumulateProductsPass> {
  void runOnOperation() override {
    SmallVector<arith::AddFOp> sums;
    getOperation().walk([&](arith::AddFOp op) {
      auto type = dyn_cast<RankedTensorType>(op.getType());
      bool inner = op->hasOneUse() && isa<arith::AddFOp>(*op->user_begin());
      if (type && type.getRank() == 2 && !inner)
        sums.push_back(op);
    });
    for (arith::AddFOp op : sums)
      rewrite(op);
  }

  static void rewrite(arith::AddFOp op) {
    Sum sum(op->getBlock());
    sum.add(op.getLhs());
    sum.add(op.getRhs());
    if (sum.products.empty())
      return;
    if (Value total = runningTotal(sum, op)) {
      OpBuilder b(op);
      linalg::MatmulOp product = sum.products.front();
      auto added = linalg::MatmulOp::create(b, product.getLoc(), op->getResultTypes(), product.getInputs(), total);
      added->setAttr(addProductAttr, b.getUnitAttr());
      op.replaceAllUsesWith(added.getResult(0));
      op.erase();
      return;
    }
    if (sum.products.size() + bool(sum.bias) < 2)
      return;
    // What does not wait for the carried states comes first.
    SmallVector<linalg::MatmulOp> products, waiting;
    for (linalg::MatmulOp product : sum.products)
      (llvm::any_of(product.getInputs(), readsState) ? waiting : products).push_back(product);
    products.append(waiting);
    OpBuilder b(op);
    // The bias stands where the accumulation starts, also when it was broadcast before the loop: lower-matmul takes it
    // in.
    Value total = sum.bias ? b.clone(*sum.bias.getDefiningOp())->getResult(0) : products.front().getOutputs()[0];
    for (linalg::MatmulOp product : products)
      total =
          linalg::MatmulOp::create(b, product.getLoc(), op->getResultTypes(), product.getInputs(), total).getResult(0);
    for (Value other : sum.others)
      total = arith::AddFOp::create(b, op.getLoc(), total, other);
    op.replaceAllUsesWith(total);
    op.erase();
  }
};

} // namespace
