// SPDX-License-Identifier: Apache-2.0
// bufferize-step: every tensor of a program gets its memory; carried state is updated in place.
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/InPlace.h"
#include "compiler/lower/memory/OpBufferizer.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <utility>

namespace overtime::ir {
#define GEN_PASS_DEF_BUFFERIZESTEP
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// Writes a program function on memory.
class Bufferizer {
public:
  explicit Bufferizer(ProgramFunction program)
      : program(program), b(program.func.getContext()), memory(b), ops(b, memory, program.func.getName()) {}

  LogicalResult run() {
    createFunction();
    for (Operation &op : program.func.getBody().front().without_terminator()) {
      auto loop = dyn_cast<LoopOverTimeOp>(op);
      if (loop && failed(checkLoop(loop)))
        return failure();
      if (failed(loop ? emitLoop(loop) : ops.emit(op)))
        return failure();
    }
    if (failed(checkReturn()))
      return failure();
    func::ReturnOp::create(b, program.func.getLoc());
    target.setName(program.func.getName());
    program.func.erase();
    return success();
  }

private:
  // ---- the function -------------------------------------------------------------------------------------------------

  void createFunction() {
    func::FuncOp source = program.func;
    SmallVector<Type> types(source.getArgumentTypes().take_front(ProgramFunction::scalars));
    for (unsigned k = ProgramFunction::scalars; k < source.getNumArguments(); ++k)
      types.push_back(
          storageType(source.getArgumentTypes()[k], k >= ProgramFunction::scalars + program.states + program.params));
    for (Type type : source.getResultTypes().drop_front(program.states))
      types.push_back(storageType(type, /*row=*/true));
    types.push_back(MemRefType::get({0}, b.getI8Type())); // sized by place-workspace
    types.append(program.inputs + program.outputs, b.getI64Type());
    types.append(2, b.getIndexType()); // PartRange

    b.setInsertionPoint(source);
    target =
        func::FuncOp::create(b, source.getLoc(), (source.getName() + ".memory").str(), b.getFunctionType(types, {}));
    memory.target = target;
    target->setAttrs(source->getDiscardableAttrDictionary());
    target.setSymName((source.getName() + ".memory").str());
    target.setFunctionType(b.getFunctionType(types, {}));
    SmallVector<DictionaryAttr> attributes(types.size(), b.getDictionaryAttr({}));
    auto noalias = b.getDictionaryAttr(b.getNamedAttr("llvm.noalias", b.getUnitAttr()));
    for (unsigned k = 0; k + 1 < program.buffers(); ++k)
      attributes[ProgramFunction::scalars + k] = noalias;
    target.setAllArgAttrs(attributes);
    b.setInsertionPointToStart(target.addEntryBlock());

    Location loc = source.getLoc();
    for (unsigned k = 0; k < source.getNumArguments(); ++k) {
      BlockArgument from = source.getArgument(k), to = target.getArgument(k);
      if (k < ProgramFunction::scalars)
        ops.values.map(from, to);
      else if (tensorType(from))
        ops.buffers[from] = to;
      else
        ops.values.map(from, memory.load(loc, to));
    }
  }
  BlockArgument outputRow(unsigned k) {
    return target.getArgument(ProgramFunction::scalars + program.states + program.params + program.inputs + k);
  }
  BlockArgument stride(unsigned k) { return target.getArgument(ProgramFunction::scalars + program.buffers() + k); }

  LogicalResult checkReturn() {
    Operation *terminator = program.func.getBody().front().getTerminator();
    for (unsigned k = 0; k < program.states; ++k) {
      Value v = terminator->getOperand(k);
      auto loop = v.getDefiningOp<LoopOverTimeOp>();
      unsigned number = loop ? cast<OpResult>(v).getResultNumber() : 0;
      bool carried = loop && number < loop.getInits().size() && loop.getInits()[number] == program.state(k);
      if (v != program.state(k) && !carried)
        return program.func.emitError("state ") << k << " must be returned as the loop carries it";
    }
    return success();
  }

  // ---- the loop -----------------------------------------------------------------------------------------------------

