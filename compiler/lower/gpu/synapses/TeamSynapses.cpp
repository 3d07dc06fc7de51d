// SPDX-License-Identifier: Apache-2.0
// Operations on synapses and ring buffers, shared by the threads of a team.
#include "compiler/lower/gpu/synapses/TeamSynapses.h"

using namespace mlir;

namespace overtime::ir {

namespace {

MemRefType memoryOf(Value v) { return cast<MemRefType>(v.getType()); }
bool hasEach(PropagateOp op) { return isa<MemRefType>(op.getWeights().getType()); }
bool hasFlags(PropagateOp op) { return memoryOf(op.getEvents()).getElementType().isInteger(); }

} // namespace

/// The threads of a warp share the synapses of a source.
void TeamSynapses::eachSynapse(Location loc, Value offsets, const Event &event, llvm::function_ref<void(Value)> body) {
  WarpCode code{{b, loc}};
  Value begin = code.loadIndex(offsets, event.source), end = code.loadIndex(offsets, code.next(event.source));
  auto loop = code.loop(code.add(begin, code.toIndex(event.lane)), end, code.index(warpSize));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

/// Memory of the arrivals, empty before the loop over time.
Arrivals TeamSynapses::prepare(PropagateOp op) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  scf::ForOp steps = timeLoopAround(op);
  Arrivals arrivals;
  arrivals.parity = parityOf(code, steps);

  OpBuilder::InsertionGuard guard(b);
  if (steps)
    b.setInsertionPoint(steps);
  MemRefType targets = memoryOf(op.getInit());
  arrivals.counts = code.alloc(2 * targets.getNumElements(), b.getI32Type());
  team.share(b, loc, 2 * targets.getNumElements(),
             [&](Value number) { code.store(code.i32(0), arrivals.counts, code.toIndex(number)); });
  if (hasEach(op) || !hasFlags(op)) {
    int64_t rows = targets.getRank() == 2 ? targets.getDimSize(0) : 1;
    int64_t synapses = memoryOf(op.getTargets()).getDimSize(0);
    arrivals.starts = code.alloc(targets.getShape().back(), b.getI32Type());
    arrivals.places = code.alloc(2 * rows * synapses, b.getI32Type());
    if (!hasFlags(op))
      arrivals.strengths = code.alloc(2 * rows * synapses, targets.getElementType());
    countTargets(op, loc, arrivals);
  }
  team.wait(b, loc, workspace);
  return arrivals;
}

/// A target has as many places as synapses; who is first takes the first ones.
void TeamSynapses::countTargets(PropagateOp op, Location loc, const Arrivals &arrivals) {
  WarpCode code{{b, loc}};
  int64_t targets = memoryOf(arrivals.starts).getDimSize(0), synapses = memoryOf(op.getTargets()).getDimSize(0);
  Value taken = code.alloc(1, b.getI32Type());
  team.share(b, loc, targets, [&](Value j) { code.store(code.i32(0), arrivals.starts, code.toIndex(j)); });
  team.share(b, loc, 1, [&](Value zero) { code.store(code.i32(0), taken, code.toIndex(zero)); });
  team.wait(b, loc, workspace);
  team.share(b, loc, synapses, [&](Value k) {
    code.fetchAdd(arrivals.starts, code.loadIndex(op.getTargets(), code.toIndex(k)), code.i32(1));
  });
  team.wait(b, loc, workspace);
  team.share(b, loc, targets, [&](Value j) {
    Value size = code.load(arrivals.starts, code.toIndex(j));
    code.store(code.fetchAdd(taken, code.index(0), size), arrivals.starts, code.toIndex(j));
  });
}

Arrivals TeamSynapses::scatter(PropagateOp op) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  Arrivals arrivals = prepare(op);
  MemRefType targets = memoryOf(op.getInit());
  int64_t rows = targets.getRank() == 2 ? targets.getDimSize(0) : 1, width = targets.getShape().back();
  WarpEvents(team, code, op.getEvents()).each([&](const Event &event) {
    Value part = code.mul(arrivals.parity, rows); // of the memory
    if (event.row)
      part = code.add(part, event.row);
    auto count = [&](Value target) {
      return code.fetchAdd(arrivals.counts, code.add(code.mul(part, width), target), code.i32(1));
    };
    if (op.getRule())
      return drawn.eachTarget(op, event, [&](Value target) { count(target); });
    Value strength = event.strength;
    if (strength && !hasEach(op)) // rounded before it is added, as on a processor
      strength = arith::MulFOp::create(b, loc, strength, op.getWeights());
    eachSynapse(loc, op.getOffsets(), event, [&](Value k) {
      Value j = code.loadIndex(op.getTargets(), k), number = count(j);
      if (!arrivals.places)
        return;
      int64_t synapses = memoryOf(op.getTargets()).getDimSize(0);
      Value start = code.add(code.loadIndex(arrivals.starts, j), code.toIndex(number));
      Value place = code.add(code.mul(part, synapses), start);
      code.store(code.toI32(k), arrivals.places, place);
      if (arrivals.strengths)
        code.store(strength, arrivals.strengths, place);
    });
  });
  return arrivals;
}

