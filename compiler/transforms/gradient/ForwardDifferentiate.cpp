// SPDX-License-Identifier: Apache-2.0
// forward-differentiate: a program that also computes the directional derivatives of its results.
//
// With (s', y) = F(s, x, p) a step, the tangents obey
//   ds' = (dF/ds) ds + (dF/dx) dx + (dF/dp) dp
// from the first step to the last, beside the states (Griewank and Walther, Evaluating Derivatives, 2nd edition,
// section 3.1).
#include "compiler/transforms/gradient/ForwardDifferentiate.h"

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ProgramFunction.h"
#include "compiler/transforms/StepValues.h"
#include "compiler/transforms/gradient/LoopProgram.h"
#include "compiler/transforms/gradient/Tangent.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace overtime::ir {
#define GEN_PASS_DEF_FORWARDDIFFERENTIATE
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;

namespace overtime::ir {
namespace {

class ForwardDifferentiation {
public:
  ForwardDifferentiation(LoopProgram program, const DirectionSpec &spec)
      : program(program), spec(spec), loop(program.loop), b(program.func.getContext()) {}

  FailureOr<Directional> run() {
    chooseStates();
    addArguments();
    if (failed(writeTangents()))
      return failure();
    rebuildLoop();
    return result;
  }

private:
  void chooseStates() {
    llvm::DenseSet<Value> varied = variedValues(program, spec.params, spec.inputs, spec.states);
    for (unsigned k = 0; k < program.states.size(); ++k)
      if (std::optional<unsigned> j = program.carriedOf(k); j && varied.contains(loop.carried()[*j]))
        result.states.push_back(k);
    for (unsigned k : spec.states)
      if (!program.carriedOf(k))
        result.constant.push_back(k);
  }

  /// Of the function, behind the others of their kind, and of the step.
  void addArguments() {
    unsigned place = ProgramFunction::scalars + program.states.size();
    auto add = [&](BlockArgument of, StringRef kind) {
      auto name = program.func.getArgAttrOfType<StringAttr>(of.getArgNumber(), nameAttr);
      auto attributes = b.getDictionaryAttr(
          {b.getNamedAttr(kindAttr, b.getStringAttr(kind)),
           b.getNamedAttr(nameAttr, b.getStringAttr("tangent of " + (name ? name.getValue() : StringRef())))});
      (void)program.func.insertArgument(place, of.getType(), attributes, of.getLoc());
      return program.func.getArgument(place++);
    };
    for (unsigned k : result.states)
      inits.push_back(add(program.states[k], "state"));
    place += program.params.size();
    for (unsigned k : spec.params)
      tangents[program.params[k]] = add(program.params[k], "param");
    for (unsigned k : result.constant)
      tangents[program.states[k]] = add(program.states[k], "param");
    place += program.inputs.size();
    SmallVector<std::pair<Value, Value>> sliced;
    for (unsigned k : spec.inputs) {
      Value rows = add(program.inputs[k], "input");
      for (auto [slice, scanned] : llvm::zip(loop.slices(), loop.getScanned()))
        if (scanned == program.inputs[k]) {
          scans.push_back(rows);
          sliced.emplace_back(slice, rows);
        }
    }
    Block &step = loop.step();
    place = loop.carried().size() + 2;
    SmallVector<BlockArgument> carried(loop.carried());
    for (unsigned k : result.states) {
      BlockArgument of = carried[*program.carriedOf(k)];
      tangents[of] = step.insertArgument(place++, of.getType(), of.getLoc());
    }
    for (auto [slice, rows] : sliced)
      tangents[slice] = step.addArgument(slice.getType(), slice.getLoc());
  }

  LogicalResult writeTangents() {
    Operation *yield = loop.step().getTerminator();
    for (Operation &op : llvm::make_early_inc_range(loop.step().without_terminator())) {
      auto known =
          llvm::map_to_vector(op.getOperands(), [&](Value v) { return isReal(v) ? tangents.lookup(v) : Value(); });
      if (op.getNumResults() == 0 || !isReal(op.getResult(0)) || llvm::none_of(known, [](Value v) { return bool(v); }))
        continue;
      b.setInsertionPointAfter(&op);
      FailureOr<Value> tangent = tangentOfResult(b, &op, known);
      if (failed(tangent))
        return failure();
      if (*tangent)
        tangents[op.getResult(0)] = *tangent;
    }
    b.setInsertionPoint(yield);
    return success();
  }

