// SPDX-License-Identifier: Apache-2.0
// expand-integrators: dyn.integrate becomes the arithmetic of its method.
#include "compiler/transforms/Derivatives.h"
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"
#include "dialect/RungeKutta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace overtime::ir {
#define GEN_PASS_DEF_EXPANDINTEGRATORS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// The slope of one equation in its own state, carried forward through the equations as they are written out.
/// A value without an entry does not depend on the state.
class Slope {
public:
  Slope(OpBuilder &builder, Value state) : builder(builder) { of[state] = Partial::constant(1); }

  /// Extends the slopes to the results of `original`, which was written out as `written`.
  void extend(Operation *original, Operation *written) {
    bool depends = false;
    Operation *cause = nullptr; // of a slope that is not known
    original->walk([&](Operation *inner) {
      for (Value v : inner->getOperands()) {
        depends |= of.count(v) > 0;
        cause = cause ? cause : unknown.lookup(v);
      }
    });
    if (cause || (depends && (original->getNumResults() != 1 || original->getNumRegions() > 0)))
      markUnknown(original, cause ? cause : original);
    else if (depends && isReal(original->getResult(0)))
      extendKnown(original, written);
  }

  /// The slope of a value, null when it is zero. Fails where an operation on the way to it has none.
  FailureOr<Value> get(Value v, Location loc) {
    if (Operation *op = unknown.lookup(v))
      return op->emitOpError("has no elementwise slope, which exp_euler needs of every equation in its own state; use "
                             "another method, such as rk4");
    auto it = of.find(v);
    if (it == of.end() || (!it->second.value && it->second.number == 0.0))
      return Value();
    return materialize(it->second, loc, v.getType());
  }

private:
  static bool isReal(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }
  void markUnknown(Operation *op, Operation *cause) {
    for (Value result : op->getResults())
      if (isReal(result)) // the slope of an integer or truth value is zero
        unknown[result] = cause;
  }
  void extendKnown(Operation *original, Operation *written) {
    if (auto select = dyn_cast<arith::SelectOp>(written))
      return extendSelect(original, select);
    std::optional<Partial> total;
    for (auto [k, operand] : llvm::enumerate(original->getOperands())) {
      auto inner = of.find(operand);
      if (inner == of.end())
        continue;
      std::optional<Partial> outer = partialDerivative(builder, written, k);
      if (!outer)
        return markUnknown(original, original);
      Partial term = product(written, *outer, inner->second);
      total = total ? sum(written, *total, term) : term;
    }
    of[original->getResult(0)] = *total;
  }
  Value materialize(const Partial &p, Location loc, Type type) {
    return p.value ? p.value : realConstant(builder, loc, type, p.number);
  }
  void extendSelect(Operation *original, arith::SelectOp select) {
    auto branch = [&](unsigned k) {
      auto it = of.find(original->getOperand(k));
      Partial p = it == of.end() ? Partial::constant(0) : it->second;
      return materialize(p, select.getLoc(), select.getType());
    };
    of[original->getResult(0)] =
        Partial::of(arith::SelectOp::create(builder, select.getLoc(), select.getCondition(), branch(1), branch(2)));
  }
  Partial product(Operation *op, const Partial &a, const Partial &b) {
    if (!a.value && !b.value)
      return Partial::constant(a.number * b.number);
    if (a.value && b.value)
      return Partial::of(arith::MulFOp::create(builder, op->getLoc(), a.value, b.value));
    const Partial &number = a.value ? b : a;
    Value value = a.value ? a.value : b.value;
    if (number.number == 0.0)
      return Partial::constant(0);
    if (number.number == 1.0)
      return Partial::of(value);
    if (number.number == -1.0)
      return Partial::of(arith::NegFOp::create(builder, op->getLoc(), value));
    return Partial::of(arith::MulFOp::create(builder, op->getLoc(), value,
                                             realConstant(builder, op->getLoc(), value.getType(), number.number)));
  }
  Partial sum(Operation *op, const Partial &a, const Partial &b) {
    if (!a.value && !b.value)
      return Partial::constant(a.number + b.number);
    if (!a.value && a.number == 0.0)
      return b;
    if (!b.value && b.number == 0.0)
      return a;
    Type type = op->getResult(0).getType();
    return Partial::of(arith::AddFOp::create(builder, op->getLoc(), materialize(a, op->getLoc(), type),
                                             materialize(b, op->getLoc(), type)));
  }

  OpBuilder &builder;
  llvm::DenseMap<Value, Partial> of;
  llvm::DenseMap<Value, Operation *> unknown; // values that depend on the state in another way, and the first such
};

/// Writes out the equations of one dyn.integrate.
class Expansion {
public:
  explicit Expansion(IntegrateOp op) : op(op), builder(op), loc(op.getLoc()), dt(op.getDt().convertToDouble()) {}

