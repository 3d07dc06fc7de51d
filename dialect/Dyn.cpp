// SPDX-License-Identifier: Apache-2.0
// Registration of the dyn dialect and its generated code.
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace overtime::ir;

#include "dialect/DynDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialect/DynOps.cpp.inc"

bool overtime::ir::isFast(mlir::Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto numerics = op->getAttrOfType<mlir::StringAttr>(numericsAttr))
      return numerics.getValue() == "fast";
  return false;
}

void DynDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialect/DynOps.cpp.inc"
      >();
}

/// Without it, what dyn.exprel folds to would be thrown away.
mlir::Operation *DynDialect::materializeConstant(mlir::OpBuilder &builder, mlir::Attribute value, mlir::Type type,
                                                 mlir::Location loc) {
  return mlir::arith::ConstantOp::materialize(builder, value, type, loc);
}
