// SPDX-License-Identifier: Apache-2.0
// Visits the sources that have an event, with the rows of their synapses.
#include "compiler/lower/cpu/EventScan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace overtime::ir {

namespace {
constexpr int64_t lineBytes = 64;
constexpr int64_t fetchedLines = 8; // of a row; the processor itself fetches the rest of a long one
constexpr unsigned queueLength = 2; // rows that wait
} // namespace

EventScan::EventScan(LoopCode &code, Value events, Value offsets, SmallVector<Value> prefetched)
    : code(code), events(events), offsets(offsets), prefetched(std::move(prefetched)),
      type(cast<MemRefType>(events.getType())), flags(type.getElementType().isInteger()), fields(flags ? 2 : 3) {
  int64_t full = lineBytes * 8 / type.getElementTypeBitWidth(); // no more than 64 bits
  lanes = std::min<int64_t>(full, llvm::bit_floor(uint64_t(type.getDimSize(0))));
}

/// A bit for each element from `block` on. The last block is read from `first`, where it is whole, and shifted.
Value EventScan::bitsOf(Value block, Value first) {
  OpBuilder &b = code.b;
  auto vector = VectorType::get({lanes}, type.getElementType());
  Value v = vector::LoadOp::create(b, code.loc, vector, events, first);
  Value zero = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(vector));
  Value mask = flags ? Value(arith::CmpIOp::create(b, code.loc, arith::CmpIPredicate::ne, v, zero))
                     : Value(arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::UNE, v, zero));
  Value packed = vector::BitCastOp::create(b, code.loc, VectorType::get({1}, b.getIntegerType(lanes)), mask);
  Value bits = vector::ExtractOp::create(b, code.loc, packed, ArrayRef<int64_t>{0});
  if (lanes < 64)
    bits = arith::ExtUIOp::create(b, code.loc, b.getI64Type(), bits);
  if (type.getDimSize(0) % lanes == 0)
    return bits;
  Value known = arith::SubIOp::create(b, code.loc, block, first);
  return arith::ShRUIOp::create(b, code.loc, bits, arith::IndexCastOp::create(b, code.loc, b.getI64Type(), known));
}

EventRow EventScan::rowOf(Value source) {
  Value begin = offsets ? code.loadIndex(offsets, source) : source, next = code.next(source);
  Value end = offsets ? code.loadIndex(offsets, next) : next;
  return {begin, end, flags ? Value() : Value(memref::LoadOp::create(code.b, code.loc, events, source))};
}

void EventScan::fetch(const EventRow &row) {
  OpBuilder &b = code.b;
  for (Value memory : prefetched) {
    auto synapses = cast<MemRefType>(memory.getType());
    int64_t perLine = lineBytes * 8 / synapses.getElementTypeBitWidth();
    int64_t mean = llvm::divideCeil(synapses.getDimSize(0), std::max<int64_t>(type.getDimSize(0), 1));
    int64_t lines = std::min(mean / perLine + 1, fetchedLines);
    for (int64_t line = 0; line < lines; ++line) {
      Value at = arith::AddIOp::create(b, code.loc, row.begin, code.index(line * perLine));
      memref::PrefetchOp::create(b, code.loc, memory, at, /*isWrite=*/false, /*locality=*/3, /*isDataCache=*/true);
    }
  }
}

SmallVector<Value> EventScan::waiting(ValueRange queue, const EventRow &row) const {
  SmallVector<Value> values = {row.begin, row.end};
  if (row.strength)
    values.push_back(row.strength);
  llvm::append_range(values, queue.drop_back(fields));
  return values;
}

EventRow EventScan::oldest(ValueRange queue) const {
  ValueRange last = queue.take_back(fields);
  return {last[0], last[1], flags ? Value() : last[2]};
}

SmallVector<Value> EventScan::emptyQueue() {
  EventRow none{code.index(0), code.index(0), {}};
  if (!flags)
    none.strength = arith::ConstantOp::create(code.b, code.loc, code.b.getZeroAttr(type.getElementType()));
  SmallVector<Value> empty;
  for (unsigned k = 0; k < queueLength; ++k)
    llvm::append_range(empty, waiting(SmallVector<Value>(fields), none));
  return empty;
}

SmallVector<Value> EventScan::push(Value source, ValueRange queue, llvm::function_ref<void(const EventRow &)> visit) {
  EventRow row = rowOf(source);
  fetch(row);
  visit(oldest(queue));
  return waiting(queue, row);
}

