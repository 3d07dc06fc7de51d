// SPDX-License-Identifier: Apache-2.0
// Small pieces of scalar code for threads, and for the 32 of a warp that do the same at the same time.
#include "compiler/lower/gpu/synapses/WarpCode.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace overtime::ir {

Value WarpCode::toI64(Value v) {
  if (v.getType().isIndex())
    return arith::IndexCastUIOp::create(b, loc, b.getI64Type(), v);
  return arith::ExtUIOp::create(b, loc, b.getI64Type(), v);
}

void WarpCode::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  body();
}

SmallVector<Value> WarpCode::when(Value condition, ValueRange otherwise,
                                  llvm::function_ref<SmallVector<Value>()> body) {
  auto branch = scf::IfOp::create(b, loc, TypeRange(otherwise), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  SmallVector<Value> results = body();
  if (otherwise.empty()) // has its terminators
    return {};
  scf::YieldOp::create(b, loc, results);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, otherwise);
  return llvm::to_vector_of<Value>(branch.getResults());
}

SmallVector<Value> WarpCode::loop(Value begin, Value end, Value step, ValueRange carried,
                                  llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto all = scf::ForOp::create(b, loc, begin, end, step, carried, [&](OpBuilder &, Location, Value k, ValueRange now) {
    scf::YieldOp::create(b, loc, body(k, now));
  });
  return llvm::to_vector_of<Value>(all.getResults());
}

SmallVector<Value> WarpCode::loopWhile(ValueRange carried, llvm::function_ref<Value(ValueRange)> goesOn,
                                       llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
  auto all = scf::WhileOp::create(
      b, loc, TypeRange(carried), carried,
      [&](OpBuilder &, Location, ValueRange now) { scf::ConditionOp::create(b, loc, goesOn(now), now); },
      [&](OpBuilder &, Location, ValueRange now) { scf::YieldOp::create(b, loc, body(now)); });
  return llvm::to_vector_of<Value>(all.getResults());
}

Value WarpCode::addressOf(Value memory, Value at) {
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, memory);
  Value address = arith::IndexCastUIOp::create(b, loc, b.getI64Type(), add(base, mul(at, 4)));
  return LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), address);
}

Value WarpCode::fetch(LLVM::AtomicBinOp how, Value memory, Value at, Value operand) {
  return LLVM::AtomicRMWOp::create(b, loc, how, addressOf(memory, at), operand, LLVM::AtomicOrdering::monotonic,
                                   StringRef("device"));
}

Value WarpCode::loadChanged(Value memory, Value at) {
  return LLVM::LoadOp::create(b, loc, b.getI32Type(), addressOf(memory, at), /*alignment=*/4, /*isVolatile=*/false,
                              /*isNonTemporal=*/false, /*isInvariant=*/false, /*isInvariantGroup=*/false,
                              LLVM::AtomicOrdering::monotonic, StringRef("device"));
}

Value WarpCode::ballot(Value own) {
  return NVVM::VoteSyncOp::create(b, loc, b.getI32Type(), i32(-1), own, NVVM::VoteSyncKind::ballot);
}

Value WarpCode::match(Value own) {
  return NVVM::MatchSyncOp::create(b, loc, b.getI32Type(), i32(-1), own,
                                   NVVM::MatchSyncKindAttr::get(b.getContext(), NVVM::MatchSyncKind::any));
}

static Value shuffle(WarpCode &code, NVVM::ShflKind kind, Value own, Value offset, int64_t clamp) {
  OpBuilder &b = code.b;
  return NVVM::ShflOp::create(b, code.loc, own.getType(), code.i32(-1), own, offset, code.i32(clamp),
                              NVVM::ShflKindAttr::get(b.getContext(), kind), UnitAttr());
}

Value WarpCode::of(Value lane, Value own) {
  auto from = [&](Value word) { return shuffle(*this, NVVM::ShflKind::idx, word, lane, warpSize - 1); };
  Type type = own.getType();
  if (type.getIntOrFloatBitWidth() == 32)
    return type.isInteger() ? from(own)
                            : Value(arith::BitcastOp::create(
                                  b, loc, type, from(arith::BitcastOp::create(b, loc, b.getI32Type(), own))));
  Value bits = arith::BitcastOp::create(b, loc, b.getI64Type(), own);
  Value both = either(toI64(from(low(bits))), shiftLeft(toI64(from(high(bits))), i64(32)));
  return arith::BitcastOp::create(b, loc, type, both);
}

Value WarpCode::sumUpTo(Value own, Value me) {
  for (int64_t distance = 1; distance < warpSize; distance *= 2) {
    Value before = shuffle(*this, NVVM::ShflKind::up, own, i32(distance), 0);
    own = choose(is(Predicate::uge, me, i32(distance)), add(own, before), own);
  }
  return own;
}

void WarpCode::syncWarp() { NVVM::SyncWarpOp::create(b, loc, i32(-1)); }

} // namespace overtime::ir
