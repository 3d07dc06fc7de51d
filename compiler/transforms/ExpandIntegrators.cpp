// SPDX-License-Identifier: Apache-2.0
// expand-integrators: dyn.integrate becomes the arithmetic of its method.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/Slope.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"
#include "dialect/RungeKutta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

#include <cmath>

namespace overtime::ir {
#define GEN_PASS_DEF_EXPANDINTEGRATORS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// Writes out the equations of one dyn.integrate.
class Expansion {
public:
  explicit Expansion(IntegrateOp op) : op(op), builder(op), loc(op.getLoc()), dt(op.getDt().convertToDouble()) {}

  LogicalResult run() {
    FailureOr<SmallVector<Value>> next;
    if (isExponentialEuler(op.getMethod()))
      next = exponentialEuler();
    else if (op.getNoise().empty())
      next = rungeKutta(*lookupButcherTable(op.getMethod()));
    else if (lookupButcherTable(op.getMethod())->name == "heun2")
      next = stochasticHeun();
    else
      next = eulerMaruyama(op.getMethod() == "milstein");
    if (failed(next))
      return failure();
    op.replaceAllUsesWith(*next);
    op.erase();
    return success();
  }

private:
  using Written = llvm::function_ref<void(Operation *original, Operation *written)>;

  /// The equations at a time and a set of states, derivatives and then diffusions; `each` sees every operation and its
  /// copy.
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

  /// factor * v, where constants make one.
  Value scaled(double factor, Value v) {
    std::tie(factor, v) = constantFactor(v, factor);
    if (factor == 1.0)
      return v;
    return arith::MulFOp::create(builder, loc, realConstant(builder, loc, v.getType(), factor), v);
  }
  /// v as a multiple of what is no multiple by a constant: of the quotient by a time constant, for instance.
  static std::pair<double, Value> constantFactor(Value v, double factor = 1.0) {
    if (auto product = v.getDefiningOp<arith::MulFOp>())
      for (unsigned k : {0u, 1u})
        if (std::optional<double> c = constantOf(product->getOperand(k)); c && std::isnormal(*c * factor))
          return constantFactor(product->getOperand(1 - k), *c * factor);
    return {factor, v};
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
    // A step resolves what is sums and products of states: its slopes are far below 1 / dt. Rates that are exponentials
    // are not, and then one more exponential is a small part of the step.
    bool nearZero = llvm::none_of(
        body, [](Operation &inner) { return isa<math::MathDialect>(inner.getDialect()) || isa<ExprelOp>(inner); });
    SmallVector<Value> next;
    for (auto [k, state] : llvm::enumerate(op.getStates())) {
      FailureOr<Value> slope = slopes[k].get(body.getTerminator()->getOperand(k), loc, "exp_euler");
      if (failed(slope))
        return failure();
      auto gain = [&](double factor) {
        Value unit = realConstant(builder, loc, state.getType(), dt * factor);
        return *slope ? multiply(unit, ExprelOp::create(builder, loc, scaled(dt, *slope), nearZero)) : unit;
      };
      bool fixed = *slope && isFixed(*slope);
      Value change;
      if (fixed && isMultiple(body.getTerminator()->getOperand(k), body.getArgument(1 + k))) {
        change = multiply(state, math::ExpM1Op::create(builder, loc, scaled(dt, *slope)));
      } else if (fixed && isFast(op)) {
        change = linearChange(k, *slope, gain(1.0));
      } else {
        auto [factor, derivative] = constantFactor(derivatives[k]);
        change = multiply(gain(factor), derivative);
      }
      next.push_back(add(state, change));
      if (std::optional<size_t> j = op.noiseOf(k))
        next.back() = add(next.back(), multiply(diffusion(derivatives, *j),
                                                multiply(deviation(*slope, state.getType()), op.getNoise()[*j])));
    }
    return next;
  }

  Value diffusion(ArrayRef<Value> equations, size_t noise) { return equations[op.getStates().size() + noise]; }

  /// Deviation of the integral of exp(slope s) dW over a step: sqrt((exp(2 slope dt) - 1) / (2 slope)).
  Value deviation(Value slope, Type type) {
    if (!slope)
      return realConstant(builder, loc, type, std::sqrt(dt));
    Value variance = scaled(dt, ExprelOp::create(builder, loc, scaled(2.0 * dt, slope)));
    return math::SqrtOp::create(builder, loc, variance);
  }

