// SPDX-License-Identifier: Apache-2.0
// map-to-threads: a program becomes one kernel, whose threads run a lane each or share every operation of a step.
#include "compiler/lower/Passes.h"
#include "compiler/lower/gpu/KernelMemory.h"
#include "compiler/lower/gpu/PointLoops.h"
#include "compiler/lower/gpu/TeamAccesses.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace overtime::ir {
#define GEN_PASS_DEF_MAPTOTHREADS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr int64_t warp = 32;

/// Shares the operations of a block and those inside it.
class StepWriter {
public:
  StepWriter(const Team &team, Value workspace, MLIRContext *context) : team(team), workspace(workspace), b(context) {}

  LogicalResult write(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block.without_terminator()))
      if (failed(writeOp(op)))
        return failure();
    return success();
  }

private:
  LogicalResult writeOp(Operation &op) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return writeLoop(loop);
    TeamAccesses now = TeamAccesses::of(&op);
    if (now.empty() || isa<ViewLikeOpInterface, memref::AllocOp>(op))
      return success();
    if (!isa<linalg::LinalgOp, memref::LoadOp, memref::StoreOp>(op))
      return op.emitError("'") << op.getName() << "' has no lowering to a GPU yet; compile the program for a CPU";
    waitBefore(&op, now);
    if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
      share(linalg);
    else if (isa<memref::StoreOp>(op))
      writeAlone(op);
    return success();
  }

  void waitBefore(Operation *op, const TeamAccesses &now) {
    if (pending.meets(now)) {
      b.setInsertionPoint(op);
      team.wait(b, op->getLoc(), workspace);
      pending.clear();
      waited = true;
    }
    pending.add(now);
    if (!waited)
      head.add(now);
  }

  /// The last operations of a loop come before its first ones.
  LogicalResult writeLoop(scf::ForOp loop) {
    TeamAccesses inside;
    loop.getBody()->walk([&](Operation *op) {
      if (!isa<ViewLikeOpInterface>(op))
        inside.add(TeamAccesses::of(op));
    });
    if (pending.meets(inside)) {
      b.setInsertionPoint(loop);
      team.wait(b, loop.getLoc(), workspace);
      pending.clear();
      waited = true;
    }
    TeamAccesses outerHead = std::move(head);
    bool outerWaited = std::exchange(waited, false);
    head = {};
    if (failed(write(*loop.getBody())))
      return failure();
    if (pending.meets(head)) {
      b.setInsertionPoint(loop.getBody()->getTerminator());
      team.wait(b, loop.getLoc(), workspace);
      pending.clear();
    }
    pending.add(inside); // a loop that waits at its end may run no step, and what it leaves is seen by who waits anyway
    head = std::move(outerHead);
    waited = outerWaited;
    if (!waited)
      head.add(inside);
    return success();
  }

  void share(linalg::LinalgOp op) {
    b.setInsertionPoint(op);
    Location loc = op.getLoc();
    PointLoops points(b, op);
    if (points.points() > 0)
      team.share(b, loc, points.points(), [&](Value number) { points.emitPoint(placeOf(number, points.extents())); });
    op->erase();
  }
  /// Row by row, in 32 bits.
  SmallVector<Value> placeOf(Value number, ArrayRef<int64_t> extents) {
    Location loc = number.getLoc();
    SmallVector<Value> place(extents.size());
    for (size_t d = extents.size(); d-- > 0;) {
      Value coordinate = number;
      if (extents[d] == 1) {
        place[d] = arith::ConstantIndexOp::create(b, loc, 0);
        continue;
      }
      bool isOutermost = llvm::all_of(extents.take_front(d), [](int64_t n) { return n == 1; });
      if (!isOutermost) {
        Value extent = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(extents[d])));
        coordinate = arith::RemUIOp::create(b, loc, number, extent);
        number = arith::DivUIOp::create(b, loc, number, extent);
      }
      place[d] = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), coordinate);
    }
    return place;
  }

  void writeAlone(Operation &op) {
    if (team.kind() == Team::Thread)
      return;
    b.setInsertionPoint(&op);
    Value zero = arith::ConstantOp::create(b, op.getLoc(), b.getI32IntegerAttr(0));
    Value isFirst = arith::CmpIOp::create(b, op.getLoc(), arith::CmpIPredicate::eq, team.number(), zero);
    auto first = scf::IfOp::create(b, op.getLoc(), isFirst, /*withElseRegion=*/false);
    op.moveBefore(first.thenYield());
  }

  const Team &team;
  Value workspace;
  OpBuilder b;
  TeamAccesses pending, head; // since threads last waited; of a loop, before they first do
  bool waited = false;
};

