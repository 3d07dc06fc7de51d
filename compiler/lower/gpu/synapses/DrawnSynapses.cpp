// SPDX-License-Identifier: Apache-2.0
// Operations on synapses that are drawn at every event, shared by the threads of a team.
#include "compiler/lower/gpu/synapses/DrawnSynapses.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace overtime::ir {

using Predicate = arith::CmpIPredicate;

namespace {

constexpr int64_t wide = 32; // bits of a word; blocks whose events are counted together

MemRefType memoryOf(Value v) { return cast<MemRefType>(v.getType()); }

/// One bit of a word.
Value bitOf(WarpCode &code, Value number) { return code.shiftLeft(code.i32(1), code.both(number, code.i32(wide - 1))); }
Value wordOf(WarpCode &code, Value number) { return code.toIndex(code.shiftRight(number, code.i32(5))); }

Value sumOf(WarpCode &code, Value memory, Value begin, Value end) {
  return code.loop(begin, end, code.index(1), {code.i32(0)}, [&](Value k, ValueRange sum) -> SmallVector<Value> {
    return {code.add(sum[0], code.load(memory, k))};
  })[0];
}

} // namespace

/// Memory of the events of a step and of what is marked, whose numbers are i32.
struct DrawnSynapses::Ranks {
  int64_t words, blocks, groups, buffers; // of marks for a target; of 32 events; of 32 blocks
  Value parity;                           // of the step
  Value counts, totals;                   // [2 blocks], [2 groups]: events
  Value starts;                           // [blocks]: rank of the first event
  Value strengths;                        // [N], by rank; null for flags
  Value marks;                            // [buffers B M words]: of even and of odd rounds

  int64_t perRound() const { return words * wide; }
};

DrawnSynapses::DrawnSynapses(const Team &team, Value workspace, OpBuilder &b)
    : team(team), workspace(workspace), b(b),
      constants(workspace.getParentRegion()->getParentOfType<ModuleOp>(), "dyn.gaps.") {}

bool DrawnSynapses::areCounted(PropagateOp op) {
  return memoryOf(op.getEvents()).getElementType().isInteger() && !op.getRuleAttr().getNumber();
}

void DrawnSynapses::eachTarget(PropagateOp op, const Event &event, llvm::function_ref<void(Value)> body) {
  WarpCode code{{b, op.getLoc()}};
  WarpRows rows(code, constants, op.getRuleAttr(), event.lane);
  rows.each(event.source, Marks(), {}, [&](Value target, Value has, ValueRange) -> SmallVector<Value> {
    code.when(has, [&] { body(target); });
    return {};
  });
}

/// Memory before the loop over time, where nothing is marked.
DrawnSynapses::Ranks DrawnSynapses::prepare(PropagateOp op) {
  WarpCode code{{b, op.getLoc()}};
  scf::ForOp steps = timeLoopAround(op);
  MemRefType events = memoryOf(op.getEvents()), targets = memoryOf(op.getInit());
  int64_t count = events.getNumElements();
  Ranks ranks;
  ranks.parity = parityOf(code, steps);
  // A hundredth of them at a time, as far as memory goes: targets look at all of their words.
  constexpr int64_t mostWords = 8;
  ranks.words = std::clamp<int64_t>(llvm::divideCeil(count, 128 * wide), 1, mostWords);
  ranks.blocks = llvm::divideCeil(count, warpSize);
  ranks.groups = llvm::divideCeil(ranks.blocks, wide);
  ranks.buffers = count > ranks.perRound() ? 2 : 1;

  OpBuilder::InsertionGuard guard(b);
  if (steps)
    b.setInsertionPoint(steps);
  Type i32 = b.getI32Type();
  int64_t marks = ranks.buffers * targets.getNumElements() * ranks.words;
  ranks.counts = code.alloc(2 * ranks.blocks, i32);
  ranks.totals = code.alloc(2 * ranks.groups, i32);
  ranks.starts = code.alloc(ranks.blocks, i32);
  ranks.marks = code.alloc(marks, i32);
  if (!events.getElementType().isInteger())
    ranks.strengths = code.alloc(count, targets.getElementType());
  auto empty = [&](Value memory) {
    team.share(b, code.loc, memoryOf(memory).getNumElements(),
               [&](Value k) { code.store(code.i32(0), memory, code.toIndex(k)); });
  };
  empty(ranks.totals);
  empty(ranks.marks);
  team.wait(b, code.loc, workspace);
  return ranks;
}

