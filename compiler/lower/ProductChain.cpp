// SPDX-License-Identifier: Apache-2.0
// Matrix products on memory that follow each other and accumulate into one result.
#include "compiler/lower/ProductChain.h"

#include "compiler/lower/ProgramFunction.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace overtime::ir {

static bool hasUnitInnerStride(Value v) {
  auto [strides, offset] = cast<MemRefType>(v.getType()).getStridesAndOffset();
  return strides.back() == 1;
}

static bool isPlain(linalg::MatmulOp op) {
  return op.hasPureBufferSemantics() && !op.hasUserDefinedMaps() && hasUnitInnerStride(op.getInputs()[1]) &&
         hasUnitInnerStride(op.getOutputs()[0]);
}

/// The nearest operation that touches memory, ahead or behind.
static Operation *nextOnMemory(Operation *op) {
  do
    op = op->getNextNode();
  while (op && isMemoryEffectFree(op));
  return op;
}
static Operation *previousOnMemory(Operation *op) {
  do
    op = op->getPrevNode();
  while (op && isMemoryEffectFree(op));
  return op;
}

static bool writesRowInto(linalg::GenericOp op, Value out) {
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || op.getOutputs()[0] != out ||
      op.getBody()->getTerminator()->getOperand(0) != op.getBody()->getArgument(0))
    return false;
  auto type = dyn_cast<MemRefType>(op.getInputs()[0].getType());
  return type && type.getRank() == 1 && rootOf(op.getInputs()[0]) != rootOf(out) &&
         hasUnitInnerStride(op.getInputs()[0]) &&
         op.getIndexingMapsArray()[0] == AffineMap::get(2, 0, getAffineDimExpr(1, op->getContext())) &&
         op.getIndexingMapsArray()[1].isIdentity();
}

static ProductChain chainFrom(linalg::MatmulOp first) {
  ProductChain chain;
  chain.products.push_back(first);
  Value out = chain.result();
  while (auto next = dyn_cast_or_null<linalg::MatmulOp>(nextOnMemory(chain.products.back()))) {
    bool continues = next.getOutputs()[0] == out && !next->hasAttr(overwriteAttr) && isPlain(next) &&
                     llvm::none_of(next.getInputs(), [&](Value v) { return rootOf(v) == rootOf(out); });
    if (!continues) // it starts anew, or it reads what the others leave
      break;
    for (Operation *between = chain.products.back()->getNextNode(); between != next.getOperation();) {
      Operation *after = between->getNextNode();
      between->moveBefore(first);
      between = after;
    }
    chain.products.push_back(next);
  }
  auto bias = dyn_cast_or_null<linalg::GenericOp>(previousOnMemory(first));
  if (!chain.startsFromZero() && writesRowInto(bias, out))
    chain.bias = bias;
  return chain;
}

SmallVector<ProductChain> findProductChains(Operation *root) {
  llvm::SetVector<linalg::MatmulOp> open;
  root->walk([&](linalg::MatmulOp op) {
    if (isPlain(op))
      open.insert(op);
  });
  SmallVector<ProductChain> chains;
  while (!open.empty()) {
    chains.push_back(chainFrom(open.front()));
    for (linalg::MatmulOp op : chains.back().products)
      open.remove(op);
  }
  return chains;
}

void ProductChain::erase() {
  if (bias)
    bias.erase();
  for (linalg::MatmulOp op : products)
    op.erase();
}

} // namespace overtime::ir
