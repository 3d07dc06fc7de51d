// SPDX-License-Identifier: Apache-2.0
// split-steps: threads share every operation of a coupled step, and wait for each other where they exchange numbers.
#include "compiler/lower/Passes.h"
#include "compiler/lower/cpu/EventScan.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"
#include "compiler/lower/threads/LaneAnalysis.h"
#include "compiler/lower/threads/StepPhases.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace overtime::ir {
#define GEN_PASS_DEF_SPLITSTEPS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr int64_t mostParts = 64, mostItems = 512; // beyond them a barrier, or finding where it stands, takes too long
constexpr int64_t barrierCycles = 2200;            // of two threads, on a machine that has other things to do too
constexpr StringLiteral barrierName = "overtime_barrier";

/// Writes the team's form of a program, in a copy of it.
class TeamFunction {
public:
  TeamFunction(func::FuncOp function, int64_t parts)
      : function(function), parts(parts), b(function.getContext()), loc(function.getLoc()) {
    for (auto loop : function.getBody().front().getOps<scf::ForOp>())
      if (loop->hasAttr(timeLoopAttr))
        time = loop;
  }

  /// False when an operation has no rule.
  bool analyse() {
    listEvents();
    ItemReader reader(parts);
    Block &body = function.getBody().front();
    bool passed = false;
    for (Operation &op : body.without_terminator()) {
      if (&op == time.getOperation()) {
        passed = true;
        continue;
      }
      if (!read(reader, op, passed ? after : before))
        return false;
    }
    reader.startAgain();
    for (Operation &op : time.getBody()->without_terminator())
      if (!read(reader, op, step))
        return false;
    if (step.items.empty() || step.items.size() > mostItems)
      return false;
    step.sort(*time.getBody(), parts);
    before.placeBarriers(parts, /*repeats=*/false);
    step.placeBarriers(parts, /*repeats=*/true);
    after.placeBarriers(parts, /*repeats=*/false);
    return true;
  }

  int64_t barriers() const { return step.barriers(); }

  /// Cycles of the operations that all parts share.
  int64_t sharedCycles(unsigned vectorBits) const {
    int64_t cycles = 0;
    for (const Item &item : step.items) {
      if (item.how != Item::Split)
        continue;
      int64_t times = 1;
      if (auto loop = dyn_cast<scf::ForOp>(item.op))
        times = item.extent / *getConstantIntValue(loop.getStep());
      item.op->walk([&](linalg::LinalgOp op) { cycles += times * cyclesOf(op, vectorBits); });
      if (auto propagate = dyn_cast<PropagateOp>(item.op))
        cycles += cyclesWithEvents(propagate) / quietSteps;
    }
    return cycles;
  }

  void write() {
    takeArguments();
    for (auto alloc : function.getBody().front().getOps<memref::AllocOp>())
      alloc->setAttr(sharedAttr, b.getUnitAttr());
    write(step);
    write(before);
    b.setInsertionPoint(time);
    wait();
    if (!after.items.empty()) {
      b.setInsertionPointAfter(time);
      wait();
    }
    write(after);
  }

private:
  /// What flags a synapse reads is written down first, by those who set the flags.
  void listEvents() {
    SmallVector<PropagateOp> all;
    for (auto op : time.getBody()->getOps<PropagateOp>())
      if (auto type = cast<MemRefType>(op.getEvents().getType()); (op.getAscending() || op.getRule()) &&
                                                                  !op.getShift() && type.getRank() == 1 &&
                                                                  type.getElementType().isInteger())
        all.push_back(op);
    struct Lists {
      Value list, counts;
      Operation *written = nullptr;
    };
    llvm::DenseMap<Value, Lists> known;
    for (PropagateOp op : all) {
      auto [flags, first] = flagsOf(op.getEvents());
      int64_t size = cast<MemRefType>(flags.getType()).getDimSize(0), chunk = chunkOf(size, parts);
      Lists &lists = known[flags];
      if (!lists.list) { // two of each: while some still read those of a step, others write those of the next
        lists.list = inTurns(size);
        lists.counts = inTurns(parts * countStride);
      }
      if (!lists.written || writtenBetween(rootOf(flags), lists.written, op)) {
        b.setInsertionPoint(op);
        lists.written = ListEventsOp::create(b, loc, flags, index(0), lists.list, lists.counts);
      }
      op.getListMutable().assign(lists.list);
      op.getCountsMutable().assign(lists.counts);
      op.setFirstListed(first);
      op.setListChunk(chunk);
    }
  }
  /// Memory of n integers: one for even steps, one for odd ones.
  Value inTurns(int64_t n) {
    b.setInsertionPointToStart(&function.getBody().front());
    Value both = memref::AllocOp::create(b, loc, MemRefType::get({2, n}, b.getI32Type()));
    b.setInsertionPointToStart(time.getBody());
    Value turn = arith::AndIOp::create(b, loc, time.getInductionVar(), index(1));
    SmallVector<OpFoldResult> offsets = {turn, b.getIndexAttr(0)}, sizes = {b.getIndexAttr(1), b.getIndexAttr(n)},
                              ones(2, b.getIndexAttr(1));
    auto type =
        memref::SubViewOp::inferRankReducedResultType({n}, cast<MemRefType>(both.getType()), offsets, sizes, ones);
    return memref::SubViewOp::create(b, loc, cast<MemRefType>(type), both, offsets, sizes, ones);
  }
  /// The array that flags are a part of, and where they begin.
  static std::pair<Value, int64_t> flagsOf(Value v) {
    auto view = v.getDefiningOp<memref::SubViewOp>();
    bool plain = view && view.getSourceType().getRank() == 1 && view.hasUnitStride() &&
                 !ShapedType::isDynamic(view.getStaticOffsets()[0]);
    return plain ? std::pair(Value(view.getSource()), view.getStaticOffsets()[0]) : std::pair(v, int64_t(0));
  }
  static bool writtenBetween(Value root, Operation *from, Operation *to) {
    for (Operation *op = from->getNextNode(); op != to; op = op->getNextNode())
      for (Value v : op->getOperands())
        if (isa<MemRefType>(v.getType()) && rootOf(v) == root && !isa<PropagateOp, memref::SubViewOp>(op))
          return true;
    return false;
  }

