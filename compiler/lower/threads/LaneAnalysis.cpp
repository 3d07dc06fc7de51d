// SPDX-License-Identifier: Apache-2.0
// Which dimension of a loop over time is independent: no step mixes its elements.
#include "compiler/lower/threads/LaneAnalysis.h"

#include "compiler/lower/memory/ProgramMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace overtime::ir {

/// What an operation of a step writes.
static SmallVector<Value> writtenBy(Operation &op) {
  if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
    return llvm::to_vector_of<Value>(linalg.getDpsInits());
  auto init = llvm::TypeSwitch<Operation *, Value>(&op)
                  .Case<PropagateOp, CollectOp, CorrelateOp, ReadDelayedOp>([](auto one) { return one.getInit(); })
                  .Default([](Operation *) { return Value(); });
  return init ? SmallVector<Value>{init} : SmallVector<Value>{};
}

std::optional<LaneAnalysis> LaneAnalysis::run(scf::ForOp time) {
  // The leading dimension of what the first operation of a step writes decides which lanes there could be.
  for (Operation &op : time.getBody()->without_terminator()) {
    SmallVector<Value> written = writtenBy(op);
    if (written.empty())
      continue;
    if (!memoryType(written[0]) || memoryType(written[0]).getRank() == 0)
      return std::nullopt;
    LaneAnalysis lanes(time);
    if (lanes.spreadFrom(written[0], 0))
      return lanes;
    return std::nullopt;
  }
  return std::nullopt;
}

bool LaneAnalysis::isNetwork() const {
  scf::ForOp loop = time;
  return llvm::any_of(*loop.getBody(), [](Operation &op) { return isa<PropagateOp, CollectOp>(op); });
}

int64_t LaneAnalysis::rowWidth() const {
  scf::ForOp loop = time;
  int64_t wide = 1;
  for (Operation &op : *loop.getBody())
    if (isa<PropagateOp, CollectOp>(op))
      for (Value v : op.getOperands())
        if (axisOf(v))
          wide = std::max(wide, memoryType(v).getShape().back());
  return wide;
}

bool LaneAnalysis::set(Value memory, unsigned axis) {
  auto [it, fresh] = axes.insert({memory, axis});
  return it->second == axis && memoryType(memory).getDimSize(axis) == lanes;
}

bool LaneAnalysis::spreadFrom(Value memory, unsigned axis) {
  lanes = memoryType(memory).getDimSize(axis);
  if (lanes < 2 || !set(memory, axis))
    return false;
  for (size_t known = 0; known != axes.size();) { // until nothing new is learnt
    known = axes.size();
    for (Operation &op : time.getBody()->without_terminator())
      if (!visit(&op))
        return false;
  }
  return complete();
}

bool LaneAnalysis::visit(Operation *op) {
  if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
    return visitLinalg(linalg);
  if (op->getNumRegions() > 0)
    return false;
  if (isa<memref::ReinterpretCastOp>(op) ||
      !llvm::any_of(op->getOperands(), [](Value v) { return bool(memoryType(v)); }))
    return true; // a row of a sequence is memory of its own; scalars are the same for all lanes
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](PropagateOp one) { return visitRows(op, {{one.getEvents(), 0}, {one.getInit(), 0}}); })
      .Case([&](CollectOp one) { return visitRows(op, {{one.getValues(), 0}, {one.getInit(), 0}}); })
      .Case([&](ReadDelayedOp one) { return visitRows(op, {{one.getRing(), 1}, {one.getInit(), 0}}); })
      .Case([&](memref::SubViewOp view) { return visitSubview(view); })
      .Case([&](memref::CollapseShapeOp view) { return visitCollapsed(view); })
      // A scalar read is fine, anything else on lanes has no rule.
      .Default([&](Operation *) { return isa<memref::LoadOp>(op) && !axisOf(op->getOperand(0)); });
}

/// An operation on synapses has the rows of a batch for itself; the synapses are the same for all.
bool LaneAnalysis::visitRows(Operation *op, ArrayRef<std::pair<Value, unsigned>> rows) {
  if (llvm::none_of(op->getOperands(), [&](Value v) { return axisOf(v).has_value(); }))
    return true;
  for (auto [memory, axis] : rows)
    if (memoryType(memory).getRank() < int64_t(axis) + 2 || !set(memory, axis))
      return false;
  return llvm::all_of(op->getOperands(), [&](Value v) {
    return !axisOf(v) || llvm::any_of(rows, [&](auto row) { return row.first == v; });
  });
}