  /// Increment of the Wiener process of state k, null where it has none.
  Value increment(size_t k) {
    std::optional<size_t> j = op.noiseOf(k);
    return j ? scaled(std::sqrt(dt), op.getNoise()[*j]) : Value();
  }

  /// y + dt f + g dW, of every state.
  SmallVector<Value> eulerStep(ArrayRef<Value> equations) {
    SmallVector<Value> next;
    for (auto [k, state] : llvm::enumerate(op.getStates())) {
      next.push_back(add(state, scaled(dt, equations[k])));
      if (Value dW = increment(k))
        next.back() = add(next.back(), multiply(diffusion(equations, *op.noiseOf(k)), dW));
    }
    return next;
  }

  /// Maruyama 1955; with Milstein's term (1974) g g' (dW^2 - dt) / 2 of the strong order 1.
  FailureOr<SmallVector<Value>> eulerMaruyama(bool milstein) {
    Block &body = op.getBody().front();
    ArrayRef<int64_t> noisy = *op.getNoisy();
    SmallVector<Slope> slopes; // of the states that have noise
    if (milstein)
      for (int64_t k : noisy)
        slopes.emplace_back(builder, body.getArgument(1 + k));
    auto at = equations(op.getTime(), op.getStates(), [&](Operation *original, Operation *written) {
      for (Slope &slope : slopes)
        slope.extend(original, written);
    });
    SmallVector<Value> next = eulerStep(at);
    for (auto [j, slope] : llvm::enumerate(slopes)) {
      size_t k = noisy[j], n = op.getStates().size();
      FailureOr<Value> m = slope.get(body.getTerminator()->getOperand(n + j), loc, "milstein");
      if (failed(m))
        return failure();
      if (!*m)
        continue;
      Value xi = op.getNoise()[j], one = realConstant(builder, loc, xi.getType(), 1.0);
      Value square = scaled(0.5 * dt, arith::SubFOp::create(builder, loc, multiply(xi, xi), one));
      next[k] = add(next[k], multiply(multiply(at[n + j], *m), square));
    }
    return next;
  }

  /// Of Stratonovich's equation; Kloeden & Platen 1992, section 15.1, with drift and diffusion both corrected.
  SmallVector<Value> stochasticHeun() {
    auto ignore = [](Operation *, Operation *) {};
    SmallVector<Value> here = equations(op.getTime(), op.getStates(), ignore);
    Value time = add(op.getTime(), realConstant(builder, loc, op.getTime().getType(), dt));
    SmallVector<Value> there = equations(time, eulerStep(here), ignore), mean;
    for (auto [a, b] : llvm::zip(here, there))
      mean.push_back(scaled(0.5, add(a, b)));
    return eulerStep(mean);
  }

  /// An equation whose slope no step changes is linear in its state, dy/dt = slope y + rest. What multiplies y, and the
  /// rest where no input is in it, are then computed before the loop.
  Value linearChange(size_t k, Value slope, Value gain) {
    SmallVector<Value> states(op.getStates());
    states[k] = realConstant(builder, loc, states[k].getType(), -0.0); // the zero that vanishes in sums
    Value rest = equations(op.getTime(), states, [](Operation *, Operation *) {})[k];
    return add(multiply(op.getStates()[k], multiply(slope, gain)), multiply(rest, gain));
  }
  /// A multiple of the state, whatever its value is: a decay. With a fixed slope dy/dt = slope y has the solution
  /// exp(slope dt) y, which is y + expm1(slope dt) y so that the rounding of the factor does not add up.
  static bool isMultiple(Value v, Value state) {
    if (v == state)
      return true;
    Operation *def = v.getDefiningOp();
    if (isa_and_nonnull<arith::NegFOp>(def))
      return isMultiple(def->getOperand(0), state);
    if (isa_and_nonnull<arith::AddFOp, arith::SubFOp>(def))
      return isMultiple(def->getOperand(0), state) && isMultiple(def->getOperand(1), state);
    return isa_and_nonnull<arith::DivFOp, arith::MulFOp>(def) && // by what the slope, which is fixed, does not read
           (isMultiple(def->getOperand(0), state) ||
            (isa<arith::MulFOp>(def) && isMultiple(def->getOperand(1), state)));
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
