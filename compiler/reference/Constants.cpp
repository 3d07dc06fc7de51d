// SPDX-License-Identifier: Apache-2.0
// arith.constant: scalar, splat and dense attributes as cells.
#include "compiler/reference/Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace overtime::reference {
namespace {

Cell integerConstant(const APInt &value, Type type) { return integerCell(wrap(uint64_t(value.getSExtValue()), type)); }

/// A splat is stored once, and the iterators of the attribute repeat it.
void fillDense(Datum &datum, DenseElementsAttr dense) {
  Type element = dense.getElementType();
  if (isa<FloatType>(element))
    for (auto [cell, value] : llvm::zip_equal(datum.cells, dense.getValues<APFloat>()))
      cell = realCell(value.convertToDouble());
  else
    for (auto [cell, value] : llvm::zip_equal(datum.cells, dense.getValues<APInt>()))
      cell = integerConstant(value, element);
}

bool evaluateConstant(Evaluator &evaluator, Operation *op) {
  auto constant = cast<arith::ConstantOp>(op);
  Attribute value = constant.getValue();
  if (auto real = dyn_cast<FloatAttr>(value))
    return evaluator.bind(op->getResult(0), Datum{{}, {realCell(real.getValueAsDouble())}});
  if (auto integer = dyn_cast<IntegerAttr>(value))
    return evaluator.bind(op->getResult(0), Datum{{}, {integerConstant(integer.getValue(), integer.getType())}});
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return evaluator.fail(op, "has a value that is neither a number nor a dense attribute");
  std::optional<Datum> datum = evaluator.allocate(op, dense.getType().getShape());
  if (!datum)
    return false;
  fillDense(*datum, dense);
  return evaluator.bind(op->getResult(0), std::move(*datum));
}

} // namespace

void addConstantRules(RuleTable &table) { table["arith.constant"] = evaluateConstant; }

} // namespace overtime::reference
