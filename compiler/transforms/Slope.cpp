// SPDX-License-Identifier: Apache-2.0
// Slopes of equations in their own states.
#include "compiler/transforms/Slope.h"

#include "compiler/transforms/StepValues.h"

using namespace mlir;

namespace overtime::ir {

static bool isReal(Value v) { return isa<FloatType>(getElementTypeOrSelf(v.getType())); }

void Slope::extend(Operation *original, Operation *written) {
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

FailureOr<Value> Slope::get(Value v, Location loc, StringRef method) {
  if (Operation *op = unknown.lookup(v))
    return op->emitOpError("has no elementwise slope, which ")
           << method << " needs of every " << (method == "milstein" ? "diffusion" : "equation")
           << " in its own state; use another method, such as " << (method == "milstein" ? "euler" : "rk4");
  auto it = of.find(v);
  if (it == of.end() || (!it->second.value && it->second.number == 0.0))
    return Value();
  return materialize(it->second, loc, v.getType());
}

void Slope::markUnknown(Operation *op, Operation *cause) {
  for (Value result : op->getResults())
    if (isReal(result)) // the slope of an integer or truth value is zero
      unknown[result] = cause;
}

void Slope::extendKnown(Operation *original, Operation *written) {
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

Value Slope::materialize(const Partial &p, Location loc, Type type) {
  return p.value ? p.value : realConstant(builder, loc, type, p.number);
}

void Slope::extendSelect(Operation *original, arith::SelectOp select) {
  auto branch = [&](unsigned k) {
    auto it = of.find(original->getOperand(k));
    Partial p = it == of.end() ? Partial::constant(0) : it->second;
    return materialize(p, select.getLoc(), select.getType());
  };
  of[original->getResult(0)] =
      Partial::of(arith::SelectOp::create(builder, select.getLoc(), select.getCondition(), branch(1), branch(2)));
}

Partial Slope::product(Operation *op, const Partial &a, const Partial &b) {
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

Partial Slope::sum(Operation *op, const Partial &a, const Partial &b) {
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

} // namespace overtime::ir
