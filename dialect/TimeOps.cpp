// SPDX-License-Identifier: Apache-2.0
// Verifiers and canonicalizers of the time operations. Messages cite the constraints of TimeOps.td.
#include "dialect/Dyn.h"
#include "dialect/RungeKutta.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace overtime::ir;

OperandRange LoopOverTimeOp::nextCarried() {
  return step().getTerminator()->getOperands().take_front(getInits().size());
}
OperandRange LoopOverTimeOp::stacked() { return step().getTerminator()->getOperands().drop_front(getInits().size()); }

void LoopOverTimeOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn name) {
  if (region.empty() || region.getNumArguments() < 2)
    return;
  name(region.getArgument(0), "i");
  name(region.getArgument(1), "t");
}

void IntegrateOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn name) {
  if (!region.empty() && region.getNumArguments() > 0)
    name(region.getArgument(0), "t");
}

static LogicalResult verifyStepLength(Operation *op, const APFloat &dt, StringRef rule) {
  if (dt.isFinite() && !dt.isNegative() && !dt.isZero())
    return success();
  return op->emitOpError() << rule << " dt must be positive and finite";
}

/// The type of one step's slice of a tensor with a time axis.
static Type sliceType(RankedTensorType type) {
  if (type.getRank() == 1)
    return type.getElementType();
  return RankedTensorType::get(type.getShape().drop_front(), type.getElementType());
}

static bool isRematPolicy(StringRef remat) {
  int64_t number = 0;
  if (remat.consume_front("budget=") || remat.consume_front("every="))
    return !remat.getAsInteger(10, number) && number > 0;
  return remat == "none" || remat == "step" || remat == "sqrt";
}

/// The step works on f32, f64, i64 and i1 in static shapes.
Type overtime::ir::stackedType(Type value) {
  auto tensor = dyn_cast<RankedTensorType>(value);
  Type element = tensor ? tensor.getElementType() : value;
  bool known = element.isF32() || element.isF64() || element.isInteger(64) || element.isInteger(1);
  if (!known || (tensor && (!tensor.hasStaticShape() || tensor.getRank() == 0)))
    return {};
  SmallVector<int64_t> shape = {ShapedType::kDynamic};
  if (tensor)
    llvm::append_range(shape, tensor.getShape());
  return RankedTensorType::get(shape, element);
}

LogicalResult LoopOverTimeOp::verify() {
  if (failed(verifyStepLength(*this, getDt(), "(C6)")))
    return failure();
  if (!isRematPolicy(getRemat()))
    return emitOpError("(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got '") << getRemat() << "'";
  for (auto [k, type] : llvm::enumerate(getScanned().getTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    if (tensor.getRank() == 0 || !tensor.isDynamicDim(0) || tensor.getNumDynamicDims() != 1)
      return emitOpError("(C3) scanned tensor ")
             << k << " must have a dynamic first dimension and no other, got " << type;
  }
  return success();
}

LogicalResult LoopOverTimeOp::verifyRegions() {
  size_t n = getInits().size(), m = getScanned().size();
  Block &block = step();
  if (block.getNumArguments() != 2 + n + m)
    return emitOpError("(C1) the step has ") << block.getNumArguments() << " arguments, expected " << 2 + n + m;
  if (!index().getType().isInteger(64) || !(time().getType().isF32() || time().getType().isF64()))
    return emitOpError("(C1) the step starts with an i64 index and an f32 or f64 time");
  if (getNumResults() < n)
    return emitOpError("(C2) ") << n << " carried values but " << getNumResults() << " results";
  for (size_t k = 0; k < n; ++k)
    if (carried()[k].getType() != getInits()[k].getType() || getResult(k).getType() != getInits()[k].getType())
      return emitOpError("(C2) carried value ")
             << k << " has init " << getInits()[k].getType() << ", argument " << carried()[k].getType()
             << " and result " << getResult(k).getType() << "; they must be one type";
  for (size_t k = 0; k < m; ++k) {
    Type expected = sliceType(cast<RankedTensorType>(getScanned()[k].getType()));
    if (slices()[k].getType() != expected)
      return emitOpError("(C3) slice ") << k << " has type " << slices()[k].getType() << ", expected " << expected;
  }
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getNumOperands() < n)
    return emitOpError("(C4) the step must yield its ") << n << " carried values";
  for (size_t k = 0; k < n; ++k)
    if (yield.getOperand(k).getType() != getInits()[k].getType())
      return emitOpError("(C4) the step yields ")
             << yield.getOperand(k).getType() << " for carried value " << k << " of type " << getInits()[k].getType();
  if (yield.getNumOperands() != getNumResults())
    return emitOpError("(C5) ") << yield.getNumOperands() << " values are yielded for " << getNumResults()
                                << " results";
  for (size_t k = n; k < getNumResults(); ++k) {
    if (getResult(k).getType() != stackedType(yield.getOperand(k).getType()))
      return emitOpError("(C5) stacked value ") << k - n << " of type " << yield.getOperand(k).getType()
                                                << " cannot become a result of type " << getResult(k).getType();
  }
  return success();
}

