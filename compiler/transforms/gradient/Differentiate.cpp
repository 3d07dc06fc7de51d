// SPDX-License-Identifier: Apache-2.0
// differentiate: a program and its adjoint, which runs the same steps in reverse.
//
// With s' = F(s, x, p) a step, and l the last value of the loss, the adjoints obey
//   ds = (dF/ds)^T ds',   dp += (dF/dp)^T ds',   dx = (dF/dx)^T ds'
// from the last step to the first (Griewank and Walther, Evaluating Derivatives, 2nd edition, section 3.2). A step of
// the adjoint computes again what is cheap and reads the rest from the tape.
#include "compiler/transforms/gradient/Differentiate.h"

#include "compiler/transforms/Passes.h"
#include "compiler/transforms/ProgramFunction.h"
#include "compiler/transforms/StepValues.h"
#include "compiler/transforms/gradient/Adjoint.h"
#include "compiler/transforms/gradient/AdjointSums.h"
#include "compiler/transforms/gradient/LoopProgram.h"
#include "compiler/transforms/gradient/NetworkAdjoint.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace overtime::ir {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;

namespace overtime::ir {
namespace {

constexpr unsigned scalars = ProgramFunction::scalars;

/// Which values change with what is differentiated by, and change the loss.
class Activity {
public:
  Activity(LoopProgram &program, const DifferentiateSpec &spec)
      : loop(program.loop), varied(variedValues(program, spec.params, spec.inputs, spec.states)) {
    if (std::optional<unsigned> loss = program.carriedOf(spec.loss))
      useful.insert(loop.nextCarried()[*loss]);
    for (size_t known = ~size_t(0); known != useful.size();) {
      known = useful.size();
      spreadUseful();
    }
  }
  bool active(Value v) const { return varied.contains(v) && useful.contains(v); }

private:
  void spreadUseful() {
    for (Operation &op : llvm::reverse(loop.step().without_terminator()))
      if (llvm::any_of(op.getResults(), [&](Value v) { return useful.contains(v); }))
        for (Value v : differentiated(op))
          if (isReal(v))
            useful.insert(v);
    for (auto [argument, next] : llvm::zip(loop.carried(), loop.nextCarried()))
      if (useful.contains(argument))
        useful.insert(next);
  }

  LoopOverTimeOp loop;
  llvm::DenseSet<Value> varied, useful;
};

/// What costs less to compute again than to write down and read.
bool isCheap(Operation *op) {
  if (isa<WithGradientOfOp>(op))
    return true;
  if (isNetworkOperation(op)) // a row of a ring is less than the ring
    return false;
  if (isa<arith::DivFOp, arith::RemFOp>(op) || isa<math::MathDialect>(op->getDialect()))
    return isa<math::AbsFOp, math::CopySignOp, math::FloorOp, math::CeilOp, math::RoundEvenOp>(op);
  return isa<arith::ArithDialect>(op->getDialect()) ||
         isa<tensor::SplatOp, tensor::EmptyOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp,
             linalg::BroadcastOp, linalg::FillOp>(op);
}

class Differentiation {
public:
  Differentiation(LoopProgram program, const DifferentiateSpec &spec)
      : program(program), spec(spec), activity(this->program, spec), b(program.func.getContext()) {}

  FailureOr<Gradient> run() {
    for (auto [k, argument] : llvm::enumerate(program.states))
      if (std::optional<unsigned> j = program.carriedOf(k); !j)
        result.fixed.push_back(k);
      else if (activity.active(program.loop.carried()[*j]) || activity.active(program.loop.nextCarried()[*j]))
        result.carried.push_back(k);
    for (unsigned k : spec.params)
      summed.push_back(program.params[k]);
    for (unsigned k : spec.states)
      if (!program.carriedOf(k)) {
        result.constant.push_back(k);
        summed.push_back(program.states[k]);
      }
    createStep();
    if (failed(writeAdjoints()))
      return failure();
    yieldAdjoints();
    chooseTape();
    createFunction();
    extendProgram();
    return result;
  }

private:
  LoopOverTimeOp loop() { return program.loop; }
  BlockArgument carried(unsigned state) { return loop().carried()[*program.carriedOf(state)]; }
  Value next(unsigned state) { return loop().nextCarried()[*program.carriedOf(state)]; }

