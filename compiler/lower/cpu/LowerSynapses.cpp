// SPDX-License-Identifier: Apache-2.0
// lower-synapses: operations on synapses and ring buffers on memory become loops.
#include "compiler/lower/Passes.h"
#include "compiler/lower/cpu/DrawnRows.h"
#include "compiler/lower/cpu/EventScan.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace overtime::ir {
#define GEN_PASS_DEF_LOWERSYNAPSES
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

MemRefType memoryOf(Value v) { return cast<MemRefType>(v.getType()); }

/// Writes the loops of one operation at its place.
class Writer {
public:
  Writer(Operation *op, DrawnRows &drawn) : b(op), loc(op->getLoc()), code{b, loc}, drawn(drawn) {}

  void write(PropagateOp op) {
    eachRow(op.getEvents(), op.getInit(), [&](Value events, Value init) {
      EventScan scan{code, events, op.getOffsets(), prefetched(op.getTargets(), op.getWeights())};
      auto add = [&](const EventRow &row) { op.getRule() ? addDrawn(op, row, init) : addRow(op, row, init); };
      op.getList() ? scan.writeListed(op, add) : scan.write(add);
    });
  }

  void write(ListEventsOp op) {
    EventScan scan{code, op.getEvents(), {}, {}};
    scan.list(op.getFrom(), op.getList(), op.getCount());
  }

  void write(CollectOp op) {
    eachRow(op.getValues(), op.getInit(), [&](Value values, Value init) {
      auto sources = code.loop(code.index(0), code.index(memoryOf(init).getDimSize(0)), code.index(1));
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(sources.getBody()->getTerminator());
      Value i = sources.getInductionVar();
      Value sum =
          op.getRule() ? drawn.sum(code, op.getRuleAttr(), i, op.getWeights(), values) : sumOfRow(op, i, values);
      Value before = memref::LoadOp::create(b, loc, init, i);
      memref::StoreOp::create(b, loc, arith::AddFOp::create(b, loc, before, sum), init, i);
    });
  }

  void write(CorrelateOp op) {
    eachRow(op.getEvents(), op.getValues(), [&](Value events, Value values) {
      EventScan scan{code, events, op.getOffsets(), {op.getTargets()}};
      scan.write([&](const EventRow &row) {
        code.each(row.begin, row.end, [&](Value k) {
          Value term = memref::LoadOp::create(b, loc, values, code.loadIndex(op.getTargets(), k));
          Value place = op.getPositions() ? code.loadIndex(op.getPositions(), k) : k;
          Value before = memref::LoadOp::create(b, loc, op.getInit(), place);
          if (op.getToward())
            term = arith::MulFOp::create(b, loc, term, arith::SubFOp::create(b, loc, op.getToward(), before));
          if (row.strength)
            term = arith::MulFOp::create(b, loc, row.strength, term);
          Value after = arith::AddFOp::create(b, loc, before, term);
          if (op.getLow()) {
            after = arith::MaximumFOp::create(b, loc, after, op.getLow());
            after = arith::MinimumFOp::create(b, loc, after, op.getHigh());
          }
          memref::StoreOp::create(b, loc, after, op.getInit(), place);
        });
      });
    });
  }

  void write(ReadDelayedOp op) {
    MemRefType ring = memoryOf(op.getRing());
    int64_t batch = ring.getRank() == 3 ? ring.getDimSize(1) : 0;
    auto columns = [&](ArrayRef<Value> lead) {
      code.each(code.index(0), code.index(ring.getShape().back()), [&](Value j) {
        Value at = arith::SubIOp::create(b, loc, op.getSlot(), code.loadIndex(op.getDelays(), j));
        Value wrapped = arith::AddIOp::create(b, loc, at, code.index(ring.getDimSize(0)));
        Value before = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, at, code.index(0));
        SmallVector<Value> from = {arith::SelectOp::create(b, loc, before, wrapped, at)}, to(lead);
        from.append(lead.begin(), lead.end());
        from.push_back(j);
        to.push_back(j);
        memref::StoreOp::create(b, loc, memref::LoadOp::create(b, loc, op.getRing(), from), op.getInit(), to);
      });
    };
    if (batch == 0)
      return columns({});
    code.each(code.index(0), code.index(batch), [&](Value r) { columns({r}); });
  }

