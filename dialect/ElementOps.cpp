// SPDX-License-Identifier: Apache-2.0
// Folds and verifiers of the elementwise and random operations.
#include "dialect/Dyn.h"

#include "mlir/Dialect/CommonFolders.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace overtime::ir;

OpFoldResult ExprelOp::fold(FoldAdaptor adaptor) {
  return constFoldUnaryOp<FloatAttr, APFloat, void>(adaptor.getOperands(), [](const APFloat &a) {
    double x = a.convertToDouble();
    bool unbounded = x == std::numeric_limits<double>::infinity(); // its limit, not infinity over infinity
    APFloat y(x == 0.0 ? 1.0 : unbounded ? x : std::expm1(x) / x);
    bool inexact;
    y.convert(a.getSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    return y;
  });
}

LogicalResult RandomOp::verify() {
  auto tensor = dyn_cast<RankedTensorType>(getType());
  if (getDistribution() != "uniform" && getDistribution() != "normal")
    return emitOpError("(C4) unknown distribution '") << getDistribution() << "'; known: uniform, normal";
  ArrayRef<int64_t> shape = getShape() ? *getShape() : tensor ? tensor.getShape() : ArrayRef<int64_t>();
  if (getShape() && (tensor || getIndices().size() != shape.size()))
    return emitOpError("(C5) with 'at', a real is drawn and each of the ")
           << shape.size() << " dimensions has an index; got " << getIndices().size() << " indices and " << getType();
  if (!getShape() && !getIndices().empty())
    return emitOpError("(C5) indices without a shape");
  // Step by step, because the product of the dimensions of a hostile type overflows.
  int64_t elements = 1;
  bool tooMany = false;
  if (!llvm::is_contained(shape, 0))
    for (int64_t dim : shape)
      tooMany |= dim < 0 || llvm::MulOverflow(elements, dim, elements) || elements >= (int64_t(1) << 32);
  if (!tooMany)
    return success();
  InFlightDiagnostic diag = emitOpError("(C3) draws an array of [");
  llvm::interleaveComma(shape, diag);
  return diag << "]; fewer than 2^32 elements are supported";
}