  /// What the memory of a program presumes of its loop, and what the trace keeps to.
  LogicalResult checkLoop(LoopOverTimeOp loop) {
    if (std::exchange(hasLoop, true))
      return loop.emitOpError("is the second loop of the program; its states have memory for one");
    llvm::SmallDenseSet<Value, 8> carried;
    for (Value init : loop.getInits()) {
      if (!isArgument(init, ProgramFunction::scalars, program.states))
        return loop.emitOpError("carries a value that is not a state of the program");
      if (!carried.insert(init).second)
        return loop.emitOpError("carries state ")
               << cast<BlockArgument>(init).getArgNumber() - ProgramFunction::scalars << " twice";
    }
    for (Value scanned : loop.getScanned())
      if (!isArgument(scanned, ProgramFunction::scalars + program.states + program.params, program.inputs))
        return loop.emitOpError("scans a value that is not an input of the program");
    return success();
  }

  LogicalResult emitLoop(LoopOverTimeOp loop) {
    Location loc = loop.getLoc();
    SmallVector<Value> scalarInits;
    SmallVector<unsigned> scalarOf; // number of the carried value
    for (auto [k, init] : llvm::enumerate(loop.getInits())) {
      if (tensorType(init)) {
        ops.buffers[loop.carried()[k]] = ops.buffers.lookup(init);
      } else {
        scalarInits.push_back(ops.values.lookupOrDefault(init));
        scalarOf.push_back(k);
      }
    }
    if (failed(bindOutputs(loop)))
      return failure();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    auto time = scf::ForOp::create(b, loc, zero, ops.values.lookupOrDefault(loop.getSteps()), one, scalarInits);
    time->setAttr(timeLoopAttr, b.getUnitAttr());
    {
      OpBuilder::InsertionGuard guard(b);
      if (scalarInits.empty())
        b.setInsertionPoint(time.getBody()->getTerminator());
      else
        b.setInsertionPointToEnd(time.getBody());
      bindStep(loop, time, scalarOf);
      if (failed(emitStep(loop, time, scalarOf)))
        return failure();
    }
    for (auto [place, k] : llvm::enumerate(scalarOf))
      memory.store(loc, time.getResult(place), stateMemory(loop.getInits()[k]));
    return success();
  }
  /// One of `count` arguments of the program from `first` on.
  bool isArgument(Value v, unsigned first, unsigned count) {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == &program.func.getBody().front() && argument.getArgNumber() >= first &&
           argument.getArgNumber() < first + count;
  }
  Value stateMemory(Value state) { return target.getArgument(cast<BlockArgument>(state).getArgNumber()); }

  /// Each stacked result is an output of the program.
  LogicalResult bindOutputs(LoopOverTimeOp loop) {
    outputsOf.assign(loop.stacked().size(), {});
    Operation *terminator = program.func.getBody().front().getTerminator();
    for (unsigned k = 0; k < program.outputs; ++k) {
      Value v = terminator->getOperand(program.states + k);
      if (v.getDefiningOp() != loop.getOperation() || cast<OpResult>(v).getResultNumber() < loop.getInits().size())
        return loop.emitOpError("output ") << k << " of the program is not stacked by its loop";
      outputsOf[cast<OpResult>(v).getResultNumber() - loop.getInits().size()].push_back(k);
    }
    return success();
  }

  /// The number of the step that an iteration runs.
  Value stepNumber(LoopOverTimeOp loop, scf::ForOp time) {
    Location loc = loop.getLoc();
    if (!loop.getReverse())
      return time.getInductionVar();
    Value last = arith::SubIOp::create(b, loc, time.getUpperBound(), arith::ConstantIndexOp::create(b, loc, 1));
    return arith::SubIOp::create(b, loc, last, time.getInductionVar());
  }

