// SPDX-License-Identifier: Apache-2.0
// Where the temporaries of a kernel lie: with a thread, in the shared memory of a block, or in the workspace.
#include "compiler/lower/gpu/KernelMemory.h"

#include "compiler/lower/gpu/AfterAll.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace overtime::ir {
namespace {

constexpr int64_t alignment = 64;
constexpr int64_t mostOwnBytes = 48 << 10; // shared memory that code can have

/// An operation of the prologue on lanes and nothing but lanes: every operand has them first, or none.
bool isByLane(linalg::LinalgOp op, int64_t lanes) {
  if (op.getNumLoops() == 0 || op.getStaticLoopRanges()[0] != lanes ||
      op.getIteratorTypesArray()[0] != utils::IteratorType::parallel)
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!memoryType(operand.get()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [k, e] : llvm::enumerate(map.getResults()))
      if (e.isFunctionOfDim(0) && (k != 0 || !isa<AffineDimExpr>(e)))
        return false;
    if (op.isDpsInit(&operand) && (map.getNumResults() == 0 || !map.getResult(0).isFunctionOfDim(0)))
      return false;
  }
  return true;
}

/// Cuts the lanes of an operation down to one.
void cutToLane(OpBuilder &b, linalg::LinalgOp op, Value lane) {
  b.setInsertionPoint(op);
  for (OpOperand &operand : op->getOpOperands())
    if (MemRefType type = memoryType(operand.get())) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (map.getNumResults() > 0 && map.getResult(0).isFunctionOfDim(0) && type.getRank() > 0)
        operand.set(cutAxis(b, op.getLoc(), operand.get(), 0, lane, 1));
    }
  shiftIndices(op, 0, lane);
}

/// All uses of an allocation are cuts at the lane: it becomes as small as they are.
void shrink(OpBuilder &b, memref::AllocOp alloc, Value lane) {
  auto isCut = [&](Operation *user) {
    auto view = dyn_cast<memref::SubViewOp>(user);
    return view && view.getMixedOffsets()[0] == OpFoldResult(lane) && view.getStaticSizes()[0] == 1;
  };
  if (!llvm::all_of(alloc->getUsers(), isCut))
    return;
  auto type = alloc.getType();
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = 1;
  b.setInsertionPoint(alloc);
  Value small = memref::AllocOp::create(b, alloc.getLoc(), MemRefType::get(shape, type.getElementType()),
                                        alloc.getAlignmentAttr());
  for (Operation *user : llvm::make_early_inc_range(alloc->getUsers())) {
    auto view = cast<memref::SubViewOp>(user);
    b.setInsertionPoint(view);
    SmallVector<OpFoldResult> offsets = view.getMixedOffsets();
    offsets[0] = b.getIndexAttr(0);
    Value cut =
        memref::SubViewOp::create(b, view.getLoc(), small, offsets, view.getMixedSizes(), view.getMixedStrides());
    view.replaceAllUsesWith(Value(memref::CastOp::create(b, view.getLoc(), view.getType(), cut)));
    view.erase();
  }
  alloc.erase();
}

} // namespace

int64_t paddedBytes(MemRefType type) {
  return llvm::alignTo(type.getNumElements() * std::max(1u, type.getElementTypeBitWidth() / 8), alignment);
}

void sinkLanes(func::FuncOp program, int64_t lanes) {
  Block &body = program.getBody().front();
  scf::ForOp laneLoop;
  for (auto loop : body.getOps<scf::ForOp>())
    if (!loop->hasAttr(timeLoopAttr))
      laneLoop = loop;
  if (!laneLoop)
    return;
  SmallVector<linalg::LinalgOp> prologue;
  for (auto op : body.getOps<linalg::LinalgOp>())
    if (op->isBeforeInBlock(laneLoop) && llvm::any_of(op.getStaticLoopRanges(), [](int64_t n) { return n != 1; }))
      prologue.push_back(op);
  if (!llvm::all_of(prologue, [&](linalg::LinalgOp op) { return isByLane(op, lanes); }))
    return;
  OpBuilder b(program.getContext());
  Value lane = laneLoop.getInductionVar();
  Operation *start = &laneLoop.getBody()->front();
  SmallVector<memref::AllocOp> allocs(body.getOps<memref::AllocOp>());
  for (linalg::LinalgOp op : prologue) {
    op->moveBefore(start);
    cutToLane(b, op, lane);
  }
  for (memref::AllocOp alloc : allocs)
    if (alloc.getType().getRank() > 0 && alloc.getType().getDimSize(0) == lanes)
      shrink(b, alloc, lane);
}

