// SPDX-License-Identifier: Apache-2.0
// Memory of a program: where values lie, how they are read, written, cut and copied.
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace overtime::ir {

static Type storedElement(Type type) { return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type; }

MemRefType storageType(Type type, bool row) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return MemRefType::get({}, storedElement(type));
  return MemRefType::get(row ? tensor.getShape().drop_front() : tensor.getShape(),
                         storedElement(tensor.getElementType()));
}

bool isContiguous(MemRefType type) {
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t expected = 1;
  for (int64_t d = type.getRank() - 1; d >= 0; --d) {
    if (type.getDimSize(d) != 1 && strides[d] != expected)
      return false;
    expected *= type.getDimSize(d);
  }
  return true;
}

Value fromByte(OpBuilder &b, Location loc, Value v) {
  Value zero = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, zero);
}

Value cutAxis(OpBuilder &b, Location loc, Value memory, int64_t axis, OpFoldResult offset, int64_t size) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), ones(type.getRank(), b.getIndexAttr(1)), sizes;
  for (int64_t n : type.getShape())
    sizes.push_back(b.getIndexAttr(n));
  offsets[axis] = offset;
  sizes[axis] = b.getIndexAttr(size);
  return memref::SubViewOp::create(b, loc, memory, offsets, sizes, ones);
}

void shiftIndices(Operation *op, unsigned dimension, Value offset) {
  op->walk([&](linalg::IndexOp index) {
    if (index.getDim() != dimension)
      return;
    OpBuilder inner(index->getContext());
    inner.setInsertionPointAfter(index);
    auto shifted = arith::AddIOp::create(inner, index.getLoc(), index, offset);
    index.getResult().replaceAllUsesExcept(shifted, shifted);
  });
}

Value StepMemory::alloc(Location loc, Type type) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&target.getBody().front());
  return memref::AllocOp::create(b, loc, storageType(type), b.getI64IntegerAttr(64));
}

Value StepMemory::load(Location loc, Value memory) {
  Value v = memref::LoadOp::create(b, loc, memory, ValueRange{});
  return v.getType().isInteger(8) ? fromByte(b, loc, v) : v;
}

void StepMemory::store(Location loc, Value v, Value memory) {
  if (v.getType().isInteger(1))
    v = arith::ExtUIOp::create(b, loc, b.getI8Type(), v);
  memref::StoreOp::create(b, loc, v, memory, ValueRange{});
}

Value StepMemory::row(Location loc, Value base, Value k, Value stride) {
  auto type = cast<MemRefType>(base.getType());
  Value step = arith::IndexCastOp::create(b, loc, b.getIndexType(), stride);
  Value offset = arith::MulIOp::create(b, loc, k, step);
  auto [strides, zero] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> sizes, steps;
  for (auto [size, s] : llvm::zip(type.getShape(), strides)) {
    sizes.push_back(b.getIndexAttr(size));
    steps.push_back(b.getIndexAttr(s));
  }
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, strides);
  auto view = MemRefType::get(type.getShape(), type.getElementType(), layout);
  return memref::ReinterpretCastOp::create(b, loc, view, base, OpFoldResult(offset), sizes, steps);
}

void StepMemory::copy(Location loc, Value from, Value to) {
  unsigned rank = cast<MemRefType>(from.getType()).getRank();
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, loc, TypeRange{}, ValueRange{from}, ValueRange{to}, maps, iterators,
      [](OpBuilder &b, Location loc, ValueRange args) { linalg::YieldOp::create(b, loc, args[0]); });
}

Value StepMemory::part(Location loc, Value memory, const Piece &piece) {
  if (piece.whole())
    return memory;
  return cutAxis(b, loc, memory, piece.axis, b.getIndexAttr(piece.begin), piece.end - piece.begin);
}

} // namespace overtime::ir
