// SPDX-License-Identifier: Apache-2.0
// Which dimension of a loop over time is independent: no step mixes its elements.
#include "compiler/lower/threads/LaneAnalysis.h"

#include "compiler/lower/memory/ProgramMemory.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace overtime::ir {

std::optional<LaneAnalysis> LaneAnalysis::run(scf::ForOp time) {
  // The leading dimension of what the first operation of a step writes decides which lanes there could be.
  for (Operation &op : time.getBody()->without_terminator()) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    if (!linalg || linalg.getNumDpsInits() == 0)
      continue;
    Value written = linalg.getDpsInits()[0];
    if (!memoryType(written) || memoryType(written).getRank() == 0)
      return std::nullopt;
    LaneAnalysis lanes(time);
    if (lanes.spreadFrom(written, 0))
      return lanes;
    return std::nullopt;
  }
  return std::nullopt;
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
  if (isa<memref::ReinterpretCastOp>(op) ||
      !llvm::any_of(op->getOperands(), [](Value v) { return bool(memoryType(v)); }))
    return true; // a row of a sequence is memory of its own; scalars are the same for all lanes
  return visitView(op);
}

bool LaneAnalysis::visitView(Operation *op) {
  auto view = dyn_cast<memref::SubViewOp>(op);
  if (!view) // a scalar read is fine, anything else on lanes has no rule
    return isa<memref::LoadOp>(op) && !axisOf(op->getOperand(0));
  if (view.getType().getRank() != view.getSourceType().getRank())
    return false;
  std::optional<unsigned> axis = axisOf(view.getSource());
  if (!axis)
    axis = axisOf(view.getResult());
  if (!axis)
    return true;
  return view.getStaticOffset(*axis) == 0 && view.getStaticSize(*axis) == lanes && set(view.getSource(), *axis) &&
         set(view.getResult(), *axis);
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
    if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
      for (Value v : linalg.getDpsInits())
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

int64_t LaneAnalysis::stepCycles(int64_t tile, unsigned vectorBits) const {
  scf::ForOp loop = time;
  int64_t cycles = 0;
  for (auto op : loop.getBody()->getOps<linalg::LinalgOp>())
    cycles += cyclesOf(op, vectorBits);
  return std::max<int64_t>(1, cycles * tile / lanes);
}

} // namespace overtime::ir