  LogicalResult run() {
    FailureOr<SmallVector<Value>> next;
    if (isExponentialEuler(op.getMethod()))
      next = exponentialEuler();
    else
      next = rungeKutta(*lookupButcherTable(op.getMethod()));
    if (failed(next))
      return failure();
    op.replaceAllUsesWith(*next);
    op.erase();
    return success();
  }

private:
  using Written = llvm::function_ref<void(Operation *original, Operation *written)>;

  /// The equations at a time and a set of states; `each` sees every operation and its copy.
  SmallVector<Value> equations(Value time, ValueRange states, Written each) {
    Block &body = op.getBody().front();
    IRMapping map;
    map.map(body.getArgument(0), time);
    map.map(body.getArguments().drop_front(), states);
    for (Operation &inner : body.without_terminator()) {
      Operation *written = builder.clone(inner, map);
      each(&inner, written);
    }
    SmallVector<Value> derivatives;
    for (Value v : body.getTerminator()->getOperands())
      derivatives.push_back(map.lookupOrDefault(v));
    return derivatives;
  }

  Value scaled(double factor, Value v) {
    if (factor == 1.0)
      return v;
    return arith::MulFOp::create(builder, loc, realConstant(builder, loc, v.getType(), factor), v);
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value multiply(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }

  FailureOr<SmallVector<Value>> exponentialEuler() {
    Block &body = op.getBody().front();
    SmallVector<Slope> slopes;
    for (Value state : body.getArguments().drop_front())
      slopes.emplace_back(builder, state);
    auto derivatives = equations(op.getTime(), op.getStates(), [&](Operation *original, Operation *written) {
      for (Slope &slope : slopes)
        slope.extend(original, written);
    });
    SmallVector<Value> next;
    for (auto [k, state] : llvm::enumerate(op.getStates())) {
      Value gain = realConstant(builder, loc, state.getType(), dt);
      FailureOr<Value> slope = slopes[k].get(body.getTerminator()->getOperand(k), loc);
      if (failed(slope))
        return failure();
      if (*slope)
        gain = multiply(gain, ExprelOp::create(builder, loc, scaled(dt, *slope)));
      bool fixed = *slope && isFast(op) && isFixed(*slope);
      Value change = fixed ? linearChange(k, *slope, gain) : multiply(gain, derivatives[k]);
      next.push_back(add(state, change));
    }
    return next;
  }

  /// An equation whose slope no step changes is linear in its state, dy/dt = slope y + rest. What multiplies y, and the
  /// rest where no input is in it, are then computed before the loop.
  Value linearChange(size_t k, Value slope, Value gain) {
    SmallVector<Value> states(op.getStates());
    states[k] = realConstant(builder, loc, states[k].getType(), -0.0); // the zero that vanishes in sums
    Value rest = equations(op.getTime(), states, [](Operation *, Operation *) {})[k];
    return add(multiply(op.getStates()[k], multiply(slope, gain)), multiply(rest, gain));
  }
  /// Computed from what is outside of the loop over time.
  bool isFixed(Value v) {
    auto loop = op->getParentOfType<LoopOverTimeOp>();
    if (!loop || !loop.getBody().isAncestor(v.getParentRegion()))
      return loop != nullptr;
    Operation *def = v.getDefiningOp();
    return def && def->getNumRegions() == 0 && llvm::all_of(def->getOperands(), [&](Value x) { return isFixed(x); });
  }

  /// start + dt * sum of weights[s] * stages[s][k], for every state k.
  SmallVector<Value> advanced(ArrayRef<double> weights, ArrayRef<SmallVector<Value>> stages) {
    SmallVector<Value> result;
    for (auto [k, start] : llvm::enumerate(op.getStates())) {
      Value total;
      for (auto [s, weight] : llvm::enumerate(weights)) {
        if (weight == 0.0)
          continue;
        Value term = scaled(weight * dt, stages[s][k]);
        total = total ? add(total, term) : term;
      }
      result.push_back(total ? add(start, total) : Value(start));
    }
    return result;
  }

  SmallVector<Value> rungeKutta(const ButcherTable &table) {
    SmallVector<SmallVector<Value>> stages;
    for (size_t s = 0; s < table.b.size(); ++s) {
      Value time = op.getTime();
      if (table.c[s] != 0.0)
        time = add(time, realConstant(builder, loc, time.getType(), table.c[s] * dt));
      stages.push_back(equations(time, advanced(table.a[s], stages), [](Operation *, Operation *) {}));
    }
    return advanced(table.b, stages);
  }

  IntegrateOp op;
  OpBuilder builder;
  Location loc;
  double dt;
};

struct ExpandIntegratorsPass : overtime::ir::impl::ExpandIntegratorsBase<ExpandIntegratorsPass> {
  void runOnOperation() override {
    SmallVector<IntegrateOp> ops;
    getOperation().walk([&](IntegrateOp op) { ops.push_back(op); });
    for (IntegrateOp op : ops)
      if (failed(Expansion(op).run()))
        return signalPassFailure();
  }
};

} // namespace