/// Of the view's axes those that it drops have one element. Lanes are there on both sides, all of them.
bool LaneAnalysis::visitSubview(memref::SubViewOp view) {
  llvm::SmallBitVector dropped = view.getDroppedDims();
  SmallVector<unsigned> kept;
  for (unsigned d = 0; d < dropped.size(); ++d)
    if (!dropped.test(d))
      kept.push_back(d);
  std::optional<unsigned> axis = axisOf(view.getSource());
  if (std::optional<unsigned> there = axisOf(view.getResult()); !axis && there)
    axis = kept[*there];
  if (!axis)
    return true;
  auto place = llvm::find(kept, *axis);
  return place != kept.end() && view.getStaticOffset(*axis) == 0 && view.getStaticSize(*axis) == lanes &&
         set(view.getSource(), *axis) && set(view.getResult(), unsigned(place - kept.begin()));
}

/// Lanes stay by themselves: what is taken together with them has one element.
bool LaneAnalysis::visitCollapsed(memref::CollapseShapeOp view) {
  for (auto [place, group] : llvm::enumerate(view.getReassociationIndices()))
    for (int64_t d : group) {
      bool isLane = axisOf(view.getSrc()) == unsigned(d);
      bool isLaneAfter = axisOf(view.getResult()) == unsigned(place) && view.getSrcType().getDimSize(d) == lanes;
      if (!isLane && !isLaneAfter)
        continue;
      return view.getType().getDimSize(place) == lanes && set(view.getSrc(), unsigned(d)) &&
             set(view.getResult(), unsigned(place));
    }
  return !axisOf(view.getSrc()) && !axisOf(view.getResult());
}

std::optional<unsigned> LaneAnalysis::laneLoop(linalg::LinalgOp op) const {
  for (OpOperand &operand : op->getOpOperands())
    if (std::optional<unsigned> axis = axisOf(operand.get()))
      if (auto dim = dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&operand).getResult(*axis)))
        return dim.getPosition();
  return std::nullopt;
}

bool LaneAnalysis::visitLinalg(linalg::LinalgOp op) {
  std::optional<unsigned> loop = laneLoop(op);
  if (!loop)
    return true;
  if (op.getIteratorTypesArray()[*loop] != utils::IteratorType::parallel)
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!memoryType(operand.get()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool found = false;
    for (auto [position, e] : llvm::enumerate(map.getResults())) {
      if (!e.isFunctionOfDim(*loop))
        continue;
      if (!isa<AffineDimExpr>(e) || !set(operand.get(), position))
        return false;
      found = true;
    }
    if (!found && axisOf(operand.get()))
      return false;
  }
  return true;
}

/// Everything that is written has lanes: what all lanes share may only be read.
bool LaneAnalysis::complete() {
  llvm::SetVector<Value> used;
  for (Operation &op : time.getBody()->without_terminator()) {
    if (isa<memref::StoreOp>(op))
      return false;
    for (Value v : writtenBy(op))
      if (!axisOf(v))
        return false;
    if (isa<memref::ReinterpretCastOp>(op))
      continue;
    for (Value v : op.getOperands())
      if (memoryType(v) && axisOf(v) && !time.getRegion().isAncestor(v.getParentRegion()))
        used.insert(v);
  }
  fromOutside.assign(used.begin(), used.end());
  return true;
}

std::optional<unsigned> LaneAnalysis::axisOf(Value memory) const {
  auto it = axes.find(memory);
  return it == axes.end() ? std::nullopt : std::optional<unsigned>(it->second);
}

bool LaneAnalysis::isScratch(Value memory) const {
  scf::ForOp loop = time;
  return llvm::all_of(memory.getUsers(), [&](Operation *user) { return loop->isProperAncestor(user); });
}

