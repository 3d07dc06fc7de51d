// SPDX-License-Identifier: Apache-2.0
// The threads that work on a step together: one, those of a block, or those of a grid.
#include "compiler/lower/gpu/Team.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace overtime::ir {

static Value i32(OpBuilder &b, Location loc, int64_t v) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v)));
}

Team::Team(Kind kind, int64_t threads, OpBuilder &b, Location loc) : kind_(kind) {
  Type type = b.getI32Type();
  Value block = NVVM::BlockIdXOp::create(b, loc, type), thread = NVVM::ThreadIdXOp::create(b, loc, type);
  block_ = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), block);
  if (kind == Block) {
    number_ = thread;
    size_ = i32(b, loc, threads);
    return;
  }
  Value width = i32(b, loc, threads);
  number_ = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, block, width), thread);
  size_ = kind == Thread ? i32(b, loc, 1)
                         : Value(arith::MulIOp::create(b, loc, NVVM::GridDimXOp::create(b, loc, type), width));
}

Team::Team(Kind kind, const ColumnTiles &tiles, const GpuLimits &device, OpBuilder &b, Location loc)
    : Team(kind, tiles.threads(), b, loc) {
  tiles_ = tiles;
  if (kind == Grid)
    sharedBytes_ = device.sharedBytes;
  Value width = i32(b, loc, tiles.width), thread = NVVM::ThreadIdXOp::create(b, loc, b.getI32Type());
  Value block = arith::IndexCastUIOp::create(b, loc, b.getI32Type(), block_);
  place_.part = arith::RemUIOp::create(b, loc, thread, width);
  place_.group = arith::DivUIOp::create(b, loc, thread, width);
  place_.inBlock = thread;
  if (tiles.format != TensorFormat::None) {
    auto quotient = [&](Value v, int64_t by) -> Value { return arith::DivUIOp::create(b, loc, v, i32(b, loc, by)); };
    auto remainder = [&](Value v, int64_t by) -> Value { return arith::RemUIOp::create(b, loc, v, i32(b, loc, by)); };
    auto join = [&](Value high, int64_t by, Value low) -> Value {
      return arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, high, i32(b, loc, by)), low);
    };
    Value lane = remainder(thread, 32), warp = quotient(thread, 32);
    place_.part = join(remainder(warp, tiles.width / 4), 4, remainder(lane, 4));
    place_.group = join(quotient(warp, tiles.width / 4), 8, quotient(lane, 4));
  }
  if (int64_t across = tiles.blocksAcross(); across < tiles.blocks()) {
    Value down = arith::DivUIOp::create(b, loc, block, i32(b, loc, across));
    Value before = arith::MulIOp::create(b, loc, down, i32(b, loc, tiles.groupsOfBlock));
    place_.group = arith::AddIOp::create(b, loc, before, place_.group);
    block = arith::RemUIOp::create(b, loc, block, i32(b, loc, across));
  }
  place_.column = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, block, width), place_.part);
}

void Team::waitInBlock(OpBuilder &b, Location loc) const { NVVM::Barrier0Op::create(b, loc); }

void Team::share(OpBuilder &b, Location loc, int64_t count, llvm::function_ref<void(Value)> body) const {
  if (kind_ == Thread) {
    if (count == 1)
      return body(i32(b, loc, 0));
    auto loop = scf::ForOp::create(b, loc, i32(b, loc, 0), i32(b, loc, count), i32(b, loc, 1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    return body(loop.getInductionVar());
  }
  std::optional<int64_t> size;
  if (auto constant = size_.getDefiningOp<arith::ConstantOp>())
    size = cast<IntegerAttr>(constant.getValue()).getInt();
  OpBuilder::InsertionGuard guard(b);
  if (size && count <= *size) { // at most one each
    if (count == *size)
      return body(number_);
    Value has = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, number_, i32(b, loc, count));
    b.setInsertionPoint(scf::IfOp::create(b, loc, has, /*withElseRegion=*/false).thenYield());
    return body(number_);
  }
  auto loop = scf::ForOp::create(b, loc, number_, i32(b, loc, count), size_);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

/// Each block adds one; the last makes the sum a multiple of their number. The fences order what the blocks wrote: an
/// atomic addition by itself orders nothing in PTX.
static func::FuncOp gridBarrier(ModuleOp module) {
  if (auto known = module.lookupSymbol<func::FuncOp>(gridBarrierName))
    return known;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = module.getLoc();
  Type i64 = b.getI64Type();
  auto func = func::FuncOp::create(b, loc, gridBarrierName, b.getFunctionType({i64}, {}));
  func.setPrivate();
  Block *entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);
  NVVM::Barrier0Op::create(b, loc);
  Value thread = NVVM::ThreadIdXOp::create(b, loc, b.getI32Type());
  Value isFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, thread, i32(b, loc, 0));
  auto first = scf::IfOp::create(b, loc, isFirst, /*withElseRegion=*/false);
  b.setInsertionPoint(first.thenYield());
  auto fence = [&] { LLVM::FenceOp::create(b, loc, LLVM::AtomicOrdering::acq_rel, StringRef("device")); };
  auto global = LLVM::LLVMPointerType::get(b.getContext(), 1);
  Value counter = LLVM::IntToPtrOp::create(b, loc, global, entry->getArgument(0));
  Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
  Value blocks = arith::ExtUIOp::create(b, loc, i64, NVVM::GridDimXOp::create(b, loc, b.getI32Type()).getResult());
  fence();
  Value before = LLVM::AtomicRMWOp::create(b, loc, LLVM::AtomicBinOp::add, counter, one,
                                           LLVM::AtomicOrdering::monotonic, StringRef("device"));
  Value round = arith::AddIOp::create(b, loc, arith::DivUIOp::create(b, loc, before, blocks), one);
  Value goal = arith::MulIOp::create(b, loc, round, blocks);
  auto spin = scf::WhileOp::create(b, loc, TypeRange{}, ValueRange{});
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&spin.getBefore());
    Value now = LLVM::LoadOp::create(b, loc, i64, counter, /*alignment=*/8, /*isVolatile=*/false,
                                     /*isNonTemporal=*/false, /*isInvariant=*/false, /*isInvariantGroup=*/false,
                                     LLVM::AtomicOrdering::acquire, StringRef("device"));
    Value waits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, now, goal);
    scf::ConditionOp::create(b, loc, waits, ValueRange{});
    b.createBlock(&spin.getAfter());
    scf::YieldOp::create(b, loc);
  }
  fence();
  b.setInsertionPointAfter(first);
  NVVM::Barrier0Op::create(b, loc);
  func::ReturnOp::create(b, loc);
  return func;
}

void Team::wait(OpBuilder &b, Location loc, Value workspace) const {
  if (kind_ == Block)
    waitInBlock(b, loc);
  if (kind_ != Grid)
    return;
  func::FuncOp barrier = gridBarrier(workspace.getParentRegion()->getParentOfType<ModuleOp>());
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, workspace);
  Value number = arith::IndexCastUIOp::create(b, loc, b.getI64Type(), address);
  func::CallOp::create(b, loc, barrier, number);
}

} // namespace overtime::ir
