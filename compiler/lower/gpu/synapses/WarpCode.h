// SPDX-License-Identifier: Apache-2.0
// Small pieces of scalar code for threads, and for the 32 of a warp that do the same at the same time.
#pragma once

#include "compiler/lower/LoopCode.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace overtime::ir {

inline constexpr int64_t warpSize = 32;

struct WarpCode : LoopCode {
  using Value = mlir::Value;
  using Predicate = mlir::arith::CmpIPredicate;

  Value i32(int64_t v) { return mlir::arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v))); }
  Value i64(int64_t v) { return mlir::arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v)); }
  Value no() { return mlir::arith::ConstantOp::create(b, loc, b.getBoolAttr(false)); }
  Value toIndex(Value v) { return mlir::arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v); }
  Value toI32(Value v) { return mlir::arith::IndexCastUIOp::create(b, loc, b.getI32Type(), v); }
  Value toI64(Value v);
  Value low(Value v) { return mlir::arith::TruncIOp::create(b, loc, b.getI32Type(), v); }
  Value high(Value v) { return low(mlir::arith::ShRUIOp::create(b, loc, v, i64(32))); }
  Value add(Value x, Value y) { return mlir::arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return mlir::arith::SubIOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return mlir::arith::MulIOp::create(b, loc, x, y); }
  Value mul(Value x, int64_t y) { return mul(x, index(y)); }
  Value both(Value x, Value y) { return mlir::arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return mlir::arith::OrIOp::create(b, loc, x, y); }
  Value shiftLeft(Value x, Value y) { return mlir::arith::ShLIOp::create(b, loc, x, y); }
  Value shiftRight(Value x, Value y) { return mlir::arith::ShRUIOp::create(b, loc, x, y); }
  Value is(Predicate how, Value x, Value y) { return mlir::arith::CmpIOp::create(b, loc, how, x, y); }
  Value isSet(Value bits) { return is(Predicate::ne, bits, i32(0)); }
  Value choose(Value c, Value x, Value y) { return mlir::arith::SelectOp::create(b, loc, c, x, y); }
  Value load(Value memory, mlir::ValueRange at) { return mlir::memref::LoadOp::create(b, loc, memory, at); }
  void store(Value v, Value memory, mlir::ValueRange at) { mlir::memref::StoreOp::create(b, loc, v, memory, at); }
  Value alloc(int64_t count, mlir::Type type) {
    return mlir::memref::AllocOp::create(b, loc, mlir::MemRefType::get({count}, type));
  }

  void when(Value condition, llvm::function_ref<void()> body);
  /// What `body` gives where the condition holds, else `otherwise`.
  llvm::SmallVector<Value> when(Value condition, mlir::ValueRange otherwise,
                                llvm::function_ref<llvm::SmallVector<Value>()> body);
  /// begin <= k < end, in steps, with values that go from turn to turn.
  llvm::SmallVector<Value> loop(Value begin, Value end, Value step, mlir::ValueRange carried,
                                llvm::function_ref<llvm::SmallVector<Value>(Value, mlir::ValueRange)> body);
  using LoopCode::loop;
  llvm::SmallVector<Value> loopWhile(mlir::ValueRange carried, llvm::function_ref<Value(mlir::ValueRange)> goesOn,
                                     llvm::function_ref<llvm::SmallVector<Value>(mlir::ValueRange)> body);

  /// Changes an i32 and returns what was there. Orders nothing: who reads the result waits for the team.
  Value fetch(mlir::LLVM::AtomicBinOp how, Value memory, Value at, Value operand);
  Value fetchAdd(Value memory, Value at, Value amount) {
    return fetch(mlir::LLVM::AtomicBinOp::add, memory, at, amount);
  }
  /// What other threads of the warp have changed so, after `syncWarp`.
  Value loadChanged(Value memory, Value at);

  // All threads of a warp meet here.
  Value ballot(Value own);            ///< a bit for each thread, i32
  Value match(Value own);             ///< the bits of the threads with the same i32
  Value of(Value lane, Value own);    ///< the number of the thread `lane`: an integer or real
  Value sumUpTo(Value own, Value me); ///< of the threads up to this one, whose lane is `me`: i32
  void syncWarp();

private:
  Value addressOf(Value memory, Value at);
  Value shuffle32(Value lane, Value own);
};

} // namespace overtime::ir
