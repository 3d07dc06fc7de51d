// SPDX-License-Identifier: Apache-2.0
// Reverse rules of synapses and rings: each product with the sparse matrix is the adjoint of another.
#include "compiler/transforms/gradient/NetworkAdjoint.h"

#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace overtime::ir {
namespace {

struct NetworkReverse {
  OpBuilder &b;
  Operation *op;
  unsigned k;
  Value adjoint;

  Location loc() const { return op->getLoc(); }
  Value operand(unsigned n) const { return op->getOperand(n); }
  Value zeros(Type type) const { return realConstant(b, loc(), type, 0.0); }
  Type like(Value v, Type element) const {
    return RankedTensorType::get(cast<RankedTensorType>(v.getType()).getShape(), element);
  }
  Type element() const { return getElementTypeOrSelf(adjoint.getType()); }

  bool isInit(OpOperand &init) const { return init.getOperandNumber() == k; }
  Value propagate(Value events, Value offsets, Value targets, Value weights, Type type, RowRuleAttr rule = {}) const {
    return PropagateOp::create(b, loc(), type, events, offsets, targets, weights, zeros(type), Value(), Value(),
                               Value(), Value(), rule)
        .getResult();
  }
  Value collect(Value values, Value offsets, Value targets, Value weights, Type type, RowRuleAttr rule = {}) const {
    return CollectOp::create(b, loc(), type, values, offsets, targets, weights, zeros(type), rule).getResult();
  }
  Value correlate(Value events, Value values, Value offsets, Value targets, Type type) const {
    return CorrelateOp::create(b, loc(), type, events, values, offsets, targets, zeros(type), Value(), Value(), Value(),
                               Value())
        .getResult();
  }
  /// The part of the adjoint of a correlation toward a number that goes on to its init: what is left of it.
  Value remaining(CorrelateOp op) const {
    Value zero = realConstant(b, loc(), element(), 0.0);
    return CorrelateOp::create(b, loc(), adjoint.getType(), op.getEvents(), op.getValues(), op.getOffsets(),
                               op.getTargets(), adjoint, Value(), Value(), Value(), zero)
        .getResult();
  }
  /// The adjoint times what was left to the number that weights go toward.
  Value timesLeft(CorrelateOp op) const {
    Value toward = tensor::SplatOp::create(b, loc(), op.getToward(), cast<RankedTensorType>(adjoint.getType()));
    return arith::MulFOp::create(b, loc(), adjoint, arith::SubFOp::create(b, loc(), toward, op.getInit()));
  }
  /// The sum of products of two tensors.
  Value dot(Value x, Value y) const {
    Value products = arith::MulFOp::create(b, loc(), x, y);
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(cast<RankedTensorType>(x.getType()).getRank()));
    return summed(b, loc(), products, axes);
  }
  Value asReal(Value events) const {
    if (!getElementTypeOrSelf(events.getType()).isInteger(1))
      return events;
    return arith::UIToFPOp::create(b, loc(), like(events, element()), events);
  }

  FailureOr<Value> of(PropagateOp propagated) const {
    Value events = propagated.getEvents(), offsets = propagated.getOffsets(), targets = propagated.getTargets(),
          weights = propagated.getWeights();
    RowRuleAttr rule = propagated.getRuleAttr();
    if (isInit(propagated.getInitMutable()))
      return adjoint;
    if (propagated.getShift() || propagated.getFrom())
      return noRule();
    if (k == 0)
      return collect(adjoint, offsets, targets, weights, events.getType(), rule);
    if (isa<RankedTensorType>(weights.getType()))
      return correlate(events, adjoint, offsets, targets, weights.getType());
    Value one = realConstant(b, loc(), element(), 1.0);
    return dot(asReal(events), collect(adjoint, offsets, targets, one, like(events, element()), rule));
  }
  FailureOr<Value> of(CollectOp collected) const {
    Value values = collected.getValues(), offsets = collected.getOffsets(), targets = collected.getTargets(),
          weights = collected.getWeights();
    RowRuleAttr rule = collected.getRuleAttr();
    if (isInit(collected.getInitMutable()))
      return adjoint;
    if (k == 0)
      return propagate(adjoint, offsets, targets, weights, values.getType(), rule);
    if (isa<RankedTensorType>(weights.getType()))
      return correlate(adjoint, values, offsets, targets, weights.getType());
    Value one = realConstant(b, loc(), element(), 1.0);
    return dot(adjoint, collect(values, offsets, targets, one, adjoint.getType(), rule));
  }
  FailureOr<Value> of(CorrelateOp correlated) const {
    // With a batch, what is left to the number changes from row to row.
    bool toward = bool(correlated.getToward());
    if (correlated.getPositions() || correlated.getLow() ||
        (toward && cast<RankedTensorType>(correlated.getEvents().getType()).getRank() > 1))
      return noRule();
    Value events = correlated.getEvents(), values = correlated.getValues(), offsets = correlated.getOffsets(),
          targets = correlated.getTargets();
    if (k == 4)
      return toward ? remaining(correlated) : adjoint;
    if (k == 5) { // toward
      Value taken = arith::SubFOp::create(b, loc(), adjoint, remaining(correlated));
      return dot(taken, realConstant(b, loc(), adjoint.getType(), 1.0));
    }
    Value change = toward ? timesLeft(correlated) : adjoint;
    if (k == 1)
      return propagate(events, offsets, targets, change, values.getType());
    return collect(values, offsets, targets, change, events.getType());
  }

  /// A part that a step reads at a place of its own: zeros around it.
  FailureOr<Value> of(tensor::ExtractSliceOp part) const {
    if (!part.hasUnitStride())
      return noRule();
    return Value(tensor::InsertSliceOp::create(b, loc(), adjoint, zeros(operand(0).getType()), part.getMixedOffsets(),
                                               part.getMixedSizes(), part.getMixedStrides()));
  }
  FailureOr<Value> of(tensor::InsertSliceOp insert) const {
    if (!insert.hasUnitStride())
      return noRule();
    if (k == 0) {
      Value part = tensor::ExtractSliceOp::create(b, loc(), adjoint, insert.getMixedOffsets(), insert.getMixedSizes(),
                                                  insert.getMixedStrides());
      auto from = cast<RankedTensorType>(part.getType()), to = cast<RankedTensorType>(operand(0).getType());
      if (from == to)
        return part;
      auto groups = getReassociationIndicesForCollapse(from.getShape(), to.getShape());
      return groups ? FailureOr<Value>(Value(tensor::CollapseShapeOp::create(b, loc(), part, *groups))) : noRule();
    }
    return Value(tensor::InsertSliceOp::create(b, loc(), zeros(operand(0).getType()), adjoint, insert.getMixedOffsets(),
                                               insert.getMixedSizes(), insert.getMixedStrides()));
  }

  FailureOr<Value> noRule() const {
    return op->emitError("'") << op->getName()
                              << "' has no derivative in this form, and the loss depends on its result";
  }
};

} // namespace

bool isNetworkOperation(Operation *op) {
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic);
  return isa<PropagateOp, CollectOp, CorrelateOp, tensor::InsertSliceOp>(op);
}

FailureOr<Value> networkAdjointOfOperand(OpBuilder &b, Operation *op, unsigned k, Value adjoint) {
  NetworkReverse reverse{b, op, k, adjoint};
  return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case<PropagateOp, CollectOp, CorrelateOp, tensor::ExtractSliceOp, tensor::InsertSliceOp>(
          [&](auto one) { return reverse.of(one); })
      .Default([&](Operation *) { return reverse.noRule(); });
}

} // namespace overtime::ir
