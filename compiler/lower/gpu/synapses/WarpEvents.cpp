// SPDX-License-Identifier: Apache-2.0
// Events of a population, looked for and visited by warps.
#include "compiler/lower/gpu/synapses/WarpEvents.h"

#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace overtime::ir {

using Predicate = arith::CmpIPredicate;

std::pair<Value, Value> placeOf(WarpCode &code, Value memory, Value number) {
  auto type = cast<MemRefType>(memory.getType());
  if (type.getRank() == 1)
    return {Value(), code.toIndex(number)};
  if (type.getDimSize(0) == 1)
    return {code.index(0), code.toIndex(number)};
  Value width = code.i32(type.getDimSize(1));
  return {code.toIndex(arith::DivUIOp::create(code.b, code.loc, number, width)),
          code.toIndex(arith::RemUIOp::create(code.b, code.loc, number, width))};
}

SmallVector<Value> at(Value row, Value column) {
  return row ? SmallVector<Value>{row, column} : SmallVector<Value>{column};
}

scf::ForOp timeLoopAround(Operation *op) {
  auto steps = op->getParentOfType<scf::ForOp>();
  while (steps && !steps->hasAttr(timeLoopAttr))
    steps = steps->getParentOfType<scf::ForOp>();
  return steps;
}

Value parityOf(WarpCode &code, scf::ForOp steps) {
  return steps ? code.both(steps.getInductionVar(), code.index(1)) : code.index(0);
}

WarpEvents::WarpEvents(const Team &team, WarpCode &code, Value events, Value row)
    : team(team), code(code), events(events), row(row), type(cast<MemRefType>(events.getType())) {
  lane_ = code.both(team.number(), code.i32(warpSize - 1));
}

int64_t WarpEvents::count() const { return row ? type.getDimSize(1) : type.getNumElements(); }
bool WarpEvents::areFlags() const { return type.getElementType().isInteger(); }

std::pair<Value, Value> WarpEvents::place(Value number) {
  return row ? std::pair<Value, Value>{row, code.toIndex(number)} : placeOf(code, events, number);
}

void WarpEvents::eachBlock(llvm::function_ref<void(Value, Value)> body) {
  Value first = code.sub(team.number(), lane_), end = code.i32(llvm::alignTo(count(), warpSize));
  code.loop(first, end, team.size(), {}, [&](Value base, ValueRange) -> SmallVector<Value> {
    body(code.shiftRight(base, code.i32(5)), base);
    return {};
  });
}

std::pair<Value, Value> WarpEvents::look(Value first) {
  OpBuilder &b = code.b;
  Value mine = code.add(first, lane_);
  Value zero = arith::ConstantOp::create(b, code.loc, b.getZeroAttr(type.getElementType()));
  auto read = [&]() -> SmallVector<Value> {
    auto [r, source] = place(mine);
    return {code.load(events, at(r, source))};
  };
  Value own = count() % warpSize == 0 ? read()[0]
                                      : code.when(code.is(Predicate::ult, mine, code.i32(count())), {zero}, read)[0];
  if (areFlags())
    return {code.ballot(code.is(Predicate::ne, own, zero)), Value()};
  return {code.ballot(arith::CmpFOp::create(b, code.loc, arith::CmpFPredicate::UNE, own, zero)), own};
}

void WarpEvents::eachBlockOfBits(llvm::function_ref<void(Value, Value)> body) {
  eachBlock([&](Value block, Value first) { body(block, look(first).first); });
}

void WarpEvents::each(llvm::function_ref<void(const Event &)> body) {
  eachBlock([&](Value block, Value first) {
    auto [bits, own] = look(first);
    code.loopWhile(
        {bits, code.i32(0)}, [&](ValueRange left) { return code.isSet(left[0]); },
        [&](ValueRange left) -> SmallVector<Value> {
          Value element = math::CountTrailingZerosOp::create(code.b, code.loc, left[0]);
          auto [r, source] = place(code.add(first, element));
          body({r, source, own ? code.of(element, own) : Value(), lane_, block, left[1]});
          Value one = code.i32(1);
          return {code.both(left[0], code.sub(left[0], one)), code.add(left[1], one)};
        });
  });
}

} // namespace overtime::ir