/// Counts the events of blocks, and returns the number of all.
Value DrawnSynapses::rankEvents(Location loc, Value events, const Ranks &ranks) {
  WarpCode code{{b, loc}};
  Value ofCounts = code.mul(ranks.parity, ranks.blocks), ofTotals = code.mul(ranks.parity, ranks.groups);
  WarpEvents scan(team, code, events);
  scan.eachBlockOfBits([&](Value block, Value bits) {
    code.when(code.is(Predicate::eq, scan.lane(), code.i32(0)), [&] {
      Value count = math::CtPopOp::create(b, loc, bits);
      code.store(count, ranks.counts, code.add(ofCounts, code.toIndex(block)));
      code.when(code.isSet(count),
                [&] { code.fetchAdd(ranks.totals, code.add(ofTotals, wordOf(code, block)), count); });
    });
  });
  team.wait(b, loc, workspace);
  return sumOf(code, ranks.totals, ofTotals, code.add(ofTotals, code.index(ranks.groups)));
}

/// Events of a round mark their targets.
void DrawnSynapses::markTargets(PropagateOp op, const Ranks &ranks, Value round) {
  WarpCode code{{b, op.getLoc()}};
  MemRefType targets = memoryOf(op.getInit());
  int64_t perRow = targets.getShape().back() * ranks.words;
  Value buffer =
      code.mul(code.toIndex(code.both(round, code.i32(ranks.buffers - 1))), targets.getNumElements() * ranks.words);
  WarpEvents events(team, code, op.getEvents());
  events.each([&](const Event &event) {
    Value rank = code.add(code.load(ranks.starts, code.toIndex(event.block)), event.before);
    Value place = code.sub(rank, code.mul(round, code.i32(ranks.perRound())));
    code.when(code.is(Predicate::ult, place, code.i32(ranks.perRound())), [&] {
      if (event.strength)
        code.when(code.is(Predicate::eq, event.lane, code.i32(0)), [&] { // rounded before it is added
          Value amount = arith::MulFOp::create(b, code.loc, event.strength, op.getWeights());
          code.store(amount, ranks.strengths, code.toIndex(rank));
        });
      Value first = code.add(buffer, wordOf(code, place));
      if (event.row)
        first = code.add(first, code.mul(event.row, perRow));
      Marks marks{ranks.marks, first, ranks.words, bitOf(code, place)};
      WarpRows rows(code, constants, op.getRuleAttr(), event.lane);
      rows.each(event.source, marks, {}, [&](Value target, Value has, ValueRange) -> SmallVector<Value> {
        if (!rows.needsMarks())
          code.when(has, [&] {
            code.fetch(LLVM::AtomicBinOp::_or, marks.memory, code.add(first, code.mul(target, ranks.words)), marks.bit);
          });
        return {};
      });
    });
  });
}

/// Each target adds what has marked it in a round, and takes the marks away.
void DrawnSynapses::addMarked(PropagateOp op, const Ranks &ranks, Value round) {
  WarpCode code{{b, op.getLoc()}};
  MemRefType targets = memoryOf(op.getInit());
  Value buffer =
      code.mul(code.toIndex(code.both(round, code.i32(ranks.buffers - 1))), targets.getNumElements() * ranks.words);
  Value firstRank = code.mul(round, code.i32(ranks.perRound()));
  team.share(b, code.loc, targets.getNumElements(), [&](Value number) {
    auto [row, j] = placeOf(code, op.getInit(), number);
    SmallVector<Value> place = at(row, j);
    Value first = code.add(buffer, code.mul(code.toIndex(number), ranks.words));
    code.each(code.index(0), code.index(ranks.words), [&](Value word) {
      Value of = code.add(first, word), bits = code.load(ranks.marks, of);
      code.when(code.isSet(bits), [&] {
        code.store(code.i32(0), ranks.marks, of);
        Value start = code.add(firstRank, code.mul(code.toI32(word), code.i32(wide)));
        SmallVector<Value> sum = code.loopWhile(
            {bits, code.load(op.getInit(), place)}, [&](ValueRange left) { return code.isSet(left[0]); },
            [&](ValueRange left) -> SmallVector<Value> {
              Value amount = op.getWeights();
              if (ranks.strengths) {
                Value rank = code.add(start, math::CountTrailingZerosOp::create(b, code.loc, left[0]));
                amount = code.load(ranks.strengths, code.toIndex(rank));
              }
              return {code.both(left[0], code.sub(left[0], code.i32(1))),
                      arith::AddFOp::create(b, code.loc, left[1], amount)};
            });
        code.store(sum[1], op.getInit(), place);
      });
    });
  });
}

