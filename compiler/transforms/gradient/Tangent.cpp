// SPDX-License-Identifier: Apache-2.0
// The forward rule of every operation of a step. Linear ones are applied to the tangents themselves, elementwise ones
// multiply with the partial derivatives of Derivatives.cpp (Griewank and Walther, Evaluating Derivatives, 2nd edition,
// section 3.1).
#include "compiler/transforms/gradient/Tangent.h"

#include "compiler/transforms/StepValues.h"
#include "compiler/transforms/gradient/Derivatives.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace overtime::ir {
namespace {

struct Forward {
  OpBuilder &b;
  Operation *op;
  ArrayRef<Value> tangents;

  Location loc() const { return op->getLoc(); }
  Value orZero(unsigned k) const {
    return tangents[k] ? tangents[k] : realConstant(b, loc(), op->getOperand(k).getType(), 0.0);
  }
  Value add(Value sum, Value term) const { return sum ? arith::AddFOp::create(b, loc(), sum, term) : term; }

  /// The operation itself, on the tangents of the operands from `first` on and up to `end`.
  Value linear(unsigned first, unsigned end) const {
    SmallVector<Value> operands(op->getOperands());
    for (unsigned k = first; k < end; ++k)
      operands[k] = orZero(k);
    Operation *copy = b.clone(*op);
    copy->setOperands(operands);
    return copy->getResult(0);
  }
  Value linear() const { return linear(0, op->getNumOperands()); }

  /// d(A B + C) = dA B + A dB + dC
  Value matmul() const {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Value sum = tangents[2] ? tangents[2] : zeros(b, loc(), type.getShape(), type.getElementType());
    for (unsigned k : {0u, 1u})
      if (tangents[k]) {
        SmallVector<Value, 2> factors(op->getOperands().take_front(2));
        factors[k] = tangents[k];
        sum = linalg::MatmulOp::create(b, loc(), TypeRange{type}, factors, ValueRange{sum}).getResult(0);
      }
    return sum;
  }

  /// Of a maximum or minimum, the mean over those that are it.
  FailureOr<Value> reduce(linalg::ReduceOp reduction) const {
    if (reduction.getNumDpsInputs() != 1)
      return noRule();
    Operation &combiner = reduction.getCombiner().front().front();
    if (!tangents[0])
      return Value(); // what it starts from is a constant
    ArrayRef<int64_t> axes = reduction.getDimensions();
    auto type = cast<RankedTensorType>(op->getOperand(0).getType());
    auto reduced = cast<RankedTensorType>(op->getResult(0).getType());
    auto sum = [&](Value v) {
      Value total = summed(b, loc(), v, axes); // a scalar where `op` gives a tensor of rank 0
      return reduced.getRank() == 0 ? Value(tensor::SplatOp::create(b, loc(), total, reduced)) : total;
    };
    if (isa<arith::AddFOp>(combiner))
      return sum(tangents[0]);
    if (!isa<arith::MaximumFOp, arith::MinimumFOp>(combiner))
      return noRule();
    Value best = spread(b, loc(), op->getResult(0), axes, type);
    Value picked = arith::CmpFOp::create(b, loc(), arith::CmpFPredicate::OEQ, op->getOperand(0), best);
    Value one = realConstant(b, loc(), type, 1.0), zero = realConstant(b, loc(), type, 0.0);
    Value count = sum(arith::SelectOp::create(b, loc(), picked, one, zero));
    return Value(
        arith::DivFOp::create(b, loc(), sum(arith::SelectOp::create(b, loc(), picked, tangents[0], zero)), count));
  }

  FailureOr<Value> elementwise() const {
    Value sum;
    for (unsigned k = 0; k < tangents.size(); ++k) {
      if (!tangents[k])
        continue;
      std::optional<Partial> partial = partialDerivative(b, op, k);
      if (!partial)
        return noRule();
      if (!partial->value && partial->number == 0.0)
        continue;
      Value term = tangents[k];
      if (!partial->value && partial->number == -1.0)
        term = arith::NegFOp::create(b, loc(), term);
      else if (partial->value || partial->number != 1.0)
        term = arith::MulFOp::create(
            b, loc(), term, partial->value ? partial->value : realConstant(b, loc(), term.getType(), partial->number));
      sum = add(sum, term);
    }
    return sum;
  }

  FailureOr<Value> noRule() const {
    return op->emitError("'") << op->getName() << "' has no derivative, and what is differentiated depends on it";
  }

  FailureOr<Value> write() const {
    if (isa<WithGradientOfOp>(op))
      return tangents[1];
    if (isa<linalg::MatmulOp>(op))
      return matmul();
    if (auto reduction = dyn_cast<linalg::ReduceOp>(op))
      return reduce(reduction);
    if (isa<linalg::TransposeOp, linalg::BroadcastOp, linalg::FillOp>(op))
      return tangents[0] ? linear(0, 1) : Value(); // the other is the place of the result
    if (isa<tensor::ExtractSliceOp, tensor::ExtractOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::SplatOp>(
            op))
      return tangents[0] ? linear(0, 1) : Value(); // the others are indices
    if (isa<tensor::ConcatOp, arith::ExtFOp, arith::TruncFOp>(op))
      return linear();
    if (isa<arith::SelectOp>(op))
      return linear(1, 3);
    return elementwise();
  }
};

} // namespace

FailureOr<Value> tangentOfResult(OpBuilder &b, Operation *op, ArrayRef<Value> tangents) {
  return Forward{b, op, tangents}.write();
}

} // namespace overtime::ir