private:
  /// Both memories as they are, or row after row of them.
  void eachRow(Value first, Value second, llvm::function_ref<void(Value, Value)> body) {
    if (memoryOf(first).getRank() == 1)
      return body(first, second);
    code.each(code.index(0), code.index(memoryOf(first).getDimSize(0)),
              [&](Value r) { body(rowOf(first, r), rowOf(second, r)); });
  }
  Value rowOf(Value memory, Value r) {
    MemRefType type = memoryOf(memory);
    SmallVector<OpFoldResult> offsets = {r, b.getIndexAttr(0)}, ones(2, b.getIndexAttr(1)),
                              sizes = {b.getIndexAttr(1), b.getIndexAttr(type.getDimSize(1))};
    MemRefType row = memref::SubViewOp::inferRankReducedResultType({type.getDimSize(1)}, type, offsets, sizes, ones);
    return memref::SubViewOp::create(b, loc, row, memory, offsets, sizes, ones);
  }

  Value weight(Value weights, Value k) {
    return isa<MemRefType>(weights.getType()) ? Value(memref::LoadOp::create(b, loc, weights, k)) : weights;
  }
  static SmallVector<Value> prefetched(Value targets, Value weights) {
    if (!targets)
      return {};
    if (isa<MemRefType>(weights.getType()))
      return {targets, weights};
    return {targets};
  }

  Value sumOfRow(CollectOp op, Value source, Value values) {
    Value begin = code.loadIndex(op.getOffsets(), source), end = code.loadIndex(op.getOffsets(), code.next(source));
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(memoryOf(values).getElementType()));
    auto row = scf::ForOp::create(
        b, loc, begin, end, code.index(1), ValueRange{zero}, [&](OpBuilder &, Location, Value k, ValueRange sum) {
          Value v = memref::LoadOp::create(b, loc, values, code.loadIndex(op.getTargets(), k));
          Value product = arith::MulFOp::create(b, loc, weight(op.getWeights(), k), v);
          scf::YieldOp::create(b, loc, Value(arith::AddFOp::create(b, loc, sum[0], product)));
        });
    return row.getResult(0);
  }

  /// The same for synapses that are drawn; a row that waits in vain has no source.
  void addDrawn(PropagateOp op, const EventRow &row, Value init) {
    Value amount = row.strength ? Value(arith::MulFOp::create(b, loc, row.strength, op.getWeights())) : op.getWeights();
    Value first = op.getFrom() ? op.getFrom() : code.index(0);
    code.each(row.begin, row.end,
              [&](Value source) { drawn.add(code, op.getRuleAttr(), source, amount, init, first); });
  }

  /// Adds the synapses of one source to their targets.
  void addRow(PropagateOp op, const EventRow &row, Value init) {
    bool each = isa<MemRefType>(op.getWeights().getType());
    Value common = op.getWeights(), size = code.index(memoryOf(init).getDimSize(0));
    if (!each && row.strength)
      common = arith::MulFOp::create(b, loc, row.strength, common);
    Value begin = row.begin, end = row.end;
    if (Value from = op.getFrom()) {
      begin = code.firstNotBelow(op.getTargets(), row.begin, row.end, from);
      end = code.firstNotBelow(op.getTargets(), begin, row.end, arith::AddIOp::create(b, loc, from, size));
    }
    code.eachUnrolled(begin, end, [&](Value k) {
      Value j = code.loadIndex(op.getTargets(), k), amount = common;
      if (each) {
        amount = memref::LoadOp::create(b, loc, op.getWeights(), k);
        if (row.strength)
          amount = arith::MulFOp::create(b, loc, row.strength, amount);
      }
      if (op.getShift()) {
        Value sum = arith::AddIOp::create(b, loc, j, op.getShift());
        Value over = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, sum, size);
        j = arith::SelectOp::create(b, loc, over, arith::SubIOp::create(b, loc, sum, size), sum);
      } else if (op.getFrom()) {
        j = arith::SubIOp::create(b, loc, j, op.getFrom());
      }
      Value before = memref::LoadOp::create(b, loc, init, j);
      memref::StoreOp::create(b, loc, arith::AddFOp::create(b, loc, before, amount), init, j);
    });
  }

  OpBuilder b;
  Location loc;
  LoopCode code;
  DrawnRows &drawn;
};

struct LowerSynapsesPass : overtime::ir::impl::LowerSynapsesBase<LowerSynapsesPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<PropagateOp, ListEventsOp, CollectOp, CorrelateOp, ReadDelayedOp>(op))
        ops.push_back(op);
    });
    DrawnRows drawn(getOperation());
    for (Operation *op : ops) {
      llvm::TypeSwitch<Operation *, void>(op).Case<PropagateOp, ListEventsOp, CollectOp, CorrelateOp, ReadDelayedOp>(
          [&](auto one) { Writer(one, drawn).write(one); });
      op->erase();
    }
  }
};

} // namespace