  /// The step's operations once more. Its carried values stand for what the tape will hold.
  void createStep() {
    step = new Block;
    owned.reset(step);
    Location loc = loop().getLoc();
    map.map(loop().index(), step->addArgument(loop().index().getType(), loc));
    map.map(loop().time(), step->addArgument(loop().time().getType(), loc));
    for (unsigned k : result.carried)
      adjointArguments.push_back(step->addArgument(carried(k).getType(), loc));
    for (BlockArgument v : summed)
      gradientArguments.push_back(step->addArgument(v.getType(), loc));
    for (BlockArgument slice : loop().slices())
      map.map(slice, step->addArgument(slice.getType(), slice.getLoc()));
    for (BlockArgument argument : loop().carried())
      map.map(argument, step->addArgument(argument.getType(), argument.getLoc()));
    b.setInsertionPointToEnd(step);
    for (Operation &op : loop().step().without_terminator())
      if (auto numbers = dyn_cast<WithGradientOfOp>(op))
        map.map(numbers.getResult(), map.lookupOrDefault(numbers.getValue()));
      else
        b.clone(op, map);
  }

  LogicalResult writeAdjoints() {
    for (auto [k, argument] : llvm::zip(result.carried, adjointArguments))
      if (activity.active(next(k)))
        adjoints.add(next(k), argument);
    for (Operation &op : llvm::reverse(loop().step().without_terminator())) {
      Value adjoint = op.getNumResults() == 1 ? adjoints.of(op.getResult(0)) : Value();
      if (!adjoint)
        continue;
      if (auto numbers = dyn_cast<WithGradientOfOp>(op)) {
        if (activity.active(numbers.getOther()))
          adjoints.add(numbers.getOther(), adjoint);
        continue;
      }
      Operation *copy = map.lookup(op.getResult(0)).getDefiningOp();
      for (auto [k, operand] : llvm::enumerate(op.getOperands())) {
        if (!activity.active(operand))
          continue;
        if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op); slice && !isNetworkOperation(&op)) {
          if (failed(adjoints.addPart(slice, adjoint)))
            return failure();
          continue;
        }
        FailureOr<Value> term = adjointOfOperand(b, copy, k, adjoint);
        if (failed(term))
          return failure();
        if (*term)
          adjoints.add(operand, *term);
      }
    }
    return success();
  }

  /// Adjoints of the step's first values, gradients so far, and rows of the gradients by inputs.
  void yieldAdjoints() {
    SmallVector<Value> yielded;
    auto adjoint = [&](Value v) {
      Value known = adjoints.of(v);
      return known ? known : realConstant(b, v.getLoc(), v.getType(), 0.0);
    };
    for (unsigned k : result.carried)
      yielded.push_back(adjoint(carried(k)));
    for (auto [v, before] : llvm::zip(summed, gradientArguments)) {
      Value more = adjoints.of(v);
      yielded.push_back(more ? arith::AddFOp::create(b, more.getLoc(), before, more) : Value(before));
    }
    for (unsigned k : spec.inputs)
      for (auto [slice, scanned] : llvm::zip(loop().slices(), loop().getScanned()))
        if (scanned == program.inputs[k])
          yielded.push_back(adjoint(slice));
    YieldOp::create(b, loop().getLoc(), yielded);
  }

  // ---- the tape -----------------------------------------------------------------------------------------------------

