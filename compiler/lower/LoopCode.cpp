// SPDX-License-Identifier: Apache-2.0
// Small pieces of loops on memory.
#include "compiler/lower/LoopCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace overtime::ir {

constexpr int64_t unrolled = 4; // of short loops, a power of two

Value LoopCode::index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
Value LoopCode::next(Value i) { return arith::AddIOp::create(b, loc, i, index(1)); }
Value LoopCode::loadIndex(Value memory, Value at) {
  Value v = memref::LoadOp::create(b, loc, memory, at);
  return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v);
}
scf::ForOp LoopCode::loop(Value begin, Value end, Value step) { return scf::ForOp::create(b, loc, begin, end, step); }
void LoopCode::each(Value begin, Value end, llvm::function_ref<void(Value)> body) {
  auto all = loop(begin, end, index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(all.getBody()->getTerminator());
  body(all.getInductionVar());
}

void LoopCode::eachUnrolled(Value begin, Value end, llvm::function_ref<void(Value)> body) {
  Value size = arith::SubIOp::create(b, loc, end, begin);
  Value rest = arith::AndIOp::create(b, loc, size, index(unrolled - 1));
  Value whole = arith::SubIOp::create(b, loc, end, rest);
  auto most = loop(begin, whole, index(unrolled));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(most.getBody()->getTerminator());
    for (int64_t k = 0; k < unrolled; ++k)
      body(arith::AddIOp::create(b, loc, most.getInductionVar(), index(k)));
  }
  each(whole, end, body);
}

/// Bisection without a branch but for its end: rows are of similar lengths, so that this one is foreseen.
Value LoopCode::firstNotBelow(Value memory, Value begin, Value end, Value bound) {
  Value size = arith::SubIOp::create(b, loc, end, begin);
  auto search = scf::WhileOp::create(
      b, loc, TypeRange{b.getIndexType(), b.getIndexType()}, ValueRange{begin, size},
      [&](OpBuilder &, Location, ValueRange args) {
        Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, args[1], index(0));
        scf::ConditionOp::create(b, loc, some, args);
      },
      [&](OpBuilder &, Location, ValueRange args) {
        Value half = arith::ShRUIOp::create(b, loc, args[1], index(1));
        Value middle = arith::AddIOp::create(b, loc, args[0], half);
        Value below = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, loadIndex(memory, middle), bound);
        Value first = arith::SelectOp::create(b, loc, below, next(middle), args[0]);
        Value odd = arith::SubIOp::create(b, loc, arith::SubIOp::create(b, loc, args[1], half), index(1));
        scf::YieldOp::create(b, loc, ValueRange{first, arith::SelectOp::create(b, loc, below, odd, half)});
      });
  return search.getResult(0);
}

} // namespace overtime::ir