/// The element of `init` is that of the target, plus all that has arrived.
void TeamSynapses::gather(PropagateOp op, const Arrivals &arrivals) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  MemRefType targets = memoryOf(op.getInit());
  int64_t rows = targets.getRank() == 2 ? targets.getDimSize(0) : 1, width = targets.getShape().back();
  team.share(b, loc, targets.getNumElements(), [&](Value number) {
    auto [row, j] = placeOf(code, op.getInit(), number);
    Value target = j, part = code.mul(arrivals.parity, rows);
    if (op.getShift()) { // element j is that of target j - shift
      Value before = code.is(arith::CmpIPredicate::ult, j, op.getShift());
      Value distance = arith::SubIOp::create(b, loc, j, op.getShift());
      target = arith::SelectOp::create(b, loc, before, code.add(distance, code.index(width)), distance);
    }
    if (row)
      part = code.add(part, row);
    Value slot = code.add(code.mul(part, width), target), count = code.load(arrivals.counts, slot);
    code.when(code.is(arith::CmpIPredicate::ne, count, code.i32(0)), [&] {
      code.store(code.i32(0), arrivals.counts, slot);
      Value start = code.load(op.getInit(), at(row, j));
      code.store(sumInOrder(loc, op, arrivals, part, target, count, start), op.getInit(), at(row, j));
    });
  });
}

Value TeamSynapses::sumInOrder(Location loc, PropagateOp op, const Arrivals &arrivals, Value part, Value target,
                               Value count, Value start) {
  WarpCode code{{b, loc}};
  Value zero = code.i32(0), one = code.i32(1);
  if (!arrivals.places) {
    auto sum = scf::ForOp::create(b, loc, zero, count, one, ValueRange{start},
                                  [&](OpBuilder &, Location, Value, ValueRange sum) {
                                    Value more = arith::AddFOp::create(b, loc, sum[0], op.getWeights());
                                    scf::YieldOp::create(b, loc, more);
                                  });
    return sum.getResult(0);
  }
  int64_t synapses = memoryOf(op.getTargets()).getDimSize(0);
  Value first = code.add(code.mul(part, synapses), code.loadIndex(arrivals.starts, target));
  Value none = code.i32(-1); // as unsigned, above all synapses
  // The next one is the smallest number that is not below `bound`, of the few that are there.
  auto next = [&](Value bound) {
    auto search = scf::ForOp::create(
        b, loc, zero, count, one, ValueRange{none, none}, [&](OpBuilder &, Location, Value m, ValueRange best) {
          Value k = code.load(arrivals.places, code.add(first, code.toIndex(m)));
          Value better = arith::AndIOp::create(b, loc, code.is(arith::CmpIPredicate::uge, k, bound),
                                               code.is(arith::CmpIPredicate::ult, k, best[0]));
          scf::YieldOp::create(b, loc,
                               ValueRange{arith::SelectOp::create(b, loc, better, k, best[0]),
                                          arith::SelectOp::create(b, loc, better, m, best[1])});
        });
    return std::pair<Value, Value>{search.getResult(0), search.getResult(1)};
  };
  auto sum = scf::ForOp::create(b, loc, zero, count, one, ValueRange{start, zero},
                                [&](OpBuilder &, Location, Value, ValueRange carried) {
                                  auto [k, m] = next(carried[1]);
                                  Value amount;
                                  if (arrivals.strengths)
                                    amount = code.load(arrivals.strengths, code.add(first, code.toIndex(m)));
                                  if (hasEach(op)) {
                                    Value weight = code.load(op.getWeights(), code.toIndex(k));
                                    amount = amount ? Value(arith::MulFOp::create(b, loc, amount, weight)) : weight;
                                  }
                                  Value sum = arith::AddFOp::create(b, loc, carried[0], amount);
                                  scf::YieldOp::create(b, loc, ValueRange{sum, code.add(k, one)});
                                });
  return sum.getResult(0);
}

