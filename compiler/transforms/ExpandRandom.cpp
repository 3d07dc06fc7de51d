// SPDX-License-Identifier: Apache-2.0
// expand-random: dyn.random on a tensor becomes a draw for each element.
#include "compiler/transforms/Passes.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace overtime::ir {
#define GEN_PASS_DEF_EXPANDRANDOM
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

Value expand(OpBuilder &builder, RandomOp op, RankedTensorType tensor) {
  Location loc = op.getLoc();
  Value empty = tensor::EmptyOp::create(builder, loc, tensor.getShape(), tensor.getElementType());
  SmallVector<AffineMap> maps = {builder.getMultiDimIdentityMap(tensor.getRank())};
  SmallVector<utils::IteratorType> iterators(tensor.getRank(), utils::IteratorType::parallel);
  auto body = [&](OpBuilder &b, Location loc, ValueRange) {
    SmallVector<Value> indices;
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      indices.push_back(linalg::IndexOp::create(b, loc, d));
    Value drawn =
        RandomOp::create(b, loc, tensor.getElementType(), op.getDistributionAttr(), op.getSeed(), op.getStep(),
                         op.getStreamAttr(), indices, b.getDenseI64ArrayAttr(tensor.getShape()));
    linalg::YieldOp::create(b, loc, drawn);
  };
  return linalg::GenericOp::create(builder, loc, TypeRange{tensor}, ValueRange{}, ValueRange{empty}, maps, iterators,
                                   body)
      .getResult(0);
}

struct ExpandRandomPass : overtime::ir::impl::ExpandRandomBase<ExpandRandomPass> {
  void runOnOperation() override {
    getOperation().walk([](RandomOp op) {
      auto tensor = dyn_cast<RankedTensorType>(op.getType());
      if (!tensor)
        return;
      OpBuilder builder(op);
      op.replaceAllUsesWith(expand(builder, op, tensor));
      op.erase();
    });
  }
};

} // namespace