namespace {

/// Memory of a block that its threads share: one array for all allocations.
Value sharedMemory(OpBuilder &b, func::FuncOp program, int64_t bytes) {
  Location loc = program.getLoc();
  OpBuilder outside(program);
  auto type = MemRefType::get({bytes}, b.getI8Type(), MemRefLayoutAttrInterface(), b.getI64IntegerAttr(3));
  std::string name = (program.getName() + "_shared").str();
  if (bytes <= mostOwnBytes) {
    memref::GlobalOp::create(outside, loc, name, outside.getStringAttr("private"), type, outside.getUnitAttr(),
                             /*constant=*/false, outside.getI64IntegerAttr(alignment));
  } else { // of the size that the launch says
    type = memref::GlobalOp::create(outside, loc, name, StringAttr(), MemRefType::Builder(type).setShape({0}),
                                    Attribute(), /*constant=*/false, outside.getI64IntegerAttr(alignment))
               .getType();
    program->setAttr(launchSharedBytesAttr, outside.getI64IntegerAttr(bytes));
  }
  Value shared = memref::GetGlobalOp::create(b, loc, type, name);
  return memref::MemorySpaceCastOp::create(b, loc, MemRefType::get(type.getShape(), b.getI8Type()), shared);
}

/// One after the other, from `start` on.
void place(OpBuilder &b, ArrayRef<memref::AllocOp> allocs, Value memory, Value start) {
  int64_t offset = 0;
  for (memref::AllocOp alloc : allocs) {
    Location loc = alloc.getLoc();
    b.setInsertionPoint(alloc);
    Value at = arith::AddIOp::create(b, loc, start, arith::ConstantIndexOp::create(b, loc, offset));
    offset += paddedBytes(alloc.getType());
    Value view = memref::ViewOp::create(b, loc, alloc.getType(), memory, at, ValueRange{});
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
}

} // namespace

BlockArgument workspaceOf(func::FuncOp program) {
  return *llvm::find_if(program.getArguments(), [](BlockArgument argument) {
    auto type = memoryType(argument);
    return type && isWorkspace(type);
  });
}

void placeMemory(func::FuncOp program, const Team &team, int64_t regions) {
  OpBuilder b(program.getContext());
  Location loc = program.getLoc();
  BlockArgument workspace = workspaceOf(program);
  SmallVector<memref::AllocOp> allocs, ofBlock; // anywhere; in shared memory
  program.walk([&](memref::AllocOp alloc) { (alloc->hasAttr(blockSharedAttr) ? ofBlock : allocs).push_back(alloc); });
  auto bytesOf = [](ArrayRef<memref::AllocOp> all) {
    int64_t bytes = 0;
    for (memref::AllocOp alloc : all)
      bytes += paddedBytes(alloc.getType());
    return bytes;
  };
  int64_t bytes = bytesOf(allocs);
  if (team.kind() == Team::Thread) {
    for (memref::AllocOp alloc : allocs) {
      b.setInsertionPoint(alloc);
      Value own = memref::AllocaOp::create(b, alloc.getLoc(), alloc.getType(), alloc.getAlignmentAttr());
      alloc.replaceAllUsesWith(own);
      alloc.erase();
    }
    bytes = 0;
  }
  bool ofEach = team.kind() == Team::Block && !team.tiles(); // a block has allocations of its own
  if (ofEach && bytes + bytesOf(ofBlock) <= team.sharedBytes()) {
    ofBlock.append(allocs);
    allocs.clear();
    bytes = 0;
  }
  bool counts = team.kind() == Team::Grid || hasAfterAll(program);
  int64_t counter = counts ? gridCounterBytes : 0, total = bytes * regions + counter;
  workspace.setType(MemRefType::get({total}, b.getI8Type()));
  program.setFunctionType(FunctionType::get(b.getContext(), program.getBody().getArgumentTypes(), {}));
  program->setAttr(workspaceBytesAttr, b.getI64IntegerAttr(total));
  if (int64_t shared = bytesOf(ofBlock); shared > 0) {
    b.setInsertionPointAfterValue(team.size());
    place(b, ofBlock, sharedMemory(b, program, shared), arith::ConstantIndexOp::create(b, loc, 0));
  }
  if (bytes == 0)
    return;
  b.setInsertionPointAfterValue(team.size());
  Value start = arith::ConstantIndexOp::create(b, loc, counter);
  if (ofEach)
    start = arith::AddIOp::create(
        b, loc, start, arith::MulIOp::create(b, loc, team.block(), arith::ConstantIndexOp::create(b, loc, bytes)));
  place(b, allocs, workspace, start);
}

} // namespace overtime::ir
