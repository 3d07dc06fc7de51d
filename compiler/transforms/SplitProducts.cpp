// SPDX-License-Identifier: Apache-2.0
// split-products: a product that is only read in parts, each of which is added to another product, is computed in
// parts.
//
// Gates that lie side by side share the product with the input, x W + b, while their recurrent products differ: a gated
// recurrent unit resets the state before one of them. In parts, each goes on accumulating in its own recurrent product
// (accumulate-products), and the whole is never stored.
#include "compiler/transforms/Passes.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace overtime::ir {
#define GEN_PASS_DEF_SPLITPRODUCTS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

using Slice = tensor::ExtractSliceOp;

/// Columns [first, end) of all rows.
struct Columns {
  int64_t first, end;
};

std::optional<Columns> columnsOf(Slice slice) {
  if (slice.getType().getRank() != 2 || slice.getSourceType().getRank() != 2 || !slice.hasUnitStride() ||
      llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic) || !slice.getType().hasStaticShape() ||
      slice.getStaticOffset(0) != 0 || slice.getType().getDimSize(0) != slice.getSourceType().getDimSize(0))
    return std::nullopt;
  return Columns{slice.getStaticOffset(1), slice.getStaticOffset(1) + slice.getType().getDimSize(1)};
}

/// A sum of products and rows: what can be computed for some columns alone.
bool isDivisible(Value v, Block *block, bool whole = true) {
  Operation *op = v.getDefiningOp();
  if (auto row = dyn_cast_or_null<linalg::BroadcastOp>(op))
    return row.getDimensions() == ArrayRef<int64_t>{0} && row.getInput().getType().getRank() == 1;
  if (!op || op->getBlock() != block || !(whole || op->hasOneUse()))
    return false;
  if (auto sum = dyn_cast<arith::AddFOp>(op))
    return isDivisible(sum.getLhs(), block, false) && isDivisible(sum.getRhs(), block, false);
  auto product = dyn_cast<linalg::MatmulOp>(op);
  return product && !product.hasUserDefinedMaps() && product.getOutputs()[0].getDefiningOp<linalg::FillOp>();
}

bool hasProduct(Value v) {
  if (auto sum = v.getDefiningOp<arith::AddFOp>())
    return hasProduct(sum.getLhs()) || hasProduct(sum.getRhs());
  return bool(v.getDefiningOp<linalg::MatmulOp>());
}

/// Something with a product of its own is added to the slice, and nothing else is done with it.
bool joinsAnotherProduct(Slice slice) {
  auto sum = slice->hasOneUse() ? dyn_cast<arith::AddFOp>(*slice->user_begin()) : arith::AddFOp();
  return sum && hasProduct(sum.getLhs() == slice.getResult() ? sum.getRhs() : sum.getLhs());
}

/// The slices that a value is read in, when there is nothing else and no column is read twice.
SmallVector<Slice> partsOf(Value v) {
  SmallVector<Slice> parts;
  SmallVector<Columns> taken;
  for (Operation *user : v.getUsers()) {
    auto slice = dyn_cast<Slice>(user);
    std::optional<Columns> columns = slice ? columnsOf(slice) : std::nullopt;
    if (!columns || slice->getBlock() != v.getParentBlock() || !joinsAnotherProduct(slice) ||
        llvm::any_of(taken, [&](Columns c) { return columns->first < c.end && c.first < columns->end; }))
      return {};
    parts.push_back(slice);
    taken.push_back(*columns);
  }
  llvm::sort(parts, [](Slice x, Slice y) { return columnsOf(x)->first < columnsOf(y)->first; });
  return parts;
}

/// Writes a divisible value again for the columns of one slice.
class Part {
public:
  explicit Part(Slice slice) : slice(slice), b(slice), columns(*columnsOf(slice)) {}

  void run() {
    slice.replaceAllUsesWith(write(slice.getSource()));
    slice.erase();
  }

private:
  Value write(Value v) {
    Operation *op = v.getDefiningOp();
    if (auto sum = dyn_cast<arith::AddFOp>(op)) {
      Value lhs = write(sum.getLhs()), rhs = write(sum.getRhs());
      return arith::AddFOp::create(b, sum.getLoc(), lhs, rhs);
    }
    Location loc = op->getLoc();
    Value empty = tensor::EmptyOp::create(b, loc, slice.getType().getShape(), slice.getType().getElementType());
    if (auto row = dyn_cast<linalg::BroadcastOp>(op))
      return linalg::BroadcastOp::create(b, loc, cut(row.getInput()), empty, row.getDimensions()).getResult()[0];
    auto product = cast<linalg::MatmulOp>(op);
    Value zero = product.getOutputs()[0].getDefiningOp<linalg::FillOp>().getInputs()[0];
    Value start = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
    return linalg::MatmulOp::create(b, loc, TypeRange{slice.getType()},
                                    ValueRange{product.getInputs()[0], cut(product.getInputs()[1])}, ValueRange{start})
        .getResult(0);
  }

  /// The columns of a factor or a row, before the loop when it is known there.
  Value cut(Value v) {
    OpBuilder::InsertionGuard guard(b);
    auto loop = slice->getParentOfType<LoopOverTimeOp>();
    if (loop && !loop->isAncestor(v.getParentBlock()->getParentOp()))
      b.setInsertionPoint(loop);
    auto type = cast<RankedTensorType>(v.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), strides(type.getRank(), b.getIndexAttr(1)),
        sizes = tensor::getMixedSizes(b, v.getLoc(), v);
    offsets.back() = b.getIndexAttr(columns.first);
    sizes.back() = b.getIndexAttr(columns.end - columns.first);
    return Slice::create(b, v.getLoc(), v, offsets, sizes, strides);
  }

  Slice slice;
  OpBuilder b;
  Columns columns;
};

struct SplitProductsPass : overtime::ir::impl::SplitProductsBase<SplitProductsPass> {
  void runOnOperation() override {
    SmallVector<Slice> slices;
    getOperation().walk([&](Operation *op) {
      if (!isa<arith::AddFOp, linalg::MatmulOp>(op) || !isDivisible(op->getResult(0), op->getBlock()))
        return;
      if (hasProduct(op->getResult(0)))
        slices.append(partsOf(op->getResult(0)));
    });
    for (Slice slice : slices)
      Part(slice).run();
  }
};

} // namespace
