// SPDX-License-Identifier: Apache-2.0
// split-lanes: where no step mixes elements of a dimension, that dimension goes outside the loop over time.
#include "compiler/lower/Passes.h"
#include "compiler/lower/gpu/columns/ColumnTiles.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"
#include "compiler/lower/threads/LaneAnalysis.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace overtime::ir {
#define GEN_PASS_DEF_SPLITLANES
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// Stores of scalars that a loop over time carries; nothing where its results have other uses too.
SmallVector<Operation *> storesOf(scf::ForOp time) {
  SmallVector<Operation *> stores;
  for (Operation *user : time->getUsers())
    if (isa<memref::StoreOp>(user) && user->getBlock() == time->getBlock())
      stores.push_back(user);
    else
      return {};
  llvm::sort(stores, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return stores;
}

/// Writes the loop over time again for one tile of lanes.
class Tile {
public:
  Tile(OpBuilder &b, const LaneAnalysis &lanes, scf::ForOp time, Value first, int64_t size)
      : b(b), lanes(lanes), time(time), first(first), size(size) {}

  void write() {
    auto copy = scf::ForOp::create(b, time.getLoc(), time.getLowerBound(), time.getUpperBound(), time.getStep(),
                                   time.getInitArgs());
    copy->setAttr(timeLoopAttr, b.getUnitAttr());
    // Memory from outside is cut before the loop; scratch memory becomes as small as the tile.
    b.setInsertionPoint(copy);
    for (Value memory : lanes.outside())
      map.map(memory, memory.getDefiningOp<memref::AllocOp>() && lanes.isScratch(memory) ? scratch(memory)
                                                                                         : cut(memory, memory));
    b.setInsertionPointToStart(copy.getBody());
    map.map(time.getBody()->getArguments(), copy.getBody()->getArguments());
    for (Operation &op : time.getBody()->without_terminator())
      writeOp(op);
    if (time.getNumResults() > 0)
      b.clone(*time.getBody()->getTerminator(), map);
    b.setInsertionPointAfter(copy);
    map.map(time.getResults(), copy.getResults());
    storeAfterAll();
  }

private:
  /// What scalars are in the end, which is the same for every part: of those that run, one writes it.
  void storeAfterAll() {
    for (Operation *store : storesOf(time))
      b.clone(*store, map)->setAttr(afterAllAttr, b.getUnitAttr());
  }

  SmallVector<int64_t> tileShape(MemRefType type, unsigned axis) {
    SmallVector<int64_t> shape(type.getShape());
    shape[axis] = size;
    return shape;
  }

  /// The tile's lanes of memory that is `original` in the loop over all of them.
  Value cut(Value original, Value memory) {
    std::optional<unsigned> axis = lanes.axisOf(original);
    if (!axis)
      return memory;
    return cutAxis(b, memory.getLoc(), memory, *axis, first, size);
  }

  Value scratch(Value memory) {
    auto alloc = memory.getDefiningOp<memref::AllocOp>();
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(alloc);
    auto type = cast<MemRefType>(memory.getType());
    auto small = MemRefType::get(tileShape(type, *lanes.axisOf(memory)), type.getElementType());
    return memref::AllocOp::create(b, alloc.getLoc(), small, alloc.getAlignmentAttr());
  }

  void writeOp(Operation &op) {
    if (auto view = dyn_cast<memref::SubViewOp>(op)) {
      map.map(view.getResult(), subview(view));
    } else if (auto view = dyn_cast<memref::CollapseShapeOp>(op)) {
      map.map(view.getResult(),
              Value(memref::CollapseShapeOp::create(b, view.getLoc(), map.lookupOrDefault(view.getSrc()),
                                                    view.getReassociationIndices())));
    } else if (auto generic = dyn_cast<linalg::GenericOp>(op); generic && generic.hasIndexSemantics()) {
      writeIndexed(generic);
    } else { // a row of a sequence, a constant: made for all lanes
      Operation *copy = b.clone(op, map);
      for (auto [original, whole] : llvm::zip(op.getResults(), copy->getResults()))
        map.map(original, cut(original, whole));
    }
  }
  Value subview(memref::SubViewOp view) {
    SmallVector<OpFoldResult> offsets = view.getMixedOffsets(), sizes = view.getMixedSizes();
    SmallVector<int64_t> shape(view.getType().getShape());
    if (std::optional<unsigned> axis = lanes.axisOf(view.getResult())) {
      shape[*axis] = size;
      sizes[*lanes.axisOf(view.getSource())] = b.getIndexAttr(size);
    }
    for (OpFoldResult &offset : offsets)
      if (auto v = dyn_cast<Value>(offset))
        offset = map.lookupOrDefault(v);
    Value source = map.lookupOrDefault(view.getSource());
    MemRefType type = memref::SubViewOp::inferRankReducedResultType(shape, cast<MemRefType>(source.getType()), offsets,
                                                                    sizes, view.getMixedStrides());
    return memref::SubViewOp::create(b, view.getLoc(), type, source, offsets, sizes, view.getMixedStrides());
  }
  /// An element's index counts from the first lane of all.
  void writeIndexed(linalg::GenericOp generic) {
    auto copy = cast<linalg::GenericOp>(b.clone(*generic, map));
    if (std::optional<unsigned> lane = lanes.laneLoop(generic))
      shiftIndices(copy, *lane, first);
  }

  OpBuilder &b;
  const LaneAnalysis &lanes;
  scf::ForOp time;
  Value first;
  int64_t size;
  IRMapping map;
};

struct SplitLanesPass : overtime::ir::impl::SplitLanesBase<SplitLanesPass> {
  using SplitLanesBase::SplitLanesBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(programAttr))
      return;
    scf::ForOp time;
    for (auto loop : getOperation().getBody().front().getOps<scf::ForOp>())
      if (loop->hasAttr(timeLoopAttr))
        time = loop;
    // Parts that several threads of a processor run have nowhere to count which of them is the last.
    if (!time || (time.getNumResults() > 0 && (processors == 0 || storesOf(time).empty())))
      return;
    GpuLimits device{processors, sharedBytes, tensorCores};
    if (processors > 0 && ColumnTiles::find(time, device))
      return; // its steps are shared by columns
    std::optional<LaneAnalysis> lanes = LaneAnalysis::run(time);
    if (!lanes || lanes->count() == 0 || (lanes->isNetwork() && !rowsPay(*lanes)))
      return;
    if (processors > 0 && time.getNumResults() == 0 && isBatch(*lanes, time) && ColumnTiles::findRows(time, device)) {
      getOperation()->setAttr(rowsApartAttr, UnitAttr::get(&getContext()));
      return; // so that rows of a block share its weights
    }
    split(time, *lanes);
  }

  /// Lanes are the rows of every product, and nothing is computed before the loop.
  bool isBatch(const LaneAnalysis &lanes, scf::ForOp time) {
    if (lanes.isNetwork())
      return false;
    for (auto product : time.getBody()->getOps<linalg::MatmulOp>())
      if (lanes.axisOf(product.getOutputs()[0]) != 0u)
        return false;
    return getOperation().getBody().front().getOps<linalg::LinalgOp>().empty();
  }

  /// Few rows of a network keep fewer threads at work than their elements do.
  bool rowsPay(const LaneAnalysis &lanes) const {
    constexpr int64_t wideRow = 8192; // a block has up to 1024 threads
    if (processors > 0)
      return lanes.rowWidth() <= wideRow || 2 * lanes.count() >= int64_t(processors);
    return 2 * lanes.count() > int64_t(threads);
  }

  void split(scf::ForOp time, const LaneAnalysis &lanes) {
    int64_t size = processors > 0 ? 1 : lanes.tileSize(vectorBits, threads);
    OpBuilder b(time);
    if (size == lanes.count())
      Tile(b, lanes, time, arith::ConstantIndexOp::create(b, time.getLoc(), 0), size).write();
    else
      writeParts(b, time, lanes, size);
    for (Operation *store : storesOf(time))
      store->erase();
    time.erase();
    for (Value memory : lanes.outside())
      if (auto alloc = memory.getDefiningOp<memref::AllocOp>(); alloc && alloc->use_empty())
        alloc.erase();
  }

  /// A part is a tile; lanes that remain are the last part.
  void writeParts(OpBuilder &b, scf::ForOp time, const LaneAnalysis &lanes, int64_t size) {
    Location loc = time.getLoc();
    auto index = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(b, loc, v); };
    int64_t tiles = lanes.count() / size, rest = lanes.count() % size, parts = tiles + (rest > 0);
    getOperation()->setAttr(partsAttr, b.getI64IntegerAttr(parts));
    getOperation()->setAttr(partCyclesAttr, b.getI64IntegerAttr(lanes.stepCycles(size, vectorBits)));
    PartRange range(getOperation());
    Value end = rest > 0 ? arith::MinUIOp::create(b, loc, range.last, index(tiles)) : range.last;
    Value from = arith::MulIOp::create(b, loc, range.first, index(size));
    Value to = arith::MulIOp::create(b, loc, end, index(size));
    auto loop = scf::ForOp::create(b, loc, from, to, index(size));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    Tile(b, lanes, time, loop.getInductionVar(), size).write();
    b.setInsertionPointAfter(loop);
    if (rest == 0)
      return;
    Value isLast = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, range.last, index(parts));
    auto remainder = scf::IfOp::create(b, loc, isLast, /*withElseRegion=*/false);
    b.setInsertionPoint(remainder.thenYield());
    Tile(b, lanes, time, index(tiles * size), rest).write();
  }
};

} // namespace
