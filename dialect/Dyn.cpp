// SPDX-License-Identifier: Apache-2.0
// Registration of the dyn dialect and its generated code.
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace overtime::ir;

#include "dialect/DynDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/DynAttributes.cpp.inc"

/// The types of offsets and targets, which there are without a rule.
static mlir::ParseResult parseRowTypes(mlir::OpAsmParser &parser, RowRuleAttr rule, mlir::Type &offsets,
                                       mlir::Type &targets) {
  if (rule)
    return mlir::success();
  return mlir::failure(parser.parseComma() || parser.parseType(offsets) || parser.parseComma() ||
                       parser.parseType(targets));
}
static void printRowTypes(mlir::OpAsmPrinter &printer, mlir::Operation *, RowRuleAttr rule, mlir::Type offsets,
                          mlir::Type targets) {
  if (!rule)
    printer << ", " << offsets << ", " << targets;
}

#define GET_OP_CLASSES
#include "dialect/DynOps.cpp.inc"

bool overtime::ir::isFast(mlir::Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto numerics = op->getAttrOfType<mlir::StringAttr>(numericsAttr))
      return numerics.getValue() == "fast";
  return false;
}

void DynDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/DynAttributes.cpp.inc"
      >();
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