/// Writes a program as a kernel.
class Kernel {
public:
  explicit Kernel(func::FuncOp program) : program(program), b(program.getContext()), loc(program.getLoc()) {
    auto parts = program->getAttrOfType<IntegerAttr>(partsAttr);
    lanes = parts ? parts.getInt() : 1;
  }

  LogicalResult write() {
    if (lanes > 1)
      sinkLanes(program, lanes);
    choose();
    b.setInsertionPointToStart(&program.getBody().front());
    Team team(kind, threads, b, loc);
    takePart(team);
    if (failed(StepWriter(team, workspaceOf(program), b.getContext()).write(program.getBody().front())))
      return failure();
    placeMemory(program, team, kind == Team::Grid ? 1 : blocks); // allocations are told apart until here
    program->setAttr(blockThreadsAttr, b.getI64IntegerAttr(threads));
    program->setAttr(blocksAttr, b.getI64IntegerAttr(blocks));
    if (kind == Team::Grid)
      program->setAttr(cooperativeAttr, b.getUnitAttr());
    return success();
  }

private:
  /// Who runs what. Lanes of one element have a thread each; wider ones a block, as has a program that one block can
  /// run; threads of several blocks wait for each other more slowly.
  void choose() {
    int64_t wide = 1, most = 1; // points of an operation: in the loops, anywhere
    program.walk([&](linalg::LinalgOp op) {
      int64_t points = PointLoops(b, op).points();
      most = std::max(most, points);
      if (op->getParentOp() != program)
        wide = std::max(wide, points);
    });
    constexpr int64_t mostOfBlock = 1024, ofGrid = 128;
    if (most == 1) {
      kind = Team::Thread;
      // Small populations spread over the processors of a device; large ones have blocks that are worth their launch.
      threads = lanes == 1 ? 1 : lanes <= 256 * warp ? warp : 4 * warp;
      blocks = llvm::divideCeil(lanes, threads);
    } else if (lanes > 1 || most <= mostOfBlock) {
      kind = Team::Block;
      threads = std::min<int64_t>(llvm::alignTo(std::max(wide, lanes > 1 ? 1 : most), warp), lanes > 1 ? 256 : 1024);
      blocks = lanes;
    } else {
      kind = Team::Grid;
      threads = ofGrid;
      blocks = llvm::divideCeil(most, threads);
    }
  }

  /// The range of parts becomes the thread's lane, or the block's; who is beyond the last lane does nothing.
  void takePart(const Team &team) {
    PartRange range(program);
    unsigned first = cast<BlockArgument>(range.first).getArgNumber();
    if (lanes > 1) {
      Value lane = kind == Team::Block ? team.block()
                                       : Value(arith::IndexCastUIOp::create(b, loc, b.getIndexType(), team.number()));
      Value next = arith::AddIOp::create(b, loc, lane, index(1));
      range.first.replaceAllUsesWith(lane);
      range.last.replaceAllUsesWith(arith::MinUIOp::create(b, loc, next, index(lanes)));
    }
    llvm::BitVector dropped(program.getNumArguments());
    dropped.set(first, first + 2);
    (void)program.eraseArguments(dropped);
  }

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  func::FuncOp program;
  OpBuilder b;
  Location loc;
  Team::Kind kind = Team::Thread;
  int64_t lanes = 1, threads = 1, blocks = 1;
};

struct MapToThreadsPass : overtime::ir::impl::MapToThreadsBase<MapToThreadsPass> {
  void runOnOperation() override {
    for (auto func : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (func->hasAttr(programAttr) && failed(Kernel(func).write()))
        return signalPassFailure();
  }
};

} // namespace
