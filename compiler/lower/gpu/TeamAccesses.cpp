// SPDX-License-Identifier: Apache-2.0
// What operations that a team shares do to memory since its threads last waited for each other.
#include "compiler/lower/gpu/TeamAccesses.h"

#include "compiler/lower/gpu/PrivateScalars.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace overtime::ir {
namespace {

/// One row of a longer memory, at places that differ at most by the row: elements with different numbers are different
/// elements, and those with the same number belong to one thread, whichever row they are in.
bool areRows(memref::SubViewOp a, memref::SubViewOp b) {
  if (a.getMixedSizes() != b.getMixedSizes() || a.getMixedStrides() != b.getMixedStrides())
    return false;
  for (auto [size, x, y] : llvm::zip(a.getStaticSizes(), a.getMixedOffsets(), b.getMixedOffsets()))
    if (size != 1 && x != y)
      return false;
  return true;
}

/// Element e of one is element e of the other, or they are different elements and so are all others.
bool isSameView(Value a, Value b) {
  if (a == b)
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y || x->getName() != y->getName() || a.getType() != b.getType() || x->getNumOperands() == 0)
    return false;
  if (isa<memref::ReinterpretCastOp>(x)) // rows of a sequence, which are one another's only where they are the same
    return isSameView(x->getOperand(0), y->getOperand(0));
  if (auto part = dyn_cast<memref::SubViewOp>(x))
    return isSameView(part.getSource(), y->getOperand(0)) && areRows(part, cast<memref::SubViewOp>(y));
  return isa<memref::CollapseShapeOp, memref::ExpandShapeOp, memref::CastOp>(x) &&
         isSameView(x->getOperand(0), y->getOperand(0)) &&
         x->getPropertiesAsAttribute() == y->getPropertiesAsAttribute() &&
         llvm::equal(x->getOperands().drop_front(), y->getOperands().drop_front());
}

/// The memory that a matrix is columns of, where rows and parts are in place: all views of one such memory and rank
/// have an element of a row and of a column, counted modulo the tiles' columns, in the same thread.
Value matrixOf(Value view, const ColumnTiles &tiles) {
  while (Operation *op = view.getDefiningOp()) {
    if (auto cast = dyn_cast<memref::CastOp>(op)) {
      view = cast.getSource();
      continue;
    }
    auto part = dyn_cast<memref::SubViewOp>(op);
    if (!part || part.getType().getRank() != part.getSourceType().getRank() || !part.hasUnitStride())
      break;
    ArrayRef<int64_t> offsets = part.getStaticOffsets(), sizes = part.getStaticSizes();
    bool inPlace = llvm::all_of(offsets.drop_back(), [](int64_t offset) { return offset == 0; });
    int64_t first = offsets.back(); // parts of a vector are in different groups
    if (!inPlace || ShapedType::isDynamic(first) || (sizes.size() == 1 ? first != 0 : first % tiles.modulus != 0) ||
        (sizes.size() > 2 && sizes.slice(1).drop_back() != part.getSourceType().getShape().slice(1).drop_back()))
      break;
    view = part.getSource();
  }
  return view;
}

bool areColumnsOfOne(const TeamAccess &a, const TeamAccess &b, const ColumnTiles &tiles) {
  Value x = matrixOf(a.view, tiles), y = matrixOf(b.view, tiles);
  return cast<MemRefType>(a.view.getType()).getRank() == cast<MemRefType>(b.view.getType()).getRank() &&
         isSameView(x, y);
}

/// The half of a buffer in two; -1 for others.
int halfOf(Value view) {
  for (; auto part = view.getDefiningOp<ViewLikeOpInterface>(); view = part.getViewSource())
    if (auto half = part->getAttrOfType<IntegerAttr>(halfAttr))
      return int(half.getInt());
  return -1;
}

/// Numbered as the parallel loops of the operation are.
bool isOwn(linalg::LinalgOp op, OpOperand &operand) {
  return op.getNumReductionLoops() == 0 && op.getMatchingIndexingMap(&operand).isIdentity();
}