void EventScan::drain(ValueRange queue, llvm::function_ref<void(const EventRow &)> visit) {
  SmallVector<Value> empty = emptyQueue();
  EventRow none{empty[0], empty[1], flags ? Value() : empty[2]};
  scf::ForOp::create(code.b, code.loc, code.index(0), code.index(queueLength), code.index(1), queue,
                     [&](OpBuilder &, Location, Value, ValueRange left) {
                       visit(oldest(left));
                       scf::YieldOp::create(code.b, code.loc, waiting(left, none));
                     });
}

ValueRange EventScan::eachEvent(ValueRange start, Bit bit) {
  OpBuilder &b = code.b;
  Location loc = code.loc;
  int64_t size = type.getDimSize(0);
  auto blocks = scf::ForOp::create(
      b, loc, code.index(0), code.index(size), code.index(lanes), start,
      [&](OpBuilder &, Location, Value block, ValueRange carried) {
        Value first =
            size % lanes == 0 ? block : Value(arith::MinUIOp::create(b, loc, block, code.index(size - lanes)));
        SmallVector<Value> begin = {bitsOf(block, first)};
        llvm::append_range(begin, carried);
        Value zero = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
        auto events = scf::WhileOp::create(
            b, loc, TypeRange(begin), begin,
            [&](OpBuilder &, Location, ValueRange args) {
              Value any = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, args[0], zero);
              scf::ConditionOp::create(b, loc, any, args);
            },
            [&](OpBuilder &, Location, ValueRange args) {
              Value lane = arith::IndexCastUIOp::create(b, loc, b.getIndexType(),
                                                        Value(math::CountTrailingZerosOp::create(b, loc, args[0])));
              SmallVector<Value> after = bit(arith::AddIOp::create(b, loc, block, lane), args.drop_front());
              Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
              SmallVector<Value> next = {
                  arith::AndIOp::create(b, loc, args[0], arith::SubIOp::create(b, loc, args[0], one))};
              llvm::append_range(next, after);
              scf::YieldOp::create(b, loc, next);
            });
        scf::YieldOp::create(b, loc, events.getResults().drop_front());
      });
  return blocks.getResults();
}

void EventScan::write(llvm::function_ref<void(const EventRow &)> visit) {
  if (type.getDimSize(0) == 0)
    return;
  drain(eachEvent(emptyQueue(), [&](Value source, ValueRange queue) { return push(source, queue, visit); }), visit);
}

void EventScan::writeListed(PropagateOp op, llvm::function_ref<void(const EventRow &)> visit) {
  OpBuilder &b = code.b;
  Location loc = code.loc;
  int64_t parts = op.getCounts().getType().getDimSize(0) / countStride;
  Value sources = code.index(type.getDimSize(0)), before = code.index(op.getFirstListed());
  auto lists = scf::ForOp::create(
      b, loc, code.index(0), code.index(parts), code.index(1), emptyQueue(),
      [&](OpBuilder &, Location, Value part, ValueRange waits) {
        Value count = code.loadIndex(op.getCounts(), arith::MulIOp::create(b, loc, part, code.index(countStride)));
        Value begin = arith::MulIOp::create(b, loc, part, code.index(op.getListChunk()));
        auto events = scf::ForOp::create(
            b, loc, begin, arith::AddIOp::create(b, loc, begin, count), code.index(1), waits,
            [&](OpBuilder &, Location, Value k, ValueRange queue) {
              Value source = arith::SubIOp::create(b, loc, code.loadIndex(op.getList(), k), before);
              Value known = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, source, sources);
              auto next = scf::IfOp::create(
                  b, loc, known,
                  [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, push(source, queue, visit)); },
                  [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, queue); });
              scf::YieldOp::create(b, loc, next.getResults());
            });
        scf::YieldOp::create(b, loc, events.getResults());
      });
  drain(lists.getResults(), visit);
}

void EventScan::list(Value from, Value to, Value count) {
  OpBuilder &b = code.b;
  auto store = [&](Value number, Value memory, Value at) {
    memref::StoreOp::create(b, code.loc, Value(arith::IndexCastUIOp::create(b, code.loc, b.getI32Type(), number)),
                            memory, at);
  };
  Value none = code.index(0), found = none;
  if (type.getDimSize(0) > 0)
    found = eachEvent(none, [&](Value source, ValueRange known) -> SmallVector<Value> {
      store(arith::AddIOp::create(b, code.loc, source, from), to, known[0]);
      return {code.next(known[0])};
    })[0];
  store(found, count, none);
}

} // namespace overtime::ir
