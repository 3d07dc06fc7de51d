// SPDX-License-Identifier: Apache-2.0
// A program function as differentiation sees it: its arguments by kind, its loop, and what changes with what.
#include "compiler/transforms/gradient/LoopProgram.h"

#include "compiler/transforms/ProgramFunction.h"

using namespace mlir;

namespace overtime::ir {

FailureOr<LoopProgram> LoopProgram::get(func::FuncOp func) {
  FailureOr<ProgramFunction> form = ProgramFunction::get(func);
  if (failed(form))
    return failure();
  LoopProgram program;
  program.func = func;
  Block::BlockArgListType rest = func.getArguments().drop_front(ProgramFunction::scalars);
  program.states.assign(rest.begin(), rest.begin() + form->states);
  program.params.assign(rest.begin() + form->states, rest.end() - form->inputs);
  program.inputs.assign(rest.end() - form->inputs, rest.end());
  SmallVector<Operation *> before;
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (auto loop = dyn_cast<LoopOverTimeOp>(op); loop && !program.loop)
      program.loop = loop;
    else if (program.loop || !isPure(&op))
      return op.emitOpError("stands beside the loop over time, where it has no derivative");
    else if (!op.hasTrait<OpTrait::ConstantLike>())
      before.push_back(&op);
  }
  if (!program.loop)
    return func.emitError("there is no loop over time to differentiate");
  for (Operation *op : llvm::reverse(before))
    op->moveBefore(&program.loop.step(), program.loop.step().begin());
  return program;
}

std::optional<unsigned> LoopProgram::carriedOf(unsigned k) {
  for (auto [j, init] : llvm::enumerate(loop.getInits()))
    if (init == states[k])
      return j;
  return std::nullopt;
}

bool LoopProgram::has(Numbers someParams, Numbers someInputs, Numbers someStates) const {
  auto below = [](Numbers numbers, size_t size) { return llvm::all_of(numbers, [&](unsigned k) { return k < size; }); };
  return below(someParams, params.size()) && below(someInputs, inputs.size()) && below(someStates, states.size());
}

bool isReal(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }

OperandRange differentiated(Operation &op) {
  if (isa<SpikeOp>(op))
    return op.getOperands().take_front(1);
  return isa<WithGradientOfOp>(op) ? op.getOperands().drop_front(1) : op.getOperands();
}

llvm::DenseSet<Value> variedValues(LoopProgram &program, LoopProgram::Numbers params, LoopProgram::Numbers inputs,
                                   LoopProgram::Numbers states) {
  LoopOverTimeOp loop = program.loop;
  llvm::DenseSet<Value> varied;
  for (unsigned k : params)
    varied.insert(program.params[k]);
  for (unsigned k : inputs)
    for (auto [slice, scanned] : llvm::zip(loop.slices(), loop.getScanned()))
      if (scanned == program.inputs[k])
        varied.insert(slice);
  for (unsigned k : states)
    varied.insert(program.carriedOf(k) ? Value(loop.carried()[*program.carriedOf(k)]) : Value(program.states[k]));
  for (size_t known = ~size_t(0); known != varied.size();) {
    known = varied.size();
    for (Operation &op : loop.step().without_terminator())
      if (llvm::any_of(differentiated(op), [&](Value v) { return varied.contains(v); }))
        for (Value v : op.getResults())
          if (isReal(v))
            varied.insert(v);
    for (auto [argument, next] : llvm::zip(loop.carried(), loop.nextCarried()))
      if (varied.contains(next))
        varied.insert(argument);
  }
  return varied;
}

} // namespace overtime::ir
