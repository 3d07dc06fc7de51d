// SPDX-License-Identifier: Apache-2.0
// Small questions that several passes ask about values of a step.
#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace overtime::ir {

RankedTensorType tensorType(Value v) { return dyn_cast<RankedTensorType>(v.getType()); }

Value realConstant(OpBuilder &builder, Location loc, Type type, double value) {
  auto number = builder.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(shaped, number.getValue()));
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(number));
}

std::optional<double> constantOf(Value v) {
  if (auto splat = v.getDefiningOp<tensor::SplatOp>())
    return constantOf(splat.getInput());
  FloatAttr scalar;
  DenseFPElementsAttr dense;
  if (matchPattern(v, m_Constant(&scalar)))
    return scalar.getValueAsDouble();
  if (matchPattern(v, m_Constant(&dense)) && dense.isSplat())
    return dense.getSplatValue<APFloat>().convertToDouble();
  return std::nullopt;
}

bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) && op->getNumResults() == 1 && op->getNumRegions() == 0;
}

bool isSplat(Value tensor) {
  DenseElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant)))
    return constant.isSplat();
  return tensor.getDefiningOp<tensor::SplatOp>() != nullptr;
}

Value splatScalar(OpBuilder &builder, Value tensor) {
  DenseElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant)) && constant.isSplat())
    return arith::ConstantOp::create(builder, tensor.getLoc(), constant.getSplatValue<TypedAttr>());
  if (auto splat = tensor.getDefiningOp<tensor::SplatOp>())
    return splat.getInput();
  return {};
}

Value zeros(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape, Type element) {
  Value place = tensor::EmptyOp::create(builder, loc, shape, element);
  return linalg::FillOp::create(builder, loc, realConstant(builder, loc, element, 0.0), place).getResult(0);
}

Value summed(OpBuilder &builder, Location loc, Value tensor, ArrayRef<int64_t> axes) {
  auto from = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> kept;
  for (int64_t d = 0; d < from.getRank(); ++d)
    if (!llvm::is_contained(axes, d))
      kept.push_back(from.getDimSize(d));
  Value start = zeros(builder, loc, kept, from.getElementType());
  Value sum = linalg::ReduceOp::create(builder, loc, ValueRange{tensor}, ValueRange{start}, axes,
                                       [](OpBuilder &inner, Location at, ValueRange args) {
                                         Value total = arith::AddFOp::create(inner, at, args[1], args[0]);
                                         linalg::YieldOp::create(inner, at, total);
                                       })
                  ->getResult(0);
  return kept.empty() ? Value(tensor::ExtractOp::create(builder, loc, sum, ValueRange{})) : sum;
}

Value spread(OpBuilder &builder, Location loc, Value v, ArrayRef<int64_t> axes, RankedTensorType to) {
  if (auto from = tensorType(v); !from || from.getRank() == 0) {
    Value scalar = from ? Value(tensor::ExtractOp::create(builder, loc, v, ValueRange{})) : v;
    return tensor::SplatOp::create(builder, loc, scalar, to);
  }
  Value place = tensor::EmptyOp::create(builder, loc, to.getShape(), to.getElementType());
  return linalg::BroadcastOp::create(builder, loc, v, place, axes)->getResult(0);
}

} // namespace overtime::ir
