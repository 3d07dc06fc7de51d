// SPDX-License-Identifier: Apache-2.0
// Copies of weights in panels: made once before a loop over time, read by all products that share them.
#include "compiler/lower/products/WeightPanels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace overtime::ir {

/// Copying pays once this many rows have passed, in at least fewSteps steps: for 128 -> 256 and batches of 1, 32 and
/// 128 after about 50, 20 and 4 steps.
constexpr int64_t fewRows = 512, fewSteps = 4;

static MemRefType typeOf(Value v) { return cast<MemRefType>(v.getType()); }

static Operation *outermostAround(scf::ForOp time) {
  Operation *outermost = time;
  while (!isa<func::FuncOp>(outermost->getParentOp()))
    outermost = outermost->getParentOp();
  return outermost;
}

/// Nothing but operations on elements looks at it, or at a part of it, and none of them writes.
static bool isOnlyRead(Value v) {
  return llvm::all_of(v.getUsers(), [&](Operation *user) {
    if (auto part = dyn_cast<memref::SubViewOp>(user))
      return isOnlyRead(part);
    auto linalg = dyn_cast<linalg::LinalgOp>(user);
    return linalg && !llvm::is_contained(linalg.getDpsInits(), v);
  });
}

/// The array that a matrix is some columns of, or itself.
static Value arrayOf(Value matrix) {
  auto part = matrix.getDefiningOp<memref::SubViewOp>();
  return part ? part.getSource() : matrix;
}

/// Memory of the program that is written before the loop over time and read in it.
static bool isWrittenBefore(memref::AllocOp alloc, scf::ForOp time) {
  Operation *loop = outermostAround(time);
  return alloc && llvm::all_of(alloc->getUsers(), [&](Operation *user) {
           auto linalg = dyn_cast<linalg::LinalgOp>(user);
           if (!linalg)
             return false;
           bool writes = llvm::is_contained(linalg.getDpsInits(), alloc.getResult());
           return !writes || (user->getBlock() == loop->getBlock() && user->isBeforeInBlock(loop));
         });
}

bool isFixed(Value matrix, scf::ForOp time) {
  Value array = arrayOf(matrix);
  if (!typeOf(array).getLayout().isIdentity() || typeOf(array).getRank() != 2)
    return false;
  auto argument = dyn_cast<BlockArgument>(array);
  if (!argument)
    return array == matrix && isWrittenBefore(array.getDefiningOp<memref::AllocOp>(), time);
  if (!isa<func::FuncOp>(argument.getOwner()->getParentOp()) || !isOnlyRead(argument))
    return false;
  auto [strides, offset] = typeOf(matrix).getStridesAndOffset();
  return matrix.getParentBlock() == argument.getOwner() && !ShapedType::isDynamic(offset) &&
         typeOf(matrix).getDimSize(0) == typeOf(argument).getDimSize(0);
}

Value columnsOf(OpBuilder &b, Location loc, Value matrix, Value first, int64_t count) {
  SmallVector<OpFoldResult> offsets = {b.getIndexAttr(0), first}, strides(2, b.getIndexAttr(1)),
                            sizes = {b.getIndexAttr(typeOf(matrix).getDimSize(0)), b.getIndexAttr(count)};
  return memref::SubViewOp::create(b, loc, matrix, offsets, sizes, strides);
}

Value Panels::at(OpBuilder &b, Location loc, Value column) const {
  Value offset = arith::MulIOp::create(b, loc, column, panel);
  offset = arith::AddIOp::create(b, loc, start, offset);
  auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {ShapedType::kDynamic, 1});
  auto type = MemRefType::get({inner, width}, typeOf(memory).getElementType(), layout);
  return memref::ReinterpretCastOp::create(b, loc, type, memory, OpFoldResult(offset),
                                           {b.getIndexAttr(inner), b.getIndexAttr(width)},
                                           {OpFoldResult(row), b.getIndexAttr(1)});
}

WeightPanels::WeightPanels(scf::ForOp time) : time(time), b(outermostAround(time)), loc(time.getLoc()) {}

Value WeightPanels::index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

Value WeightPanels::choose(Value many, int64_t packed, int64_t given) {
  return packed == given ? index(given) : arith::SelectOp::create(b, loc, many, index(packed), index(given));
}

Panels WeightPanels::of(Value matrix, int64_t width, int64_t rows) {
  auto [strides, offset] = typeOf(matrix).getStridesAndOffset();
  // Columns that begin where a panel does are found in the panels of the whole array, with those of other products.
  bool shared = offset % width == 0;
  const Copy &copy = copyOf(shared ? arrayOf(matrix) : matrix, width, rows);
  int64_t inner = typeOf(matrix).getDimSize(0);
  auto flat = MemRefType::get({ShapedType::kDynamic}, typeOf(matrix).getElementType());
  SmallVector<ReassociationIndices> all = {{0, 1}};
  Value given = memref::CollapseShapeOp::create(b, loc, arrayOf(matrix), all);
  given = memref::CastOp::create(b, loc, flat, given);
  Value packed = memref::CastOp::create(b, loc, flat, copy.memory);
  return {arith::SelectOp::create(b, loc, copy.many, packed, given),
          choose(copy.many, shared ? offset * inner : 0, offset),
          choose(copy.many, inner, 1),
          choose(copy.many, width, strides[0]),
          inner,
          width};
}

const WeightPanels::Copy &WeightPanels::copyOf(Value matrix, int64_t width, int64_t rows) {
  for (const Copy &copy : copies)
    if (copy.matrix == matrix && copy.width == width && copy.rows == rows)
      return copy;
  int64_t few = std::max(fewSteps, fewRows / rows);
  Value many = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, time.getUpperBound(), index(few));
  int64_t whole = typeOf(matrix).getDimSize(1) / width * width;
  Value memory = memref::AllocOp::create(
      b, loc, MemRefType::get({typeOf(matrix).getDimSize(0) * whole}, typeOf(matrix).getElementType()));
  auto ifMany = scf::IfOp::create(b, loc, many, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(ifMany.thenBlock()->getTerminator());
  fill(memory, matrix, width);
  copies.push_back({matrix, many, memory, width, rows});
  return copies.back();
}

void WeightPanels::fill(Value packed, Value matrix, int64_t width) {
  int64_t inner = typeOf(matrix).getDimSize(0), whole = typeOf(matrix).getDimSize(1) / width * width;
  Panels panels{packed, index(0), index(inner), index(width), inner, width};
  auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(width));
  b.setInsertionPoint(loop.getBody()->getTerminator());
  Value first = loop.getInductionVar();
  AffineMap same = b.getMultiDimIdentityMap(2);
  linalg::GenericOp::create(
      b, loc, columnsOf(b, loc, matrix, first, width), panels.at(b, loc, first), ArrayRef<AffineMap>{same, same},
      SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
      [](OpBuilder &body, Location at, ValueRange v) { linalg::YieldOp::create(body, at, v[0]); });
}

} // namespace overtime::ir