  /// From `needed`, the values of the step that adjoints read, to what is on the tape: results that are expensive, and
  /// what cannot be computed from the tape, the inputs and the params by cheap operations.
  void chooseTape() {
    llvm::DenseSet<Operation *> copies;
    for (Operation &op : loop().step().without_terminator())
      if (Operation *copy = copyOf(op))
        copies.insert(copy);
    auto neededIn = [&](Value copy) {
      return llvm::any_of(copy.getUsers(), [&](Operation *user) { return !copies.contains(user); });
    };
    llvm::DenseSet<Value> invariant, known; // of the original step
    for (BlockArgument slice : loop().slices())
      known.insert(slice);
    known.insert(loop().index());
    known.insert(loop().time());
    for (BlockArgument argument : loop().carried())
      if (neededIn(map.lookup(argument)))
        tapeIt(argument, known);
    for (Operation &op : loop().step().without_terminator()) {
      if (!copyOf(op)) // an element that the tape takes
        continue;
      auto inside = [&](Value v) { return loop().getBody().isAncestor(v.getParentRegion()); };
      auto isKnown = [&](Value v) { return known.contains(v) || !inside(v); };
      // The copy of a with_gradient_of is that of its numbers.
      OperandRange read = isa<WithGradientOfOp>(op) ? op.getOperands().take_front(1) : op.getOperands();
      bool fixed = llvm::all_of(read, [&](Value v) { return !inside(v) || invariant.contains(v); });
      bool again = fixed || (isCheap(&op) && llvm::all_of(read, isKnown));
      for (Value v : op.getResults()) {
        if (fixed)
          invariant.insert(v);
        if (again)
          known.insert(v);
        else if (neededIn(map.lookup(v)))
          tapeIt(v, known);
      }
    }
    eraseUnused();
  }
  Operation *copyOf(Operation &op) {
    Value copy = op.getNumResults() > 0 ? map.lookupOrNull(op.getResult(0)) : Value();
    return copy ? copy.getDefiningOp() : nullptr;
  }
  void tapeIt(Value v, llvm::DenseSet<Value> &known) {
    known.insert(v);
    auto type = dyn_cast<RankedTensorType>(v.getType());
    if (type && type.getRank() == 0) { // only scalars and tensors of rank 1 and more can be stacked
      b.setInsertionPointAfterValue(v);
      tape.push_back(tensor::ExtractOp::create(b, v.getLoc(), v, ValueRange{}));
      b.setInsertionPointToStart(step);
      Value read = step->addArgument(type.getElementType(), v.getLoc());
      map.lookup(v).replaceAllUsesWith(tensor::SplatOp::create(b, v.getLoc(), read, type));
      return;
    }
    if (v.getType().isIndex()) { // a place in a tensor
      b.setInsertionPointAfterValue(v);
      tape.push_back(arith::IndexCastOp::create(b, v.getLoc(), b.getI64Type(), v));
      b.setInsertionPointToStart(step);
      Value read = step->addArgument(b.getI64Type(), v.getLoc());
      map.lookup(v).replaceAllUsesWith(arith::IndexCastOp::create(b, v.getLoc(), v.getType(), read));
      return;
    }
    tape.push_back(v);
    map.lookup(v).replaceAllUsesWith(step->addArgument(v.getType(), v.getLoc()));
  }
  void eraseUnused() {
    SmallVector<Operation *> operations;
    for (Operation &op : step->without_terminator())
      operations.push_back(&op);
    for (Operation *op : llvm::reverse(operations))
      if (isOpTriviallyDead(op))
        op->erase();
    llvm::BitVector unused(step->getNumArguments());
    for (BlockArgument argument : loop().carried())
      unused.set(cast<BlockArgument>(map.lookup(argument)).getArgNumber());
    step->eraseArguments(unused);
  }

  // ---- the functions ------------------------------------------------------------------------------------------------

  void createFunction() {
    func::FuncOp source = program.func;
    SmallVector<Type> types(source.getArgumentTypes().take_front(scalars));
    SmallVector<DictionaryAttr> attributes(scalars, b.getDictionaryAttr({}));
    auto argument = [&](Type type, StringRef kind, const Twine &name) {
      types.push_back(type);
      attributes.push_back(b.getDictionaryAttr(
          {b.getNamedAttr(kindAttr, b.getStringAttr(kind)), b.getNamedAttr(nameAttr, b.getStringAttr(name))}));
    };
    auto nameOf = [&](BlockArgument a) {
      auto name = source.getArgAttrOfType<StringAttr>(a.getArgNumber(), nameAttr);
      return name ? name.getValue() : StringRef("");
    };
    for (unsigned k : result.carried)
      argument(program.states[k].getType(), "state", "adjoint of " + nameOf(program.states[k]));
    for (BlockArgument v : summed)
      argument(v.getType(), "state", "gradient by " + nameOf(v));
    unsigned fixed = types.size();
    for (unsigned k : result.fixed)
      argument(program.states[k].getType(), "param", nameOf(program.states[k]));
    for (BlockArgument p : program.params)
      argument(p.getType(), "param", nameOf(p));
    unsigned inputs = types.size();
    for (BlockArgument x : program.inputs)
      argument(x.getType(), "input", nameOf(x));
    for (auto [k, v] : llvm::enumerate(tape))
      argument(stackedType(v.getType()), "input", "tape " + Twine(k));

    b.setInsertionPointAfter(source);
    auto func =
        func::FuncOp::create(b, source.getLoc(), (source.getName() + "_backward").str(), b.getFunctionType(types, {}));
    for (NamedAttribute attribute : source->getDiscardableAttrs())
      func->setAttr(attribute.getName(), attribute.getValue());
    func.setAllArgAttrs(attributes);
    Block *entry = func.addEntryBlock();
    b.setInsertionPointToStart(entry);

    // What the step reads from outside is the function's own.
    IRMapping outer;
    for (unsigned k = 0; k < scalars; ++k)
      outer.map(source.getArgument(k), entry->getArgument(k));
    for (unsigned j = 0; j < result.fixed.size(); ++j)
      outer.map(program.states[result.fixed[j]], entry->getArgument(fixed + j));
    for (unsigned j = 0; j < program.params.size(); ++j)
      outer.map(program.params[j], entry->getArgument(fixed + result.fixed.size() + j));
    for (Operation &op : source.getBody().front().without_terminator())
      if (op.hasTrait<OpTrait::ConstantLike>())
        b.clone(op, outer);
    step->walk([&](Operation *op) {
      for (OpOperand &operand : op->getOpOperands())
        if (Value own = outer.lookupOrNull(operand.get()))
          operand.set(own);
    });

    SmallVector<Value> inits(entry->getArguments().slice(scalars, result.carried.size() + summed.size()));
    SmallVector<Value> scanned;
    for (Value s : loop().getScanned())
      scanned.push_back(entry->getArgument(inputs + llvm::find(program.inputs, s) - program.inputs.begin()));
    llvm::append_range(scanned, entry->getArguments().drop_front(inputs + program.inputs.size()));
    SmallVector<Type> results(ValueRange(inits).getTypes());
    for (Value row : step->getTerminator()->getOperands().drop_front(inits.size()))
      results.push_back(stackedType(row.getType()));
    auto reverse = LoopOverTimeOp::create(b, loop().getLoc(), results, entry->getArgument(0), entry->getArgument(1),
                                          entry->getArgument(2), entry->getArgument(3), inits, scanned,
                                          loop().getDtAttr(), loop().getRematAttr(), b.getUnitAttr());
    reverse.getBody().push_back(owned.release());
    func::ReturnOp::create(b, source.getLoc(), reverse.getResults());
    func.setFunctionType(b.getFunctionType(types, reverse.getResultTypes()));
    result.backward = func;
  }