int64_t LaneAnalysis::tileSize(unsigned vectorBits, unsigned threads) const {
  scf::ForOp loop = time;
  if (isNetwork()) { // what a row of a batch needs stays in the cache from step to step, and is many vectors long
    constexpr int64_t elements = 512;
    return std::min(llvm::divideCeil(lanes, threads), llvm::divideCeil(elements, rowWidth()));
  }
  int64_t operations = 0, scalars = 0, sharedBytes = 0, carried = 0;
  bool draws = false;
  unsigned widest = 32;
  llvm::SetVector<Value> shared;
  for (Operation &op : loop.getBody()->without_terminator()) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    if (!linalg)
      continue;
    ++operations;
    draws |= llvm::any_of(op.getRegion(0).front(), [](Operation &inner) { return isa<RandomOp>(inner); });
    for (Value v : op.getOperands())
      if (memoryType(v) && memoryType(v).getRank() > 0) {
        widest = std::max(widest, memoryType(v).getElementTypeBitWidth());
        if (!axisOf(v) && shared.insert(v))
          sharedBytes += memoryType(v).getNumElements() * memoryType(v).getElementTypeBitWidth() / 8;
      }
    carried += llvm::count_if(linalg.getDpsInits(), [&](Value v) { return llvm::is_contained(fromOutside, v); });
    scalars += std::distance(op.getRegion(0).front().begin(), op.getRegion(0).front().end());
  }
  bool registers = operations == 1 && axes.front().second == 0 && memoryType(axes.front().first).getRank() == 1;
  if (registers) { // the shorter the step, the more vectors hide its latency, as long as promote-state takes its states
    int64_t vectors = scalars > 60 ? 2 : scalars > 30 ? 6 : 8;
    if (carried > 0)
      vectors = std::clamp<int64_t>(carriedVectors / carried, 1, vectors);
    return std::min<int64_t>(lanes, vectorBits / widest * vectors);
  }
  constexpr int64_t firstLevelCache = 16 << 10;
  if (sharedBytes > firstLevelCache) // weights would be read again for every tile
    return std::min<int64_t>(lanes, llvm::alignTo(llvm::divideCeil(lanes, threads), 8)); // 8: rows of a product's tile
  return std::min<int64_t>(lanes, draws ? 64 : 32); // 64: elements that share blocks of random bits
}

/// A transcendental function is a dozen operations, a division keeps its unit busy for half as long.
static int64_t operationCycles(Operation &op) {
  StringRef dialect = op.getName().getDialectNamespace();
  if (isa<RandomOp>(op))
    return 60; // a quarter of ten rounds, and its part of a logarithm, a root and two polynomials
  return dialect == "math" || dialect == "dyn" ? 12 : isa<arith::DivFOp>(op) ? 6 : 1;
}

int64_t cyclesOf(linalg::LinalgOp op, unsigned vectorBits) {
  int64_t points = 1, body = 0;
  for (int64_t range : op.getStaticLoopRanges())
    points *= range;
  for (Operation &scalar : op->getRegion(0).front().without_terminator())
    body += operationCycles(scalar);
  int64_t vector = vectorBits / memoryType(op.getDpsInits()[0]).getElementTypeBitWidth();
  return llvm::divideCeil(points, vector) * std::max<int64_t>(1, body / 2);
}

int64_t cyclesWithEvents(PropagateOp op) {
  constexpr int64_t synapseCycles = 3, drawnCycles = 15; // where a synapse is stored, and where it is drawn
  MemRefType events = memoryType(op.getEvents());
  int64_t rows = events.getRank() == 2 ? events.getDimSize(0) : 1;
  RowRuleAttr rule = op.getRuleAttr();
  if (!rule)
    return rows * memoryType(op.getTargets()).getDimSize(0) * synapseCycles;
  double row =
      rule.getNumber() ? double(*rule.getNumber()) : rule.getProbability().getValueAsDouble() * double(rule.getPosts());
  return int64_t(row * double(events.getNumElements()) * drawnCycles);
}

int64_t LaneAnalysis::stepCycles(int64_t tile, unsigned vectorBits) const {
  scf::ForOp loop = time;
  int64_t cycles = 0;
  for (auto op : loop.getBody()->getOps<linalg::LinalgOp>())
    cycles += cyclesOf(op, vectorBits);
  for (auto op : loop.getBody()->getOps<PropagateOp>())
    cycles += cyclesWithEvents(op) / quietSteps;
  return std::max<int64_t>(1, cycles * tile / lanes);
}

} // namespace overtime::ir