/// A source's thread adds up its row.
void TeamSynapses::collect(CollectOp op) {
  if (op.getRule())
    return drawn.collect(op);
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  MemRefType sources = memoryOf(op.getInit());
  bool each = isa<MemRefType>(op.getWeights().getType());
  team.share(b, loc, sources.getNumElements(), [&](Value number) {
    auto [row, i] = placeOf(code, op.getInit(), number);
    Value begin = code.loadIndex(op.getOffsets(), i), end = code.loadIndex(op.getOffsets(), code.next(i));
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(sources.getElementType())), r = row;
    auto sum = scf::ForOp::create(b, loc, begin, end, code.index(1), ValueRange{zero},
                                  [&](OpBuilder &, Location, Value k, ValueRange sum) {
                                    Value v = code.load(op.getValues(), at(r, code.loadIndex(op.getTargets(), k)));
                                    Value weight = each ? code.load(op.getWeights(), k) : op.getWeights();
                                    Value product = arith::MulFOp::create(b, loc, weight, v);
                                    scf::YieldOp::create(b, loc, Value(arith::AddFOp::create(b, loc, sum[0], product)));
                                  });
    Value before = code.load(op.getInit(), at(row, i));
    code.store(arith::AddFOp::create(b, loc, before, sum.getResult(0)), op.getInit(), at(row, i));
  });
}

/// No two events of a row of a batch change the same synapse. Rows follow each other.
void TeamSynapses::correlate(CorrelateOp op) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  auto write = [&](Value row) {
    WarpEvents(team, code, op.getEvents(), row).each([&](const Event &event) {
      eachSynapse(loc, op.getOffsets(), event, [&](Value k) {
        Value term = code.load(op.getValues(), at(event.row, code.loadIndex(op.getTargets(), k)));
        Value place = op.getPositions() ? code.loadIndex(op.getPositions(), k) : k;
        Value before = code.load(op.getInit(), place);
        if (op.getToward())
          term = arith::MulFOp::create(b, loc, term, arith::SubFOp::create(b, loc, op.getToward(), before));
        if (event.strength)
          term = arith::MulFOp::create(b, loc, event.strength, term);
        Value after = arith::AddFOp::create(b, loc, before, term);
        if (op.getLow()) {
          after = arith::MaximumFOp::create(b, loc, after, op.getLow());
          after = arith::MinimumFOp::create(b, loc, after, op.getHigh());
        }
        code.store(after, op.getInit(), place);
      });
    });
  };
  MemRefType events = memoryOf(op.getEvents());
  if (events.getRank() == 1)
    return write(Value());
  code.each(code.index(0), code.index(events.getDimSize(0)), [&](Value row) {
    write(row);
    team.wait(b, loc, workspace);
  });
}

void TeamSynapses::readDelayed(ReadDelayedOp op) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  team.share(b, loc, memoryOf(op.getInit()).getNumElements(), [&](Value number) {
    auto [row, j] = placeOf(code, op.getInit(), number);
    Value distance = arith::SubIOp::create(b, loc, op.getSlot(), code.loadIndex(op.getDelays(), j));
    Value before = code.is(arith::CmpIPredicate::slt, distance, code.index(0));
    Value wrapped = code.add(distance, code.index(memoryOf(op.getRing()).getDimSize(0)));
    SmallVector<Value> from = {arith::SelectOp::create(b, loc, before, wrapped, distance)};
    from.append(at(row, j));
    code.store(code.load(op.getRing(), from), op.getInit(), at(row, j));
  });
}

} // namespace overtime::ir