  /// The program stacks its tape behind its outputs.
  void extendProgram() {
    func::FuncOp func = program.func;
    Operation *yield = loop().step().getTerminator(), *end = func.getBody().front().getTerminator();
    SmallVector<Value> yielded(yield->getOperands());
    llvm::append_range(yielded, tape);
    yield->setOperands(yielded);
    SmallVector<Type> types(loop().getResultTypes());
    unsigned before = types.size();
    for (Value v : tape)
      types.push_back(stackedType(v.getType()));
    b.setInsertionPoint(loop());
    auto wide = LoopOverTimeOp::create(b, loop().getLoc(), types, loop().getSteps(), loop().getI0(), loop().getK0(),
                                       loop().getT0(), loop().getInits(), loop().getScanned(), loop().getDtAttr(),
                                       loop().getRematAttr(), loop().getReverseAttr());
    wide.getBody().takeBody(loop().getBody());
    loop()->replaceAllUsesWith(wide.getResults().take_front(before));
    loop().erase();
    SmallVector<Value> returned(end->getOperands());
    result.tape = returned.size() - program.states.size();
    llvm::append_range(returned, wide.getResults().drop_front(before));
    end->setOperands(returned);
    func.setFunctionType(b.getFunctionType(func.getArgumentTypes(), ValueRange(returned).getTypes()));
  }

  LoopProgram program;
  const DifferentiateSpec &spec;
  Activity activity;
  OpBuilder b;
  Gradient result;
  Block *step = nullptr; // of the adjoint
  std::unique_ptr<Block> owned;
  SmallVector<BlockArgument> summed; // params and constant states, by which every step adds to the gradient
  IRMapping map;                     // from the program's step to the adjoint's
  AdjointSums adjoints{b};           // of the program's values
  SmallVector<BlockArgument> adjointArguments, gradientArguments;
  SmallVector<Value> tape; // the program's values
};

struct DifferentiatePass : overtime::ir::impl::DifferentiateBase<DifferentiatePass> {
  using DifferentiateBase::DifferentiateBase;

  void runOnOperation() override {
    DifferentiateSpec spec;
    spec.loss = loss;
    spec.params.assign(params.begin(), params.end());
    spec.inputs.assign(inputs.begin(), inputs.end());
    spec.states.assign(states.begin(), states.end());
    for (auto func : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (func->hasAttr(programAttr) && failed(differentiate(func, spec)))
        return signalPassFailure();
  }
};

} // namespace

FailureOr<Gradient> differentiate(func::FuncOp func, const DifferentiateSpec &spec) {
  FailureOr<LoopProgram> program = LoopProgram::get(func);
  if (failed(program))
    return failure();
  if (!program->has(spec.params, spec.inputs, spec.states) || spec.loss >= program->states.size())
    return func.emitError("there is no such state, param or input to differentiate");
  if (!isa<FloatType>(program->states[spec.loss].getType()))
    return func.emitError("the loss is a ") << program->states[spec.loss].getType() << ", expected a real scalar";
  return Differentiation(*program, spec).run();
}

} // namespace overtime::ir