namespace {
/// Drops stacked values whose result nobody reads: a monitor left out, an output that is not kept.
struct DropUnusedStacks : OpRewritePattern<LoopOverTimeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoopOverTimeOp loop, PatternRewriter &rewriter) const override {
    size_t n = loop.getInits().size();
    SmallVector<unsigned> keep;
    for (unsigned k = 0; k < loop.getNumResults(); ++k)
      if (k < n || !loop.getResult(k).use_empty())
        keep.push_back(k);
    if (keep.size() == loop.getNumResults())
      return failure();
    SmallVector<Type> types;
    SmallVector<Value> yielded;
    Operation *yield = loop.step().getTerminator();
    for (unsigned k : keep) {
      types.push_back(loop.getResult(k).getType());
      yielded.push_back(yield->getOperand(k));
    }
    rewriter.modifyOpInPlace(yield, [&] { yield->setOperands(yielded); });
    auto slim = LoopOverTimeOp::create(rewriter, loop.getLoc(), types, loop.getSteps(), loop.getI0(), loop.getK0(),
                                       loop.getT0(), loop.getInits(), loop.getScanned(), loop.getDtAttr(),
                                       loop.getRematAttr(), loop.getReverseAttr());
    rewriter.inlineRegionBefore(loop.getBody(), slim.getBody(), slim.getBody().begin());
    SmallVector<Value> results(loop.getNumResults());
    for (auto [k, from] : llvm::enumerate(keep))
      results[from] = slim.getResult(k);
    for (auto [k, old] : llvm::enumerate(loop.getResults()))
      if (results[k])
        rewriter.replaceAllUsesWith(old, results[k]);
    rewriter.eraseOp(loop);
    return success();
  }
};
} // namespace

void LoopOverTimeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropUnusedStacks>(context);
}

std::optional<size_t> IntegrateOp::noiseOf(size_t k) {
  ArrayRef<int64_t> states = getNoisy().value_or(ArrayRef<int64_t>());
  auto it = llvm::find(states, int64_t(k));
  return it == states.end() ? std::nullopt : std::optional<size_t>(it - states.begin());
}

static LogicalResult verifyNoise(IntegrateOp op) {
  ArrayRef<int64_t> noisy = op.getNoisy().value_or(ArrayRef<int64_t>());
  if (noisy.size() != op.getNoise().size())
    return op.emitOpError("(C7) ") << op.getNoise().size() << " noises for " << noisy.size() << " states";
  int64_t previous = -1;
  for (auto [state, noise] : llvm::zip(noisy, op.getNoise())) {
    if (state <= previous || state >= int64_t(op.getStates().size()))
      return op.emitOpError("(C7) noise of state ")
             << state << "; expected ascending numbers below " << op.getStates().size();
    if (noise.getType() != op.getStates()[state].getType())
      return op.emitOpError("(C7) noise of state ")
             << state << " has type " << noise.getType() << ", expected " << op.getStates()[state].getType();
    previous = state;
  }
  if (noisy.empty() || takesNoise(op.getMethod()))
    return success();
  InFlightDiagnostic diag = op.emitOpError("(C8) method '") << op.getMethod() << "' takes no noise; those that do: ";
  llvm::interleaveComma(stochasticMethods(), diag);
  return diag;
}

LogicalResult IntegrateOp::verify() {
  if (getStates().empty())
    return emitOpError("(C3) there is no state to integrate");
  if (getResultTypes() != getStates().getTypes())
    return emitOpError("(C3) results must have the types of the states");
  if (!isExponentialEuler(getMethod()) && !lookupButcherTable(getMethod())) {
    InFlightDiagnostic diag = emitOpError("(C4) unknown method '") << getMethod() << "'; known: ";
    llvm::interleaveComma(integrationMethods(), diag);
    return diag;
  }
  if (failed(verifyNoise(*this)))
    return failure();
  return verifyStepLength(*this, getDt(), "(C5)");
}

LogicalResult IntegrateOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments() != 1 + getStates().size())
    return emitOpError("(C1) the equations have ")
           << block.getNumArguments() << " arguments, expected " << 1 + getStates().size();
  if (block.getArgument(0).getType() != getTime().getType())
    return emitOpError("(C1) the time argument has type ")
           << block.getArgument(0).getType() << ", expected " << getTime().getType();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield)
    return emitOpError("(C6) the equations must end with dyn.yield");
  size_t n = getStates().size(), noises = getNoise().size();
  if (yield.getNumOperands() != n + noises) {
    InFlightDiagnostic diag = emitOpError("(C2) ");
    if (noises == 0)
      return diag << yield.getNumOperands() << " derivatives for " << n << " states";
    return diag << yield.getNumOperands() << " derivatives and diffusions for " << n << " states and " << noises
                << " noises";
  }
  for (size_t j = 0; j < noises; ++j)
    if (yield.getOperand(n + j).getType() != getNoise()[j].getType())
      return emitOpError("(C2) diffusion ")
             << j << " has type " << yield.getOperand(n + j).getType() << ", expected " << getNoise()[j].getType();
  for (auto [k, state] : llvm::enumerate(getStates())) {
    if (block.getArgument(1 + k).getType() != state.getType())
      return emitOpError("(C1) argument of state ")
             << k << " has type " << block.getArgument(1 + k).getType() << ", expected " << state.getType();
    if (yield.getOperand(k).getType() != state.getType())
      return emitOpError("(C2) derivative ")
             << k << " has type " << yield.getOperand(k).getType() << ", expected " << state.getType();
  }
  return success();
}
