// SPDX-License-Identifier: Apache-2.0
// Shares the operations of a program among the threads of a team.
#include "compiler/lower/gpu/StepWriter.h"

#include "compiler/lower/gpu/PointLoops.h"
#include "compiler/lower/gpu/PrivateScalars.h"
#include "compiler/lower/gpu/columns/ColumnLoops.h"
#include "compiler/lower/gpu/columns/TensorProducts.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace overtime::ir {

int64_t StepWriter::pointsOf(Operation *op) {
  OpBuilder b(op->getContext());
  auto elements = [](Value v) { return cast<MemRefType>(v.getType()).getNumElements(); };
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case([&](linalg::LinalgOp linalg) { return PointLoops(b, linalg).points(); })
      // Whole warps look for events and draw rows.
      .Case([&](PropagateOp op) { return std::max({warpSize, elements(op.getEvents()), elements(op.getInit())}); })
      .Case([&](CorrelateOp op) { return std::max(warpSize, elements(op.getEvents())); })
      .Case([&](CollectOp op) { return std::max(op.getRule() ? warpSize : 1, elements(op.getInit())); })
      .Case([&](ReadDelayedOp op) { return elements(op.getInit()); })
      .Default([](Operation *) { return int64_t(1); });
}

LogicalResult StepWriter::write(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
    if (failed(writeOp(op)))
      return failure();
  gatherBefore(block.getTerminator());
  return success();
}

LogicalResult StepWriter::writeOp(Operation &op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return writeLoop(loop);
  if (op.hasAttr(afterAllAttr))
    return success(); // writeAfterAll's
  TeamAccesses now = TeamAccesses::of(&op, team.tiles());
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  if ((now.empty() && op.getNumRegions() == 0) || isa<ViewLikeOpInterface, memref::AllocOp>(op))
    return success();
  if (llvm::any_of(underway, [&](const Underway &one) { return TeamAccesses::ofSums(one.op).touches(now); }))
    gatherBefore(&op);
  if (auto propagate = dyn_cast<PropagateOp>(op); propagate && TeamSynapses::isInHalves(propagate)) {
    scatter(propagate);
    return success();
  }
  if (!isa<linalg::LinalgOp, PropagateOp, CollectOp, CorrelateOp, ReadDelayedOp, memref::LoadOp, memref::StoreOp>(op))
    return op.emitError("'") << op.getName() << "' has no lowering to a GPU yet; compile the program for a CPU";
  if (linalg) {
    writeLoops(linalg, now);
    return success();
  }
  access(&op, now);
  b.setInsertionPoint(&op);
  llvm::TypeSwitch<Operation *>(&op)
      .Case([&](PropagateOp one) { synapses.propagate(one); })
      .Case([&](CollectOp one) { synapses.collect(one); })
      .Case([&](CorrelateOp one) { synapses.correlate(one); })
      .Case([&](ReadDelayedOp one) { synapses.readDelayed(one); });
  if (isa<memref::StoreOp>(op))
    writeAlone(op);
  else if (!isa<memref::LoadOp>(op))
    op.erase();
  return success();
}

void StepWriter::wait(Operation *before) {
  b.setInsertionPoint(before);
  team.wait(b, before->getLoc(), workspace);
  pending.clear();
  waited = true;
  for (Underway &one : underway)
    one.arrived = true;
}

/// The team waits before `op` where it must.
void StepWriter::access(Operation *op, const TeamAccesses &now) {
  if (pending.meets(now))
    wait(op);
  pending.add(now);
  if (!waited)
    head.add(now);
}

void StepWriter::scatter(PropagateOp op) {
  access(op, TeamAccesses::ofEvents(op));
  b.setInsertionPoint(op);
  underway.push_back({op, synapses.scatter(op), /*arrived=*/false});
}

/// All events that are underway arrive.
void StepWriter::gatherBefore(Operation *op) {
  if (llvm::any_of(underway, [](const Underway &one) { return !one.arrived; }))
    wait(op);
  for (Underway &one : underway) {
    access(op, TeamAccesses::ofSums(one.op));
    b.setInsertionPoint(op);
    synapses.gather(one.op, one.arrivals);
    one.op->erase();
  }
  underway.clear();
}

/// The last operations of a loop come before its first ones.
LogicalResult StepWriter::writeLoop(scf::ForOp loop) {
  gatherBefore(loop);
  TeamAccesses inside;
  loop.getBody()->walk([&](Operation *op) {
    if (!isa<ViewLikeOpInterface>(op))
      inside.add(TeamAccesses::of(op, team.tiles()));
  });
  if (pending.meets(inside))
    wait(loop);
  if (team.tiles() && loop->hasAttr(timeLoopAttr)) {
    b.setInsertionPoint(loop);
    weights = copyWeights(team, loop, b);
  }
  TeamAccesses outerHead = std::move(head);
  bool outerWaited = std::exchange(waited, false);
  head = {};
  if (failed(write(*loop.getBody())))
    return failure();
  if (pending.meets(head, /*nextStep=*/true))
    wait(loop.getBody()->getTerminator());
  pending.add(inside); // a loop that waits at its end may run no step, and what it leaves is seen by who waits anyway
  head = std::move(outerHead);
  waited = outerWaited;
  if (!waited)
    head.add(inside);
  return success();
}

