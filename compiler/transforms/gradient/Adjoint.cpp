// SPDX-License-Identifier: Apache-2.0
// The reverse rule of every operation of a step. Elementwise ones multiply with the partial derivatives of
// Derivatives.cpp; those that move, repeat or sum elements have their transposes here (Griewank and Walther,
// Evaluating Derivatives, 2nd edition, section 3.2).
#include "compiler/transforms/gradient/Adjoint.h"

#include "compiler/transforms/StepValues.h"
#include "compiler/transforms/gradient/Derivatives.h"
#include "compiler/transforms/gradient/NetworkAdjoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace overtime::ir {

namespace {

struct Reverse {
  OpBuilder &b;
  Operation *op;
  unsigned k;
  Value adjoint;

  Location loc() const { return op->getLoc(); }
  Type type() const { return op->getOperand(k).getType(); }
  RankedTensorType tensor() const { return cast<RankedTensorType>(type()); }

  Value empty(ArrayRef<int64_t> shape, Type element) const { return tensor::EmptyOp::create(b, loc(), shape, element); }
  Value transposed(Value matrix) const {
    auto type = cast<RankedTensorType>(matrix.getType());
    Value place = empty({type.getDimSize(1), type.getDimSize(0)}, type.getElementType());
    return linalg::TransposeOp::create(b, loc(), matrix, place, ArrayRef<int64_t>{1, 0})->getResult(0);
  }
  Value product(Value left, Value right) const {
    auto a = cast<RankedTensorType>(left.getType()), c = cast<RankedTensorType>(right.getType());
    Value zero = zeros(b, loc(), {a.getDimSize(0), c.getDimSize(1)}, a.getElementType());
    return linalg::MatmulOp::create(b, loc(), TypeRange{zero.getType()}, ValueRange{left, right}, ValueRange{zero})
        .getResult(0);
  }
  Value summed(Value v, ArrayRef<int64_t> axes) const { return ir::summed(b, loc(), v, axes); }
  Value summedAll(Value v) const {
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(cast<RankedTensorType>(v.getType()).getRank()));
    return summed(v, axes);
  }
  Value spread(Value v, ArrayRef<int64_t> axes, RankedTensorType to) const { return ir::spread(b, loc(), v, axes, to); }
  Value cut(Value v, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) const {
    auto attributes = [&](ArrayRef<int64_t> numbers) {
      return llvm::map_to_vector(numbers, [&](int64_t n) -> OpFoldResult { return b.getIndexAttr(n); });
    };
    SmallVector<int64_t> ones(offsets.size(), 1);
    return tensor::ExtractSliceOp::create(b, loc(), v, attributes(offsets), attributes(sizes), attributes(ones));
  }

  FailureOr<Value> matmul(linalg::MatmulOp product_) const {
    if (k == 0)
      return product(adjoint, transposed(product_.getOperand(1)));
    return k == 1 ? product(transposed(product_.getOperand(0)), adjoint) : adjoint;
  }

  /// A sum hands its adjoint to all; of a maximum or minimum, those that are it share equally.
  FailureOr<Value> reduce(linalg::ReduceOp reduction) const {
    if (reduction.getNumDpsInputs() != 1)
      return noRule();
    if (k == 1)
      return Value(); // what it starts from is a constant
    Operation &combiner = reduction.getCombiner().front().front();
    ArrayRef<int64_t> axes = reduction.getDimensions();
    Value all = spread(adjoint, axes, tensor());
    if (isa<arith::AddFOp>(combiner))
      return all;
    if (!isa<arith::MaximumFOp, arith::MinimumFOp>(combiner))
      return noRule();
    Value x = op->getOperand(0), best = spread(op->getResult(0), axes, tensor());
    Value picked = arith::CmpFOp::create(b, loc(), arith::CmpFPredicate::OEQ, x, best);
    Value one = realConstant(b, loc(), tensor(), 1.0), zero = realConstant(b, loc(), tensor(), 0.0);
    Value count = summed(arith::SelectOp::create(b, loc(), picked, one, zero), axes);
    Value share = arith::DivFOp::create(b, loc(), all, spread(count, axes, tensor()));
    return Value(arith::SelectOp::create(b, loc(), picked, share, zero));
  }

