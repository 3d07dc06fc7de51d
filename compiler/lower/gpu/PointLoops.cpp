// SPDX-License-Identifier: Apache-2.0
// Writes a linalg operation on memory as scalar code: one point of its parallel loops at a time.
#include "compiler/lower/gpu/PointLoops.h"

#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/products/ProductChain.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace overtime::ir {

PointLoops::PointLoops(OpBuilder &b, linalg::LinalgOp op) : b(b), op(op), loc(op.getLoc()) {
  ranges = op.getStaticLoopRanges();
  for (auto [d, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::parallel)
      parallel.push_back(ranges[d]);
    else
      reductions.push_back(d);
}

int64_t PointLoops::points() const {
  int64_t n = 1;
  for (int64_t extent : parallel)
    n *= extent;
  return n;
}

SmallVector<Value> PointLoops::indicesOf(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<Value> indices;
  for (unsigned k = 0; k < map.getNumResults(); ++k)
    indices.push_back(affine::expandAffineExpr(b, loc, map.getResult(k), where, {}));
  return indices;
}

Value PointLoops::read(OpOperand &operand) {
  if (!memoryType(operand.get()))
    return operand.get();
  return memref::LoadOp::create(b, loc, operand.get(), indicesOf(operand));
}

void PointLoops::emitPoint(ValueRange place) {
  where.assign(ranges.size(), Value());
  unsigned next = 0;
  for (auto [d, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::parallel)
      where[d] = place[next++];
  SmallVector<Value> start;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    bool goesOn = op.payloadUsesValueFromOperand(&init) && !op->hasAttr(overwriteAttr) && !op->hasAttr(addProductAttr);
    auto zero = b.getZeroAttr(getElementTypeOrSelf(init.get().getType()));
    start.push_back(goesOn ? read(init) : Value(arith::ConstantOp::create(b, loc, zero)));
  }
  SmallVector<Value> results = reduce(0, start);
  for (auto [init, v] : llvm::zip(op.getDpsInitsMutable(), results)) {
    if (op->hasAttr(addProductAttr))
      v = arith::AddFOp::create(b, loc, read(init), v);
    memref::StoreOp::create(b, loc, v, init.get(), indicesOf(init));
  }
}

SmallVector<Value> PointLoops::reduce(size_t d, ValueRange accumulated) {
  if (d == reductions.size())
    return emitBody(accumulated);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  int64_t extent = ranges[reductions[d]];
  if (extent == 1) {
    where[reductions[d]] = zero;
    return reduce(d + 1, accumulated);
  }
  Value end = arith::ConstantIndexOp::create(b, loc, extent);
  auto loop = scf::ForOp::create(b, loc, zero, end, one, accumulated);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  where[reductions[d]] = loop.getInductionVar();
  scf::YieldOp::create(b, loc, reduce(d + 1, loop.getRegionIterArgs()));
  return llvm::to_vector_of<Value>(loop.getResults());
}

SmallVector<Value> PointLoops::emitBody(ValueRange accumulated) {
  Block &body = *op.getBlock();
  IRMapping map;
  unsigned inputs = op.getNumDpsInputs();
  for (auto [k, operand] : llvm::enumerate(op->getOpOperands())) {
    BlockArgument argument = body.getArgument(k);
    if (!argument.use_empty())
      map.map(argument, k < inputs ? read(operand) : accumulated[k - inputs]);
  }
  for (Operation &inner : body.without_terminator())
    if (auto index = dyn_cast<linalg::IndexOp>(inner))
      map.map(index.getResult(), where[index.getDim()]);
    else
      b.clone(inner, map);
  SmallVector<Value> results;
  for (Value v : body.getTerminator()->getOperands())
    results.push_back(map.lookupOrDefault(v));
  return results;
}

} // namespace overtime::ir