  Value tangentOrZero(Value v) {
    Value known = tangents.lookup(v);
    return known ? known : realConstant(b, v.getLoc(), v.getType(), 0.0);
  }

  /// With the tangents carried, read and stacked.
  void rebuildLoop() {
    Operation *yield = loop.step().getTerminator(), *end = program.func.getBody().front().getTerminator();
    unsigned carried = loop.getInits().size(), states = program.states.size();
    SmallVector<Value> next(yield->getOperands().take_front(carried)),
        stacked(yield->getOperands().drop_front(carried));
    for (unsigned k : result.states)
      next.push_back(tangentOrZero(next[*program.carriedOf(k)]));
    SmallVector<unsigned> numbers; // of results of the loop with a tangent
    for (unsigned k = carried; k < yield->getNumOperands(); ++k)
      if (Value tangent = tangents.lookup(yield->getOperand(k))) {
        numbers.push_back(k);
        stacked.push_back(tangent);
      }
    SmallVector<Type> types;
    for (Value v : next)
      types.push_back(v.getType());
    for (Value v : stacked)
      types.push_back(stackedType(v.getType()));
    SmallVector<Value> allInits(loop.getInits()), allScans(loop.getScanned());
    llvm::append_range(allInits, inits);
    llvm::append_range(allScans, scans);
    llvm::append_range(next, stacked);
    yield->setOperands(next);
    b.setInsertionPoint(loop);
    auto wide =
        LoopOverTimeOp::create(b, loop.getLoc(), types, loop.getSteps(), loop.getI0(), loop.getK0(), loop.getT0(),
                               allInits, allScans, loop.getDtAttr(), loop.getRematAttr(), loop.getReverseAttr());
    wide.getBody().takeBody(loop.getBody());

    unsigned more = inits.size(), before = loop.getNumResults();
    auto results = wide.getResults();
    SmallVector<Value> returned, outputs;
    for (auto [k, v] : llvm::enumerate(end->getOperands())) {
      auto number = v.getDefiningOp() == loop ? std::optional(cast<OpResult>(v).getResultNumber()) : std::nullopt;
      Value now = number ? results[*number < carried ? *number : *number + more] : v;
      returned.push_back(now);
      if (k + 1 == states)
        llvm::append_range(returned, results.slice(carried, more));
      auto tangent = number ? llvm::find(numbers, *number) : numbers.end();
      if (k >= states && tangent != numbers.end()) {
        result.outputs.push_back(k - states);
        outputs.push_back(results[before + more + (tangent - numbers.begin())]);
      }
    }
    llvm::append_range(returned, outputs);
    end->setOperands(returned);
    loop.erase();
    program.func.setFunctionType(
        b.getFunctionType(program.func.getBody().getArgumentTypes(), ValueRange(returned).getTypes()));
  }

  LoopProgram program;
  const DirectionSpec &spec;
  LoopOverTimeOp loop;
  OpBuilder b;
  Directional result;
  SmallVector<Value> inits, scans;       // tangents of states and inputs
  llvm::DenseMap<Value, Value> tangents; // of values outside and inside of the step; none: zero
};

struct ForwardDifferentiatePass : overtime::ir::impl::ForwardDifferentiateBase<ForwardDifferentiatePass> {
  using ForwardDifferentiateBase::ForwardDifferentiateBase;

  void runOnOperation() override {
    DirectionSpec spec;
    spec.params.assign(params.begin(), params.end());
    spec.inputs.assign(inputs.begin(), inputs.end());
    spec.states.assign(states.begin(), states.end());
    for (auto func : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (func->hasAttr(programAttr) && failed(forwardDifferentiate(func, spec)))
        return signalPassFailure();
  }
};

} // namespace

FailureOr<Directional> forwardDifferentiate(func::FuncOp func, const DirectionSpec &spec) {
  FailureOr<LoopProgram> program = LoopProgram::get(func);
  if (failed(program))
    return failure();
  if (!program->has(spec.params, spec.inputs, spec.states))
    return func.emitError("there is no such state, param or input to differentiate");
  return ForwardDifferentiation(*program, spec).run();
}

} // namespace overtime::ir