  FailureOr<Value> transpose(linalg::TransposeOp moved) const {
    if (k != 0)
      return Value();
    SmallVector<int64_t> inverse(moved.getPermutation().size());
    for (auto [to, from] : llvm::enumerate(moved.getPermutation()))
      inverse[from] = to;
    Value place = empty(tensor().getShape(), tensor().getElementType());
    return linalg::TransposeOp::create(b, loc(), adjoint, place, inverse)->getResult(0);
  }

  FailureOr<Value> concat(tensor::ConcatOp joined) const {
    SmallVector<int64_t> offsets(tensor().getRank(), 0);
    for (Value before : joined.getInputs().take_front(k))
      offsets[joined.getDim()] += cast<RankedTensorType>(before.getType()).getDimSize(joined.getDim());
    return cut(adjoint, offsets, tensor().getShape());
  }

  FailureOr<Value> extract(tensor::ExtractOp element) const {
    if (tensor().getNumElements() != 1)
      return noRule();
    return Value(tensor::SplatOp::create(b, loc(), adjoint, tensor()));
  }

  FailureOr<Value> elementwise() const {
    std::optional<Partial> partial = partialDerivative(b, op, k);
    if (!partial)
      return noRule();
    if (partial->value)
      return Value(arith::MulFOp::create(b, loc(), adjoint, partial->value));
    if (partial->number == 0.0)
      return Value();
    if (partial->number == 1.0)
      return adjoint;
    if (partial->number == -1.0)
      return Value(arith::NegFOp::create(b, loc(), adjoint));
    return Value(arith::MulFOp::create(b, loc(), adjoint, realConstant(b, loc(), adjoint.getType(), partial->number)));
  }

  FailureOr<Value> noRule() const {
    return op->emitError("'") << op->getName() << "' has no derivative, and the loss depends on its result";
  }

  FailureOr<Value> write() const {
    if (auto matrices = dyn_cast<linalg::MatmulOp>(op))
      return matmul(matrices);
    if (auto reduction = dyn_cast<linalg::ReduceOp>(op))
      return reduce(reduction);
    if (auto moved = dyn_cast<linalg::TransposeOp>(op))
      return transpose(moved);
    if (auto repeated = dyn_cast<linalg::BroadcastOp>(op))
      return k == 0 ? FailureOr<Value>(summed(adjoint, repeated.getDimensions())) : Value();
    if (isa<linalg::FillOp>(op))
      return k == 0 ? FailureOr<Value>(summedAll(adjoint)) : Value();
    if (isa<tensor::SplatOp>(op))
      return summedAll(adjoint);
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
      return Value(tensor::ExpandShapeOp::create(b, loc(), tensor(), adjoint, collapse.getReassociationIndices()));
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
      return k == 0 ? FailureOr<Value>(tensor::CollapseShapeOp::create(b, loc(), tensor(), adjoint,
                                                                       expand.getReassociationIndices()))
                    : Value();
    if (auto joined = dyn_cast<tensor::ConcatOp>(op))
      return concat(joined);
    if (auto element = dyn_cast<tensor::ExtractOp>(op))
      return extract(element);
    if (auto choice = dyn_cast<arith::SelectOp>(op)) {
      Value zero = realConstant(b, loc(), type(), 0.0);
      return Value(
          arith::SelectOp::create(b, loc(), choice.getCondition(), k == 1 ? adjoint : zero, k == 1 ? zero : adjoint));
    }
    if (isa<arith::ExtFOp>(op))
      return Value(arith::TruncFOp::create(b, loc(), type(), adjoint));
    if (isa<arith::TruncFOp>(op))
      return Value(arith::ExtFOp::create(b, loc(), type(), adjoint));
    return elementwise();
  }
};

} // namespace

FailureOr<Value> adjointOfOperand(OpBuilder &b, Operation *op, unsigned k, Value adjoint) {
  return isNetworkOperation(op) ? networkAdjointOfOperand(b, op, k, adjoint) : Reverse{b, op, k, adjoint}.write();
}

} // namespace overtime::ir
