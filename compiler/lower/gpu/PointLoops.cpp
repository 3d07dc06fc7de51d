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
#include "mlir/Dialect/Vector/IR/VectorOps.h"
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

Value PointLoops::readLane(Value memory, ArrayRef<Value> place, int64_t lane, int64_t lanes) {
  auto same = [&](const Known &one) { return one.memory == memory && ArrayRef(one.place) == place; };
  const Known *found = llvm::find_if(known, same);
  if (found == known.end()) {
    Type element = cast<MemRefType>(memory.getType()).getElementType();
    Value v;
    if (lanes == 1)
      v = memref::LoadOp::create(b, loc, memory, place);
    else
      v = vector::LoadOp::create(b, loc, VectorType::get({lanes}, element), memory, place, /*nontemporal=*/false,
                                 llvm::MaybeAlign(lanes * element.getIntOrFloatBitWidth() / 8));
    known.push_back({memory, llvm::to_vector(place), v});
    found = &known.back();
  }
  return lanes == 1 ? found->v : Value(vector::ExtractOp::create(b, loc, found->v, lane));
}

bool hasVectorsInRows(Value memory, int64_t count) {
  while (auto part = memory.getDefiningOp<memref::SubViewOp>()) {
    int64_t last = part.getStaticOffsets().back();
    if (ShapedType::isDynamic(last) || last % count != 0 || part.getStaticStrides().back() != 1 ||
        part.getStaticSizes().back() != part.getType().getShape().back()) // the last axis is another one
      return false;
    memory = part.getSource();
  }
  return (memory.getDefiningOp<memref::AllocOp>() || memory.getDefiningOp<memref::ViewOp>()) &&
         cast<MemRefType>(memory.getType()).getShape().back() % count == 0;
}

/// Whether the terms of a pass are neighbours of one another in the memory of an operand.
bool PointLoops::hasVectorsOfTerms(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return terms > 1 && map.getResults().back() == b.getAffineDimExpr(reductions.back()) &&
         cast<MemRefType>(operand.get().getType()).getElementTypeBitWidth() * terms <= 256 &&
         hasVectorsInRows(operand.get(), terms);
}

Value PointLoops::readInput(OpOperand &operand, const Point &point) {
  Value memory = operand.get();
  auto copy = copies.find(operand.getOperandNumber());
  if (copy != copies.end())
    return readLane(copy->second.memory, {where[copy->second.reduction], point.column, point.firstPart}, point.part,
                    point.parts);
  if (!memoryType(memory) || !op.getMatchingIndexingMap(&operand).isProjectedPermutation())
    return read(operand);
  SmallVector<Value> place = indicesOf(operand);
  if (place.empty() || !hasVectorsOfTerms(operand))
    return readLane(memory, place, 0, 1);
  place.back() = firstTerm;
  return readLane(memory, place, term, terms);
}

void PointLoops::moveTo(const Point &point) {
  unsigned next = 0;
  for (auto [d, kind] : llvm::enumerate(op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::parallel)
      where[d] = point.place[next++];
}

void PointLoops::emitTile(ArrayRef<Point> points, int64_t unroll) {
  tile = points;
  this->unroll = unroll;
  known.clear();
  terms = 1;
  where.assign(ranges.size(), Value());
  SmallVector<Value> start;
  for (const Point &point : points) {
    moveTo(point);
    for (OpOperand &init : op.getDpsInitsMutable()) {
      bool goesOn =
          op.payloadUsesValueFromOperand(&init) && !op->hasAttr(overwriteAttr) && !op->hasAttr(addProductAttr);
      auto zero = b.getZeroAttr(getElementTypeOrSelf(init.get().getType()));
      start.push_back(goesOn ? read(init) : Value(arith::ConstantOp::create(b, loc, zero)));
    }
  }
  SmallVector<Value> results = reduce(0, start);
  const Value *result = results.begin();
  for (const Point &point : points) {
    moveTo(point);
    for (OpOperand &init : op.getDpsInitsMutable()) {
      Value v = *result++;
      if (op->hasAttr(addProductAttr))
        v = arith::AddFOp::create(b, loc, read(init), v);
      memref::StoreOp::create(b, loc, v, init.get(), indicesOf(init));
    }
  }
}

SmallVector<Value> PointLoops::reduce(size_t d, ValueRange accumulated) {
  if (d == reductions.size())
    return emitTerms(accumulated);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
  int64_t extent = ranges[reductions[d]];
  if (extent == 1) {
    where[reductions[d]] = zero;
    return reduce(d + 1, accumulated);
  }
  bool innermost = d + 1 == reductions.size();
  terms = innermost && extent % unroll == 0 ? unroll : 1;
  Value end = arith::ConstantIndexOp::create(b, loc, extent);
  Value step = terms == 1 ? one : Value(arith::ConstantIndexOp::create(b, loc, terms));
  auto loop = scf::ForOp::create(b, loc, zero, end, step, accumulated);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> sums = llvm::to_vector_of<Value>(loop.getRegionIterArgs());
  firstTerm = loop.getInductionVar();
  known.clear();
  int64_t count = terms;
  for (int64_t k = 0; k < count; ++k) {
    Value number = loop.getInductionVar();
    if (k > 0)
      number = arith::AddIOp::create(b, loc, number, arith::ConstantIndexOp::create(b, loc, k));
    where[reductions[d]] = number;
    term = k;
    sums = reduce(d + 1, sums);
  }
  scf::YieldOp::create(b, loc, sums);
  return llvm::to_vector_of<Value>(loop.getResults());
}

Value PointLoops::emitTerms(ValueRange place, Value first, int64_t step, Value start) {
  where.assign(ranges.size(), Value());
  Point point{llvm::to_vector(place)};
  moveTo(point);
  int64_t terms = 1;
  for (unsigned d : reductions)
    terms *= ranges[d];
  auto i32 = [&](int64_t v) -> Value { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v))); };
  auto loop = scf::ForOp::create(b, loc, first, i32(terms), i32(step), ValueRange{start});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value number = loop.getInductionVar();
  for (size_t k = reductions.size(); k-- > 0;) {
    Value coordinate = number;
    if (k > 0) {
      Value extent = i32(ranges[reductions[k]]);
      coordinate = arith::RemUIOp::create(b, loc, number, extent);
      number = arith::DivUIOp::create(b, loc, number, extent);
    }
    where[reductions[k]] = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), coordinate);
  }
  known.clear();
  this->terms = 1;
  scf::YieldOp::create(b, loc, emitBody(point, loop.getRegionIterArgs()));
  return loop.getResult(0);
}

SmallVector<Value> PointLoops::emitTerms(ValueRange accumulated) {
  SmallVector<Value> sums;
  size_t each = accumulated.size() / tile.size();
  for (auto [k, point] : llvm::enumerate(tile)) {
    moveTo(point);
    sums.append(emitBody(point, accumulated.slice(k * each, each)));
  }
  return sums;
}

SmallVector<Value> PointLoops::emitBody(const Point &point, ValueRange accumulated) {
  Block &body = *op.getBlock();
  IRMapping map;
  unsigned inputs = op.getNumDpsInputs();
  for (auto [k, operand] : llvm::enumerate(op->getOpOperands())) {
    BlockArgument argument = body.getArgument(k);
    if (!argument.use_empty())
      map.map(argument, k < inputs ? readInput(operand, point) : accumulated[k - inputs]);
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