/// A reduction writes its elements as the parallel loops have them.
bool isOwnSum(linalg::LinalgOp op, OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return map.isProjectedPermutation() && map.getNumResults() == op.getNumParallelLoops() &&
         llvm::is_sorted(
             llvm::map_range(map.getResults(), [](AffineExpr e) { return cast<AffineDimExpr>(e).getPosition(); }));
}

} // namespace

TeamAccesses TeamAccesses::of(Operation *op, const std::optional<ColumnTiles> &tiles) {
  if (auto linalg = dyn_cast<linalg::LinalgOp>(op)) {
    bool columns = tiles && tiles->cut(columnsOf(linalg));
    TeamAccesses loops = ofInputs(linalg, columns);
    loops.add(ofResults(linalg, columns));
    loops.tiles = tiles;
    return loops;
  }
  TeamAccesses found;
  if (auto propagate = dyn_cast<PropagateOp>(op)) {
    found = ofEvents(propagate);
    found.add(ofSums(propagate));
    return found;
  }
  auto init = llvm::TypeSwitch<Operation *, Value>(op)
                  .Case<CollectOp, CorrelateOp, ReadDelayedOp>([](auto one) { return one.getInit(); })
                  .Default([](Operation *) { return Value(); });
  bool writesOwn = init && !isa<CorrelateOp>(op), writesAll = !init && !isa<memref::LoadOp>(op);
  for (Value operand : op->getOperands())
    found.add(operand, writesAll || operand == init, writesOwn && operand == init);
  return found;
}

TeamAccesses TeamAccesses::ofInputs(linalg::LinalgOp op, bool columns) {
  TeamAccesses found;
  for (OpOperand *operand : op.getDpsInputOperands())
    found.add(operand->get(), /*writes=*/false, isOwn(op, *operand), columns);
  return found;
}

TeamAccesses TeamAccesses::ofResults(linalg::LinalgOp op, bool columns) {
  TeamAccesses found;
  for (OpOperand &operand : op.getDpsInitsMutable())
    found.add(operand.get(), /*writes=*/true, isOwn(op, operand) || isOwnSum(op, operand), columns);
  return found;
}

TeamAccesses TeamAccesses::ofAll(Value memory, bool writes) {
  TeamAccesses found;
  found.add(memory, writes, /*own=*/false);
  return found;
}

TeamAccesses TeamAccesses::ofEvents(PropagateOp op) {
  TeamAccesses found;
  found.add(op.getEvents(), /*writes=*/false, /*own=*/true);
  for (Value array : {op.getOffsets(), op.getTargets()})
    if (array) // none where synapses are drawn
      found.add(array, /*writes=*/false, /*own=*/false);
  return found;
}

TeamAccesses TeamAccesses::ofSums(PropagateOp op) {
  TeamAccesses found;
  found.add(op.getWeights(), /*writes=*/false, /*own=*/false);
  found.add(op.getInit(), /*writes=*/true, /*own=*/true);
  return found;
}

void TeamAccesses::add(Value operand, bool writes, bool own, bool columns) {
  if (memoryType(operand) && !isPrivate(operand))
    all.push_back({rootOf(operand), operand, writes, own, columns, halfOf(operand)});
}

void TeamAccesses::add(const TeamAccesses &more) {
  all.append(more.all.begin(), more.all.end());
  if (more.tiles)
    tiles = more.tiles;
}

bool TeamAccesses::meets(const TeamAccesses &other, bool nextStep) const {
  auto areApart = [&](const TeamAccess &a, const TeamAccess &b) {
    if (a.half >= 0 && b.half >= 0 && (a.half != b.half) != nextStep)
      return true; // the halves change places from step to step
    if (!a.own || !b.own || a.columns != b.columns)
      return false;
    return isSameView(a.view, b.view) || (a.columns && areColumnsOfOne(a, b, *tiles));
  };
  for (const TeamAccess &a : all)
    for (const TeamAccess &b : other.all)
      if (a.root == b.root && (a.writes || b.writes) && !areApart(a, b))
        return true;
  return false;
}

bool TeamAccesses::touches(const TeamAccesses &other) const {
  for (const TeamAccess &a : all)
    for (const TeamAccess &b : other.all)
      if (a.root == b.root && (a.writes || b.writes))
        return true;
  return false;
}

} // namespace overtime::ir
