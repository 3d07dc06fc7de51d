// SPDX-License-Identifier: Apache-2.0
// Matrix products on memory that accumulate into one result.
#include "compiler/lower/products/ProductChain.h"

#include "dialect/Dyn.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace overtime::ir {

constexpr unsigned reach = 64; // operations between the parts of a chain; or a large step takes the square of its size

static bool hasUnitInnerStride(Value v) {
  auto [strides, offset] = cast<MemRefType>(v.getType()).getStridesAndOffset();
  return strides.back() == 1;
}

static bool isPlain(linalg::MatmulOp op) {
  return op.hasPureBufferSemantics() && !op.hasUserDefinedMaps() && hasUnitInnerStride(op.getInputs()[1]) &&
         hasUnitInnerStride(op.getOutputs()[0]);
}

/// The memory that a view shows, where each place in the workspace is memory of its own.
static Value placeOf(Value memory) {
  while (auto view = memory.getDefiningOp<ViewLikeOpInterface>()) {
    if (isa<memref::ViewOp>(view))
      break;
    memory = view.getViewSource();
  }
  return memory;
}

static bool writesRowInto(linalg::GenericOp op, Value out) {
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || op.getOutputs()[0] != out ||
      op.getBody()->getTerminator()->getOperand(0) != op.getBody()->getArgument(0))
    return false;
  auto type = dyn_cast<MemRefType>(op.getInputs()[0].getType());
  return type && type.getRank() == 1 && placeOf(op.getInputs()[0]) != placeOf(out) &&
         hasUnitInnerStride(op.getInputs()[0]) &&
         op.getIndexingMapsArray()[0] == AffineMap::get(2, 0, getAffineDimExpr(1, op->getContext())) &&
         op.getIndexingMapsArray()[1].isIdentity();
}

/// Whether an operation leaves the memory of a result alone; adds what it writes.
static bool leavesAlone(Operation *op, Value result, SmallVectorImpl<Value> &written) {
  auto visited = op->walk([&](Operation *inner) {
    if (isMemoryEffectFree(inner) || isa<scf::ForOp>(inner))
      return WalkResult::advance();
    auto linalg = dyn_cast<linalg::LinalgOp>(inner);
    if (!linalg || llvm::any_of(inner->getOperands(), [&](Value v) { return placeOf(v) == placeOf(result); }))
      return WalkResult::interrupt();
    for (Value v : linalg.getDpsInits())
      written.push_back(placeOf(v));
    return WalkResult::advance();
  });
  return !visited.wasInterrupted();
}

/// What writes a row into every row of the result, and may as well do so when the chain starts: nothing between them
/// touches the result or changes the row. `written`: what is written within the chain.
static linalg::GenericOp biasBefore(linalg::MatmulOp first, SmallVector<Value> written) {
  Value out = first.getOutputs()[0];
  unsigned seen = 0;
  for (Operation *op = first->getPrevNode(); op && seen < reach; op = op->getPrevNode(), ++seen) {
    if (auto bias = dyn_cast<linalg::GenericOp>(op); writesRowInto(bias, out))
      return llvm::is_contained(written, placeOf(bias.getInputs()[0])) ? linalg::GenericOp() : bias;
    if (!leavesAlone(op, out, written))
      break;
  }
  return {};
}

static bool continues(linalg::MatmulOp next, Value out) {
  return next && next.getOutputs()[0] == out && !next->hasAttr(overwriteAttr) && !next->hasAttr(addProductAttr) &&
         isPlain(next) &&
         llvm::none_of(next.getInputs(), [&](Value v) { return placeOf(v) == placeOf(out); }); // what the others leave
}

static ProductChain chainFrom(linalg::MatmulOp first) {
  ProductChain chain;
  chain.products.push_back(first);
  if (chain.addsProduct())
    return chain;
  Value out = chain.result();
  SmallVector<Value> written, writtenWithin;
  auto isWritten = [&](Value factor) { return llvm::is_contained(written, placeOf(factor)); };
  unsigned seen = 0; // since the last product
  for (Operation *op = first->getNextNode(); op && seen < reach; op = op->getNextNode(), ++seen) {
    if (auto next = dyn_cast<linalg::MatmulOp>(op); continues(next, out)) {
      // Products move down to the last one: their factors must still be there.
      if (llvm::any_of(chain.products, [&](linalg::MatmulOp p) { return llvm::any_of(p.getInputs(), isWritten); }))
        break;
      chain.products.push_back(next);
      seen = 0;
      writtenWithin = written;
    } else if (!leavesAlone(op, out, written)) {
      break;
    }
  }
  if (!chain.startsFromZero())
    chain.bias = biasBefore(first, writtenWithin);
  return chain;
}

SmallVector<ProductChain> findProductChains(Operation *root) {
  SmallVector<linalg::MatmulOp> products;
  root->walk([&](linalg::MatmulOp op) {
    if (isPlain(op))
      products.push_back(op);
  });
  llvm::DenseSet<Operation *> taken;
  SmallVector<ProductChain> chains;
  for (linalg::MatmulOp op : products) {
    if (taken.contains(op))
      continue;
    chains.push_back(chainFrom(op));
    taken.insert_range(chains.back().products);
  }
  return chains;
}

bool ProductChain::addsProduct() { return products.front()->hasAttr(addProductAttr); }

void ProductChain::erase() {
  if (bias)
    bias.erase();
  for (linalg::MatmulOp op : products)
    op.erase();
}

} // namespace overtime::ir