void DrawnSynapses::propagateByRank(PropagateOp op) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  Ranks ranks = prepare(op);
  Value total = rankEvents(loc, op.getEvents(), ranks);
  Value ofCounts = code.mul(ranks.parity, ranks.blocks), ofTotals = code.mul(ranks.parity, ranks.groups);
  code.when(code.isSet(total), [&] { // the same for all of the team
    team.share(b, loc, ranks.blocks, [&](Value block) {
      Value group = wordOf(code, block), k = code.toIndex(block);
      Value before = sumOf(code, ranks.totals, ofTotals, code.add(ofTotals, group));
      Value beside = sumOf(code, ranks.counts, code.add(ofCounts, code.mul(group, wide)), code.add(ofCounts, k));
      code.store(code.add(before, beside), ranks.starts, k);
    });
    team.wait(b, loc, workspace);
    Value perRound = code.i32(ranks.perRound());
    Value rounds = arith::CeilDivUIOp::create(b, loc, total, perRound);
    code.loop(code.i32(0), rounds, code.i32(1), {}, [&](Value round, ValueRange) -> SmallVector<Value> {
      markTargets(op, ranks, round);
      team.wait(b, loc, workspace);
      addMarked(op, ranks, round);
      return {};
    });
    team.share(b, loc, ranks.groups,
               [&](Value group) { code.store(code.i32(0), ranks.totals, code.add(ofTotals, code.toIndex(group))); });
  });
}

/// The thread of a source keeps the sum of its row.
void DrawnSynapses::collectRows(CollectOp op, const Marks &marks) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  MemRefType sources = memoryOf(op.getInit());
  Type real = sources.getElementType();
  WarpEvents blocks(team, code, op.getInit());
  WarpRows rows(code, constants, op.getRuleAttr(), blocks.lane());
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(real)), count = code.i32(blocks.count());
  blocks.eachBlock([&](Value, Value first) {
    Value left = code.sub(count, first), full = code.i32(warpSize);
    Value size = code.choose(code.is(Predicate::ult, left, full), left, full);
    Value own = code.loop(code.i32(0), size, code.i32(1), {zero}, [&](Value k, ValueRange mine) -> SmallVector<Value> {
      auto [row, source] = placeOf(code, op.getInit(), code.add(first, k));
      Value r = row;
      auto add = [&](Value target, Value has, ValueRange sum) -> SmallVector<Value> {
        Value term = code.when(has, {zero}, [&]() -> SmallVector<Value> {
          return {arith::MulFOp::create(b, loc, op.getWeights(), code.load(op.getValues(), at(r, target)))};
        })[0];
        Value there = code.ballot(has); // thread after thread
        return {code.loopWhile(
            {there, sum[0]}, [&](ValueRange rest) { return code.isSet(rest[0]); },
            [&](ValueRange rest) -> SmallVector<Value> {
              Value next = math::CountTrailingZerosOp::create(b, loc, rest[0]);
              return {code.both(rest[0], code.sub(rest[0], code.i32(1))),
                      arith::AddFOp::create(b, loc, rest[1], code.of(next, term))};
            })[1]};
      };
      Value sum = rows.each(source, marks, {zero}, add)[0];
      if (rows.needsMarks())
        rows.clear(source, marks);
      return {code.choose(code.is(Predicate::eq, blocks.lane(), k), sum, mine[0])};
    })[0];
    Value mine = code.add(first, blocks.lane());
    code.when(code.is(Predicate::ult, mine, count), [&] {
      auto [row, i] = placeOf(code, op.getInit(), mine);
      SmallVector<Value> place = at(row, i);
      code.store(arith::AddFOp::create(b, loc, code.load(op.getInit(), place), own), op.getInit(), place);
    });
  });
}

/// Where rows need marks each warp has a bit of every target; where memory has fewer bits, warps take turns.
void DrawnSynapses::collect(CollectOp op) {
  Location loc = op.getLoc();
  WarpCode code{{b, loc}};
  if (!op.getRuleAttr().getNumber())
    return collectRows(op, Marks());
  constexpr int64_t mostMarkBytes = 64 << 20;
  int64_t warps = llvm::divideCeil(memoryOf(op.getInit()).getNumElements(), warpSize);
  int64_t targets = memoryOf(op.getValues()).getShape().back();
  int64_t words =
      std::clamp<int64_t>(llvm::divideCeil(warps, wide), 1, std::max<int64_t>(1, mostMarkBytes / 4 / targets));
  Value marks;
  {
    OpBuilder::InsertionGuard guard(b);
    if (scf::ForOp steps = timeLoopAround(op))
      b.setInsertionPoint(steps);
    marks = code.alloc(targets * words, b.getI32Type());
    team.share(b, loc, targets * words, [&](Value k) { code.store(code.i32(0), marks, code.toIndex(k)); });
    team.wait(b, loc, workspace);
  }
  Value warp = code.shiftRight(team.number(), code.i32(5));
  auto draw = [&](Value slot) { collectRows(op, {marks, wordOf(code, slot), words, bitOf(code, slot)}); };
  int64_t slots = words * wide;
  if (slots >= warps)
    return draw(warp); // others have no elements
  code.loop(code.i32(0), code.i32(llvm::alignTo(warps, slots)), code.i32(slots), {},
            [&](Value first, ValueRange) -> SmallVector<Value> {
              Value slot = code.sub(warp, first);
              code.when(code.is(Predicate::ult, slot, code.i32(slots)), [&] { draw(slot); });
              team.wait(b, loc, workspace);
              return {};
            });
}

} // namespace overtime::ir