  static bool read(ItemReader &reader, Operation &op, Sequence &sequence) {
    FailureOr<std::optional<Item>> item = reader.read(&op);
    if (failed(item))
      return false;
    if (*item)
      sequence.items.push_back(**item);
    return true;
  }

  // ---- code ---------------------------------------------------------------------------------------------------------

  void takeArguments() {
    for (unsigned k = 0; k < function.getNumArguments(); ++k)
      function.removeArgAttr(k, "llvm.noalias"); // other threads write there too
    Block &body = function.getBody().front();
    PartRange range(function);
    first = range.first;
    last = range.last;
    unsigned workspace = 0;
    for (BlockArgument argument : body.getArguments())
      if (auto type = dyn_cast<MemRefType>(argument.getType()); type && isWorkspace(type))
        workspace = argument.getArgNumber();
    (void)function.insertArgument(workspace + 1, body.getArgument(workspace).getType(), {}, loc);
    (void)function.insertArgument(function.getNumArguments(), b.getIndexType(), {}, loc);
    team = body.getArguments().back();
    b.setInsertionPointToStart(&body);
    start = arith::ConstantIndexOp::create(b, loc, 0).getOperation();
  }

  void wait() { func::CallOp::create(b, loc, barrierName, TypeRange{}, ValueRange{team}); }
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// Computed once, where the function begins.
  Value atStart(llvm::function_ref<Value()> make) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointAfter(start);
    Value v = make();
    start = v.getDefiningOp();
    return v;
  }
  Value compare(arith::CmpIPredicate how, Value x, int64_t y) {
    return arith::CmpIOp::create(b, loc, how, x, index(y));
  }
  /// Whether this call runs part p.
  Value runs(int64_t p) {
    Value &known = runsPart[p];
    if (!known)
      known = atStart([&]() -> Value {
        Value begun = compare(arith::CmpIPredicate::ule, first, p), open = compare(arith::CmpIPredicate::ugt, last, p);
        return arith::AndIOp::create(b, loc, begun, open);
      });
    return known;
  }
  /// The place where a part begins, or `end` when that comes before.
  Value placeOf(Value part, int64_t chunk, int64_t end) {
    Value &known = places[{part, {chunk, end}}];
    if (!known)
      known = atStart([&]() -> Value {
        Value at = arith::MulIOp::create(b, loc, part, index(chunk));
        return arith::MinUIOp::create(b, loc, at, index(end));
      });
    return known;
  }

  void write(Sequence &s) {
    for (size_t k = 0; k < s.items.size();) {
      if (s.waits[k]) {
        b.setInsertionPoint(s.items[k].op);
        wait();
      }
      SmallVector<const Item *> group;
      size_t next = k;
      for (size_t j = k; j < s.items.size() && !(j > k && s.waits[j]); ++j) {
        if (s.items[j].how == Item::Every && j > k) // reads what no part of the group writes
          continue;
        if (j > k && !s.items[j].isLike(s.items[k]))
          break;
        group.push_back(&s.items[j]);
        next = j;
      }
      writeGroup(s.items[k], group);
      // Reads in between stay where they are, before the group.
      k = next + 1;
    }
  }

  void writeGroup(const Item &item, ArrayRef<const Item *> group) {
    if (item.how == Item::Every)
      return;
    b.setInsertionPoint(group.back()->op);
    if (item.how == Item::Alone) {
      auto mine = scf::IfOp::create(b, loc, runs(item.part), /*withElseRegion=*/false);
      for (const Item *one : group)
        one->op->moveBefore(mine.thenBlock()->getTerminator());
    } else if (auto loop = dyn_cast<scf::ForOp>(item.op)) {
      loop.setLowerBound(placeOf(first, item.chunk, item.extent));
      loop.setUpperBound(placeOf(last, item.chunk, item.extent));
    } else {
      writeChunks(item, group);
    }
  }

  void writeChunks(const Item &item, ArrayRef<const Item *> group) {
    int64_t whole = item.extent / item.chunk, rest = item.extent % item.chunk, end = whole * item.chunk;
    if (whole > 0) {
      auto loop = scf::ForOp::create(b, loc, placeOf(first, item.chunk, end), placeOf(last, item.chunk, end),
                                     index(item.chunk));
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(loop.getBody()->getTerminator());
      cut(group, loop.getInductionVar(), item.chunk);
    }
    if (rest > 0) {
      auto mine = scf::IfOp::create(b, loc, runs(whole), /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(mine.thenBlock()->getTerminator());
      cut(group, index(end), rest);
    }
    for (const Item *one : group)
      one->op->erase();
  }
  /// Copies of operations for `size` elements from `offset` on.
  void cut(ArrayRef<const Item *> group, Value offset, int64_t size) {
    llvm::DenseMap<std::pair<Value, int64_t>, Value> views; // one for each memory: products find their chain by it
    for (const Item *item : group) {
      IRMapping none;
      if (auto propagate = dyn_cast<PropagateOp>(item->op)) {
        auto copy = cast<PropagateOp>(b.clone(*propagate, none));
        OpBuilder before(copy);
        int64_t axis = cast<MemRefType>(copy.getInit().getType()).getRank() - 1;
        copy.getInitMutable().set(cutAxis(before, loc, copy.getInit(), axis, offset, size));
        copy.getFromMutable().assign(offset);
        continue;
      }
      if (auto list = dyn_cast<ListEventsOp>(item->op)) {
        auto copy = cast<ListEventsOp>(b.clone(*list, none));
        OpBuilder before(copy);
        Value part =
            arith::DivUIOp::create(before, loc, offset, arith::ConstantIndexOp::create(before, loc, item->chunk));
        Value line = arith::MulIOp::create(before, loc, part, arith::ConstantIndexOp::create(before, loc, countStride));
        copy.getEventsMutable().set(cutAxis(before, loc, copy.getEvents(), 0, offset, size));
        copy.getListMutable().set(cutAxis(before, loc, copy.getList(), 0, offset, size));
        copy.getCountMutable().set(cutAxis(before, loc, copy.getCount(), 0, line, 1));
        copy.getFromMutable().set(offset);
        continue;
      }
      auto op = cast<linalg::LinalgOp>(item->op);
      Operation *copy = b.clone(*op, none);
      for (OpOperand &operand : op->getOpOperands())
        for (auto [axis, e] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults()))
          if (isa<MemRefType>(operand.get().getType()) && e.isFunctionOfDim(item->loop)) {
            Value &view = views[{operand.get(), axis}];
            if (!view) {
              OpBuilder before(copy);
              view = cutAxis(before, loc, operand.get(), axis, offset, size);
            }
            copy->setOperand(operand.getOperandNumber(), view);
          }
      shiftIndices(copy, item->loop, offset);
    }
  }

  func::FuncOp function;
  int64_t parts;
  OpBuilder b;
  Location loc;
  scf::ForOp time;
  Sequence before, step, after;
  Value first, last, team;
  Operation *start = nullptr; // the last of what is computed once
  llvm::DenseMap<int64_t, Value> runsPart;
  llvm::DenseMap<std::pair<Value, std::pair<int64_t, int64_t>>, Value> places;
};

