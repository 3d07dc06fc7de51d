// SPDX-License-Identifier: Apache-2.0
// map-to-threads: a program becomes one kernel, whose threads run a lane each or share every operation of a step.
#include "compiler/lower/Passes.h"
#include "compiler/lower/gpu/AfterAll.h"
#include "compiler/lower/gpu/KernelMemory.h"
#include "compiler/lower/gpu/PrivateScalars.h"
#include "compiler/lower/gpu/StepWriter.h"
#include "compiler/lower/gpu/columns/ExchangeBuffers.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace overtime::ir {
#define GEN_PASS_DEF_MAPTOTHREADS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr int64_t warp = 32;

/// Writes a program as a kernel.
class Kernel {
public:
  Kernel(func::FuncOp program, const GpuLimits &device)
      : program(program), b(program.getContext()), loc(program.getLoc()), device(device) {
    auto parts = program->getAttrOfType<IntegerAttr>(partsAttr);
    lanes = parts ? parts.getInt() : 1;
  }

  LogicalResult write() {
    if (failed(checkSizes()))
      return failure();
    if (lanes > 1)
      sinkLanes(program, lanes);
    choose();
    if (kind != Team::Thread)
      shareArguments();
    makeScalarsPrivate(program);
    b.setInsertionPointToStart(&program.getBody().front());
    Team team = tiles ? Team(kind, *tiles, device, b, loc) : Team(kind, threads, b, loc);
    takePart(team);
    if (failed(StepWriter(team, workspaceOf(program), b.getContext()).write(program.getBody().front())))
      return failure();
    writeAfterAll(program, team, workspaceOf(program), lanes);
    placeMemory(program, team, kind == Team::Grid || tiles ? 1 : blocks); // allocations are told apart until here
    program->setAttr(blockThreadsAttr, b.getI64IntegerAttr(threads));
    program->setAttr(blocksAttr, b.getI64IntegerAttr(blocks));
    if (kind == Team::Grid)
      program->setAttr(cooperativeAttr, b.getStringAttr(tiles ? cooperativeAll : cooperativeMost));
    return success();
  }

private:
  /// Elements and synapses are counted in 32 bits.
  LogicalResult checkSizes() {
    auto visited = program.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (MemRefType type = memoryType(operand); type && type.hasStaticShape() && type.getNumElements() > INT32_MAX) {
          op->emitError("works on ") << type.getNumElements() << " elements, and a GPU counts at most " << INT32_MAX
                                     << "; compile the program for a CPU";
          return WalkResult::interrupt();
        }
      return WalkResult::advance();
    });
    return failure(visited.wasInterrupted());
  }

  /// Who runs what. Lanes of one element have a thread each; wider ones a block, as has a program that one block can
  /// run; threads of several blocks wait for each other more slowly.
  void choose() {
    if (chooseTiles())
      return;
    int64_t wide = 1, most = 1; // points of an operation: in the loops, anywhere
    bool isNetwork = false;
    program.walk([&](Operation *op) {
      isNetwork |= isa<PropagateOp, CollectOp>(op);
      int64_t points = StepWriter::pointsOf(op);
      if (auto linalg = dyn_cast<linalg::LinalgOp>(op); linalg && lanes == 1 && LongSum::find(linalg))
        points *= LongSum::sums;
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
      // Few rows of a network have a processor each.
      int64_t mostOfRow = isNetwork && lanes <= int64_t(device.processors) ? mostOfBlock : 256;
      threads = std::min<int64_t>(llvm::alignTo(std::max(wide, lanes > 1 ? 1 : most), warp),
                                  lanes > 1 ? mostOfRow : mostOfBlock);
      blocks = lanes;
    } else {
      kind = Team::Grid;
      threads = ofGrid;
      blocks = llvm::divideCeil(most, threads);
    }
  }

  /// Large weights are cut into columns, as many as there are processors; small ones are shared by rows of a batch.
  bool chooseTiles() {
    bool rowsApart = program->hasAttr(rowsApartAttr);
    for (auto time : program.getBody().front().getOps<scf::ForOp>())
      if (time->hasAttr(timeLoopAttr))
        tiles = rowsApart ? ColumnTiles::findRows(time, device) : ColumnTiles::find(time, device);
    if (!tiles)
      return false;
    kind = rowsApart ? Team::Block : Team::Grid;
    threads = tiles->threads();
    blocks = tiles->blocks();
    if (rowsApart)
      return true;
    for (auto time : llvm::to_vector(program.getBody().front().getOps<scf::ForOp>()))
      if (time->hasAttr(timeLoopAttr))
        exchangeInHalves(time, *tiles);
    return true;
  }

  /// A thread finds what others have written after it has waited. LLVM takes no barrier for a write to memory that has
  /// no other name, and would keep what the thread read before; what nobody writes may stay so.
  void shareArguments() {
    llvm::DenseSet<Value> written = writtenIn(program);
    for (BlockArgument argument : program.getArguments())
      if (written.contains(argument))
        program.removeArgAttr(argument.getArgNumber(), LLVM::LLVMDialect::getNoAliasAttrName());
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
  std::optional<ColumnTiles> tiles;
  GpuLimits device;
  int64_t lanes = 1, threads = 1, blocks = 1;
};

struct MapToThreadsPass : overtime::ir::impl::MapToThreadsBase<MapToThreadsPass> {
  using MapToThreadsBase::MapToThreadsBase;

  void runOnOperation() override {
    for (auto func : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (func->hasAttr(programAttr) && failed(Kernel(func, {processors, sharedBytes, tensorCores}).write()))
        return signalPassFailure();
  }
};

} // namespace
