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

LogicalResult RandomUniformOp::verify() {
  // Step by step, because the product of the dimensions of a hostile type overflows.
  int64_t elements = 1;
  bool tooMany = false;
  if (auto tensor = dyn_cast<RankedTensorType>(getType()))
    if (!llvm::is_contained(tensor.getShape(), 0))
      for (int64_t dim : tensor.getShape())
        tooMany |= llvm::MulOverflow(elements, dim, elements) || elements >= (int64_t(1) << 32);
  if (tooMany)
    return emitOpError("(C3) draws ") << getType() << "; fewer than 2^32 elements are supported";
  return success();
}
