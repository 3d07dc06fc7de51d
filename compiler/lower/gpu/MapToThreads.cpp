// SPDX-License-Identifier: Apache-2.0
// map-to-threads: a program becomes one kernel, with a thread for each independent lane.
#include "compiler/lower/Passes.h"
#include "compiler/lower/gpu/PointLoops.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace overtime::ir {
#define GEN_PASS_DEF_MAPTOTHREADS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// Writes a program as a kernel.
class Kernel {
public:
  explicit Kernel(func::FuncOp program) : program(program), b(program.getContext()), loc(program.getLoc()) {}

  LogicalResult write() {
    if (failed(checkPoints()))
      return failure();
    auto parts = program->getAttrOfType<IntegerAttr>(partsAttr);
    int64_t lanes = parts ? parts.getInt() : 1;
    takeLane(lanes);
    SmallVector<linalg::LinalgOp> ops;
    program.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops)
      writePoint(op);
    keepScratchInRegisters();
    int64_t threads = threadsOfBlock(lanes);
    program->setAttr(blockThreadsAttr, b.getI64IntegerAttr(threads));
    program->setAttr(blocksAttr, b.getI64IntegerAttr(llvm::divideCeil(lanes, threads)));
    return success();
  }

private:
  /// A thread has no one to share a step with.
  LogicalResult checkPoints() {
    WalkResult walk = program.walk([&](Operation *op) {
      auto linalg = dyn_cast<linalg::LinalgOp>(op);
      if (!linalg || PointLoops(b, linalg).points() == 1)
        return WalkResult::advance();
      op->emitError("a step whose elements depend on each other has no lowering to a GPU yet; compile it for a CPU");
      return WalkResult::interrupt();
    });
    return failure(walk.wasInterrupted());
  }

  /// Small populations spread over the processors of a device; large ones have blocks that are worth their launch.
  static int64_t threadsOfBlock(int64_t lanes) {
    constexpr int64_t warp = 32;
    return lanes == 1 ? 1 : lanes <= 256 * warp ? warp : 4 * warp;
  }

  Value number() {
    Type i32 = b.getI32Type();
    Value block = NVVM::BlockIdXOp::create(b, loc, i32), size = NVVM::BlockDimXOp::create(b, loc, i32);
    Value thread = NVVM::ThreadIdXOp::create(b, loc, i32);
    Value sum = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, block, size), thread);
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), sum);
  }

  /// The range of parts becomes the thread's lane; threads beyond the last lane do nothing.
  void takeLane(int64_t lanes) {
    b.setInsertionPointToStart(&program.getBody().front());
    PartRange range(program);
    unsigned first = cast<BlockArgument>(range.first).getArgNumber();
    if (lanes > 1) {
      Value lane = number();
      Value end = arith::MinUIOp::create(b, loc, arith::AddIOp::create(b, loc, lane, index(1)), index(lanes));
      range.first.replaceAllUsesWith(lane);
      range.last.replaceAllUsesWith(end);
    }
    llvm::BitVector dropped(program.getNumArguments());
    dropped.set(first, first + 2);
    (void)program.eraseArguments(dropped);
  }

  void writePoint(linalg::LinalgOp op) {
    b.setInsertionPoint(op);
    SmallVector<Value> place(PointLoops(b, op).extents().size());
    for (Value &v : place)
      v = index(0);
    PointLoops(b, op).emitPoint(place);
    op->erase();
  }

  /// What one lane needs in passing is a number or a few, which LLVM keeps in registers.
  void keepScratchInRegisters() {
    SmallVector<memref::AllocOp> allocs;
    program.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    for (memref::AllocOp alloc : allocs) {
      b.setInsertionPoint(alloc);
      Value own = memref::AllocaOp::create(b, alloc.getLoc(), alloc.getType(), alloc.getAlignmentAttr());
      alloc.replaceAllUsesWith(own);
      alloc.erase();
    }
  }

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  func::FuncOp program;
  OpBuilder b;
  Location loc;
};

struct MapToThreadsPass : overtime::ir::impl::MapToThreadsBase<MapToThreadsPass> {
  void runOnOperation() override {
    if (getOperation()->hasAttr(programAttr) && failed(Kernel(getOperation()).write()))
      signalPassFailure();
  }
};

} // namespace
