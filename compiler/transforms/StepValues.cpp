// SPDX-License-Identifier: Apache-2.0
// Small questions that several passes ask about values of a step.
#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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

} // namespace overtime::ir