  void bindStep(LoopOverTimeOp loop, scf::ForOp time, ArrayRef<unsigned> scalarOf) {
    Location loc = loop.getLoc();
    Value k = step = stepNumber(loop, time);
    Value k64 = arith::IndexCastOp::create(b, loc, b.getI64Type(), k);
    auto outer = [&](Value v) { return ops.values.lookupOrDefault(v); };
    ops.values.map(loop.index(), arith::AddIOp::create(b, loc, outer(loop.getI0()), k64));
    Value count =
        arith::SIToFPOp::create(b, loc, b.getF64Type(), arith::AddIOp::create(b, loc, outer(loop.getK0()), k64));
    Value dt = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(loop.getDt().convertToDouble()));
    Value t = arith::AddFOp::create(b, loc, outer(loop.getT0()), arith::MulFOp::create(b, loc, count, dt));
    if (loop.time().getType().isF32())
      t = arith::TruncFOp::create(b, loc, b.getF32Type(), t);
    ops.values.map(loop.time(), t);
    for (auto [place, j] : llvm::enumerate(scalarOf))
      ops.values.map(loop.carried()[j], time.getRegionIterArgs()[place]);
    for (auto [slice, scanned] : llvm::zip(loop.slices(), loop.getScanned())) {
      unsigned number = cast<BlockArgument>(scanned).getArgNumber();
      unsigned input = number - ProgramFunction::scalars - program.states - program.params;
      Value line = memory.row(loc, target.getArgument(number), k, stride(input));
      if (tensorType(slice))
        ops.buffers[slice] = line;
      else
        ops.values.map(slice, memory.load(loc, line));
    }
  }

  LogicalResult emitStep(LoopOverTimeOp loop, scf::ForOp time, ArrayRef<unsigned> scalarOf) {
    Location loc = loop.getLoc();
    InPlace inPlace(loop);
    SmallVector<unsigned> late; // carried values that are copied at the end of the step
    for (unsigned k = 0; k < loop.getInits().size(); ++k) {
      Value next = loop.nextCarried()[k], current = loop.carried()[k];
      if (!tensorType(next) || next == current)
        continue;
      if (inPlace.allowed(k) && !ops.isDirected(next))
        ops.direct(loc, next, ops.buffers.lookup(current));
      else
        late.push_back(k);
    }
    SmallVector<std::pair<Value, Value>> scalarOutputs;
    for (auto [number, value] : llvm::enumerate(loop.stacked()))
      for (unsigned output : outputsOf[number]) {
        Value line = memory.row(loc, outputRow(output), step, stride(program.inputs + output));
        if (tensorType(value))
          ops.direct(loc, value, line);
        else
          scalarOutputs.push_back({value, line});
      }
    for (Operation &op : loop.step().without_terminator())
      if (failed(ops.emit(op)))
        return failure();
    for (auto [value, line] : scalarOutputs)
      memory.store(loc, ops.values.lookupOrDefault(value), line);
    copyLate(loop, late);
    if (!scalarOf.empty()) {
      SmallVector<Value> next;
      for (unsigned k : scalarOf)
        next.push_back(ops.values.lookupOrDefault(loop.nextCarried()[k]));
      scf::YieldOp::create(b, loc, next);
    }
    return success();
  }

  /// States that could not be written in place. One that takes another's old value goes through a copy of its own,
  /// since all of them change at once.
  void copyLate(LoopOverTimeOp loop, ArrayRef<unsigned> late) {
    Location loc = loop.getLoc();
    SmallVector<std::pair<Value, Value>> moves;
    for (unsigned k : late) {
      Value next = loop.nextCarried()[k], from = ops.buffers.lookup(next);
      if (InPlace::stateBehind(next)) {
        Value kept = memory.alloc(loc, next.getType());
        memory.copy(loc, from, kept);
        from = kept;
      }
      moves.push_back({from, ops.buffers.lookup(loop.carried()[k])});
    }
    for (auto [from, to] : moves)
      memory.copy(loc, from, to);
  }

  ProgramFunction program;
  OpBuilder b;
  StepMemory memory;
  OpBufferizer ops;
  func::FuncOp target;
  Value step; // its number
  bool hasLoop = false;
  SmallVector<SmallVector<unsigned>> outputsOf; // program outputs of every stacked value
};

struct BufferizeStepPass : overtime::ir::impl::BufferizeStepBase<BufferizeStepPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> programs;
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func->hasAttr(programAttr))
        programs.push_back(func);
    for (func::FuncOp func : programs) {
      FailureOr<ProgramFunction> program = ProgramFunction::get(func);
      if (failed(program) || failed(Bufferizer(*program).run()))
        return signalPassFailure();
    }
  }
};

} // namespace