void StepWriter::writeLoops(linalg::LinalgOp op, const TeamAccesses &now) {
  bool forEach = op.getNumLoops() == 0 && llvm::all_of(op.getDpsInits(), isPrivate);
  std::optional<LongSum> sum = team.kind() == Team::Thread ? std::nullopt : LongSum::find(op);
  if (sum) {
    shareSum(op, *sum);
  } else {
    access(op, now);
    b.setInsertionPoint(op);
    if (forEach)
      PointLoops(b, op).emitPoint({});
    else
      share(op);
  }
  op.erase();
}

void StepWriter::share(linalg::LinalgOp op) {
  if (isForTensorCores(op, team.tiles()))
    return writeTensorProduct(team, b, cast<linalg::MatmulOp>(op.getOperation()), weights.lookup({op, 1}).memory);
  PointLoops points(b, op);
  if (points.points() == 0)
    return;
  for (OpOperand *operand : op.getDpsInputOperands())
    if (auto copy = weights.find({op, operand->getOperandNumber()}); copy != weights.end())
      points.readFrom(operand->getOperandNumber(), copy->second);
  if (team.tiles() && team.tiles()->cut(columnsOf(op)))
    ColumnLoops(team, b, op.getLoc(), points).write();
  else if (team.tiles() && team.kind() == Team::Block && points.extents().size() > 1)
    ColumnLoops(team, b, op.getLoc(), points).writeWithinRows();
  else
    team.share(b, op.getLoc(), points.points(),
               [&](Value number) { points.emitPoint(placeOf(number, points.extents())); });
}

/// Partial sums of all terms, and a wait before they are added up: by all threads, each for itself, where the sum is a
/// number that all need.
void StepWriter::shareSum(linalg::LinalgOp op, const LongSum &sum) {
  Location loc = op.getLoc();
  PointLoops points(b, op);
  OpOperand &init = op.getDpsInitsMutable()[0];
  Operation *outermost = op;
  while (!isa<func::FuncOp>(outermost->getParentOp()))
    outermost = outermost->getParentOp();
  b.setInsertionPoint(outermost);
  Type element = getElementTypeOrSelf(init.get().getType());
  Value partial = memref::AllocOp::create(b, loc, MemRefType::get({points.points() * LongSum::sums}, element));
  auto toIndex = [&](Value v) -> Value { return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v); };

  TeamAccesses parts = TeamAccesses::ofInputs(op);
  parts.add(TeamAccesses::ofAll(partial, /*writes=*/true));
  access(op, parts);
  b.setInsertionPoint(op);
  Value count = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(LongSum::sums));
  Value neutral = arith::ConstantOp::create(b, loc, sum.neutral);
  team.share(b, loc, points.points() * LongSum::sums, [&](Value number) {
    Value point = arith::DivUIOp::create(b, loc, number, count), first = arith::RemUIOp::create(b, loc, number, count);
    Value v = points.emitTerms(placeOf(point, points.extents()), first, LongSum::sums, neutral);
    memref::StoreOp::create(b, loc, v, partial, toIndex(number));
  });

  TeamAccesses whole = TeamAccesses::ofResults(op);
  whole.add(TeamAccesses::ofAll(partial, /*writes=*/false));
  access(op, whole);
  b.setInsertionPoint(op);
  auto addUp = [&](Value number) {
    SmallVector<Value> at = points.initAt(placeOf(number, points.extents()));
    Value start = memref::LoadOp::create(b, loc, init.get(), at);
    Value first = arith::MulIOp::create(b, loc, number, count);
    auto all = scf::ForOp::create(b, loc, first, arith::AddIOp::create(b, loc, first, count),
                                  arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(1)), ValueRange{start},
                                  [&](OpBuilder &, Location, Value k, ValueRange so) {
                                    Value v = memref::LoadOp::create(b, loc, partial, toIndex(k));
                                    scf::YieldOp::create(b, loc, sum.combine(b, so[0], v));
                                  });
    memref::StoreOp::create(b, loc, all.getResult(0), init.get(), at);
  };
  if (isPrivate(init.get()))
    addUp(arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0)));
  else
    team.share(b, loc, points.points(), addUp);
}

/// Row by row, in 32 bits.
SmallVector<Value> StepWriter::placeOf(Value number, ArrayRef<int64_t> extents) {
  Location loc = number.getLoc();
  SmallVector<Value> place(extents.size());
  for (size_t d = extents.size(); d-- > 0;) {
    Value coordinate = number;
    if (extents[d] == 1) {
      place[d] = arith::ConstantIndexOp::create(b, loc, 0);
      continue;
    }
    bool isOutermost = llvm::all_of(extents.take_front(d), [](int64_t n) { return n == 1; });
    if (!isOutermost) {
      Value extent = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(extents[d])));
      coordinate = arith::RemUIOp::create(b, loc, number, extent);
      number = arith::DivUIOp::create(b, loc, number, extent);
    }
    place[d] = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), coordinate);
  }
  return place;
}

void StepWriter::writeAlone(Operation &op) {
  if (team.kind() == Team::Thread)
    return;
  Value zero = arith::ConstantOp::create(b, op.getLoc(), b.getI32IntegerAttr(0));
  Value isFirst = arith::CmpIOp::create(b, op.getLoc(), arith::CmpIPredicate::eq, team.number(), zero);
  auto first = scf::IfOp::create(b, op.getLoc(), isFirst, /*withElseRegion=*/false);
  op.moveBefore(first.thenYield());
}

} // namespace overtime::ir
