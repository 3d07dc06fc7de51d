// SPDX-License-Identifier: Apache-2.0
// hoist-over-time: products that depend on no state are computed for several steps at once, before these steps.
//
// With few rows a product takes as long as reading its weights. A chunk of steps reads them once for all its rows.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/InputPart.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/memory/StepMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace overtime::ir {
#define GEN_PASS_DEF_HOISTOVERTIME
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

MemRefType typeOf(Value v) { return cast<MemRefType>(v.getType()); }
bool isScratch(Value v) { return v.getDefiningOp<memref::AllocOp>(); }
int64_t bytesOf(MemRefType type) { return type.getNumElements() * type.getElementTypeBitWidth() / 8; }

/// Writes a loop over time as a loop over chunks of steps.
class Chunks {
public:
  Chunks(scf::ForOp time, const InputPart &part, int64_t count)
      : time(time), part(part), count(count), b(time), loc(time.getLoc()), stepMemory(b) {}

  void write() {
    for (ArrayRef<Value> all : {part.results(), part.rows()})
      for (Value memory : all)
        buffers[memory] = buffer(memory);
    auto chunk = scf::ForOp::create(b, loc, time.getLowerBound(), time.getUpperBound(), constant(count));
    chunk->setAttr(timeLoopAttr, b.getUnitAttr());
    b.setInsertionPoint(chunk.getBody()->getTerminator());
    first = chunk.getInductionVar();
    Value left = arith::SubIOp::create(b, loc, time.getUpperBound(), first);
    Value steps = arith::MinUIOp::create(b, loc, left, constant(count));
    isWhole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, steps, constant(count));
    writeWhole();
    writeSteps(steps);
    SmallVector<Value> scratch = llvm::filter_to_vector(part.results(), isScratch);
    time.erase();
    for (Value memory : scratch)
      memory.getDefiningOp()->erase();
  }

private:
  Value constant(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  /// As many of a memory as a chunk has steps, one after the other.
  Value buffer(Value memory) {
    OpBuilder start = OpBuilder::atBlockBegin(&time->getParentOfType<func::FuncOp>().getBody().front());
    auto type = MemRefType::get({bytesOf(typeOf(memory)) * count}, b.getI8Type());
    return memref::AllocOp::create(start, loc, type);
  }
  /// What a step has for a memory.
  Value ofStep(Value memory, Value step) {
    auto type = MemRefType::get(typeOf(memory).getShape(), typeOf(memory).getElementType());
    Value byte = arith::MulIOp::create(b, loc, step, constant(bytesOf(type)));
    return memref::ViewOp::create(b, loc, type, buffers.lookup(memory), byte, ValueRange());
  }
  /// What all steps of a chunk have for it: their rows below each other.
  Value ofChunk(Value memory) {
    SmallVector<int64_t> shape(typeOf(memory).getShape());
    shape.front() *= count;
    auto type = MemRefType::get(shape, typeOf(memory).getElementType());
    return memref::ViewOp::create(b, loc, type, buffers.lookup(memory), constant(0), ValueRange());
  }

  /// A value of the step that has no memory effect, written again.
  Value again(Value v, IRMapping &map) {
    Operation *op = v.getDefiningOp();
    if (map.contains(v) || !op || !time->isProperAncestor(op))
      return map.lookupOrDefault(v);
    for (Value operand : op->getOperands())
      again(operand, map);
    b.clone(*op, map);
    return map.lookup(v);
  }

  /// A chunk that is whole: rows of the input come into one memory, and each operation works on all of them.
  void writeWhole() {
    auto whole = scf::IfOp::create(b, loc, isWhole, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(whole.thenYield());
    gatherRows();
    IRMapping map;
    for (ArrayRef<Value> all : {part.results(), part.rows()})
      for (Value memory : all)
        map.map(memory, ofChunk(memory));
    for (linalg::LinalgOp op : part.operations())
      b.clone(*op, map);
  }
  void gatherRows() {
    auto loop = scf::ForOp::create(b, loc, constant(0), constant(count), constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    IRMapping map;
    map.map(time.getInductionVar(), arith::AddIOp::create(b, loc, first, loop.getInductionVar()));
    for (Value row : part.rows())
      stepMemory.copy(loc, again(row, map), ofStep(row, loop.getInductionVar()));
  }

  /// The steps of a chunk. What a whole chunk has done before them, a step of another does itself.
  void writeSteps(Value steps) {
    auto loop = scf::ForOp::create(b, loc, constant(0), steps, constant(1));
    b.setInsertionPoint(loop.getBody()->getTerminator());
    IRMapping map;
    map.map(time.getInductionVar(), arith::AddIOp::create(b, loc, first, loop.getInductionVar()));
    for (Value memory : part.results())
      if (isScratch(memory))
        map.map(memory, ofStep(memory, loop.getInductionVar()));
    writeInputPart(loop.getInductionVar(), map);
    for (Operation &op : time.getBody()->without_terminator())
      if (!part.contains(&op))
        b.clone(op, map);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*loop.getBody())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
  void writeInputPart(Value step, const IRMapping &map) {
    auto branch = scf::IfOp::create(b, loc, isWhole, /*withElseRegion=*/true);
    branch->setAttr(shortChunkAttr, b.getUnitAttr());
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(branch.thenYield());
    IRMapping whole = map;
    for (Value result : part.results())
      if (!isScratch(result))
        stepMemory.copy(loc, ofStep(result, step), again(result, whole));
    b.setInsertionPoint(branch.elseYield());
    IRMapping rest = map;
    for (linalg::LinalgOp op : part.operations()) {
      for (Value operand : op->getOperands())
        again(operand, rest);
      b.clone(*op, rest);
    }
  }

  scf::ForOp time;
  const InputPart &part;
  int64_t count;
  OpBuilder b;
  Location loc;
  StepMemory stepMemory;
  llvm::DenseMap<Value, Value> buffers;
  Value first, isWhole;
};

struct HoistOverTimePass : overtime::ir::impl::HoistOverTimeBase<HoistOverTimePass> {
  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop->hasAttr(timeLoopAttr) && loop.getNumResults() == 0)
        loops.push_back(loop);
    });
    for (scf::ForOp time : loops) {
      InputPart part(time);
      if (int64_t count = part.chunkSteps(); count > 1)
        Chunks(time, part, count).write();
    }
  }
};

} // namespace