struct SplitStepsPass : overtime::ir::impl::SplitStepsBase<SplitStepsPass> {
  using SplitStepsBase::SplitStepsBase;

  void runOnOperation() override {
    if (threads < 2)
      return;
    SmallVector<func::FuncOp> programs;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(programAttr) && !function->hasAttr(partsAttr))
        programs.push_back(function);
    for (func::FuncOp program : programs)
      split(program);
  }

  void split(func::FuncOp program) {
    auto isTime = [](scf::ForOp loop) { return loop->hasAttr(timeLoopAttr); };
    if (llvm::count_if(program.getBody().front().getOps<scf::ForOp>(), isTime) != 1)
      return;
    int64_t parts = std::min<int64_t>(threads, mostParts);
    OpBuilder b(program);
    auto copy = cast<func::FuncOp>(b.clone(*program));
    copy.setName((program.getName() + teamSuffix).str());
    TeamFunction team(copy, parts);
    bool possible = team.analyse();
    int64_t cycles = possible ? team.sharedCycles(vectorBits) : 0,
            waits = possible ? team.barriers() * barrierCycles : 0;
    if (!possible || cycles == 0 || (!always && cycles < 4 * waits + barrierCycles)) {
      copy.erase();
      return;
    }
    team.write();
    copy->setAttr(teamAttr, b.getUnitAttr());
    program->setAttr(partsAttr, b.getI64IntegerAttr(parts));
    program->setAttr(partCyclesAttr, b.getI64IntegerAttr(std::max<int64_t>(1, cycles / parts)));
    program->setAttr(waitCyclesAttr, b.getI64IntegerAttr(waits));
    if (!getOperation().lookupSymbol(barrierName)) {
      auto barrier = func::FuncOp::create(b, program.getLoc(), barrierName, b.getFunctionType(b.getIndexType(), {}));
      barrier.setPrivate();
    }
  }
};

} // namespace
