// SPDX-License-Identifier: Apache-2.0
// Runs blocks, finds the rule of each operation, and maps scalar rules over tensors.
#include "compiler/reference/Evaluator.h"

#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace overtime::reference {

std::optional<Array::Kind> kindOf(Type element) {
  if (element.isF32() || element.isF64())
    return Array::Kind::Real;
  if (element.isSignlessInteger(1))
    return Array::Kind::Bool;
  if (element.isIndex() || (element.isSignlessInteger() && element.getIntOrFloatBitWidth() <= 64))
    return Array::Kind::Int;
  return std::nullopt;
}

std::string describe(Location location) {
  std::string text;
  llvm::raw_string_ostream out(text);
  if (auto file = location->findInstanceOf<FileLineColLoc>())
    out << file.getFilename().getValue() << ":" << file.getLine() << ":" << file.getColumn();
  else
    out << location;
  return text;
}

Evaluator::Evaluator(Options options) : options(options) {
  addConstantRules(rules);
  addTensorRules(rules);
  addLinalgRules(rules);
  addDynRules(rules);
  addNetworkRules(rules);
  addRealRules(scalarRules);
  addIntegerRules(scalarRules);
}

bool Evaluator::fail(Operation *op, const Twine &text) {
  if (message.empty())
    message = (describe(op->getLoc()) + ": error: '" + op->getName().getStringRef() + "' " + text).str();
  return false;
}

std::optional<Datum> Evaluator::allocate(Operation *op, ArrayRef<int64_t> shape, Cell fill) {
  if (std::optional<int64_t> count = countElements(shape))
    return Datum{shape.vec(), std::vector<Cell>(size_t(*count), fill)};
  fail(op, "makes a tensor with a negative extent or more than 2^26 elements, which the reference interpreter refuses; "
           "use smaller sizes");
  return std::nullopt;
}

Cell Evaluator::round(Cell cell, Type type) const {
  if (options.roundToF32 && getElementTypeOrSelf(type).isF32())
    return realCell(float(cell.value), float(cell.tangent));
  return cell;
}

void Evaluator::round(Datum &datum, Type type) const {
  for (Cell &cell : datum.cells)
    cell = round(cell, type);
}

int64_t Evaluator::getInteger(OpFoldResult value) const {
  if (auto attribute = dyn_cast<Attribute>(value))
    return cast<IntegerAttr>(attribute).getInt();
  return getInteger(cast<Value>(value));
}

bool Evaluator::bind(OpResult result, Datum datum) {
  ArrayRef<int64_t> declared;
  if (auto tensor = dyn_cast<RankedTensorType>(result.getType()))
    declared = tensor.getShape();
  bool fits = declared.size() == datum.shape.size() && countElements(datum.shape) == int64_t(datum.cells.size());
  for (size_t axis = 0; fits && axis < declared.size(); ++axis)
    fits = ShapedType::isDynamic(declared[axis]) || declared[axis] == datum.shape[axis];
  if (!fits) {
    std::string text;
    llvm::raw_string_ostream out(text);
    out << "computes shape [";
    llvm::interleaveComma(datum.shape, out);
    out << "] for a result of type " << result.getType();
    return fail(result.getOwner(), text);
  }
  round(datum, result.getType());
  bindings[result] = std::make_shared<const Datum>(std::move(datum));
  return true;
}

std::optional<std::vector<DatumRef>> Evaluator::run(Region &region, ArrayRef<DatumRef> arguments) {
  if (region.hasOneBlock())
    return run(region.front(), arguments);
  fail(region.getParentOp(), "has a body of several blocks; the reference interpreter runs regions of one block");
  return std::nullopt;
}

std::optional<std::vector<DatumRef>> Evaluator::run(Block &block, ArrayRef<DatumRef> arguments) {
  if (block.getNumArguments() != arguments.size()) {
    fail(block.getParentOp(), "has a body with " + Twine(block.getNumArguments()) + " arguments, but " +
                                  Twine(arguments.size()) + " values are passed to it");
    return std::nullopt;
  }
  for (auto [argument, datum] : llvm::zip_equal(block.getArguments(), arguments))
    bindings[argument] = datum;
  for (Operation &op : block) {
    if (isa<func::ReturnOp, ir::YieldOp, linalg::YieldOp>(op)) {
      std::vector<DatumRef> yielded;
      for (Value operand : op.getOperands())
        yielded.push_back(get(operand));
      return yielded;
    }
    if (!evaluate(&op))
      return std::nullopt;
  }
  fail(block.getParentOp(), "has a body without a terminator");
  return std::nullopt;
}

bool Evaluator::isSupported(Operation *op) {
  SmallVector<Type> types(op->getOperandTypes());
  llvm::append_range(types, op->getResultTypes());
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (kindOf(tensor ? tensor.getElementType() : type))
      continue;
    std::string text;
    llvm::raw_string_ostream(text) << "uses type " << type
                                   << "; the reference interpreter runs f32, f64, index and integers of at most 64 "
                                      "bits, and ranked tensors of them";
    return fail(op, text);
  }
  for (Value operand : op->getOperands())
    if (!get(operand))
      return fail(op, "uses a value before it is computed");
  return true;
}

bool Evaluator::evaluate(Operation *op) {
  if (!isSupported(op))
    return false;
  StringRef name = op->getName().getStringRef();
  if (auto rule = rules.find(name); rule != rules.end())
    return rule->second(*this, op);
  if (auto rule = scalarRules.find(name); rule != scalarRules.end())
    return evaluateElementwise(op, rule->second);
  if (isa<linalg::LinalgOp>(op))
    return evaluateStructured(*this, op);
  return fail(op, "has no rule in the reference interpreter; add one in compiler/reference");
}

/// Scalars among the operands, such as the condition of arith.select, are used for every element.
bool Evaluator::evaluateElementwise(Operation *op, ScalarRule rule) {
  Type type = op->getResult(0).getType();
  SmallVector<DatumRef> operands;
  DatumRef tensor;
  for (Value operand : op->getOperands()) {
    operands.push_back(get(operand));
    if (!isa<RankedTensorType>(operand.getType()))
      continue;
    if (tensor && tensor->shape != operands.back()->shape)
      return fail(op, "is elementwise but gets tensors of different shapes");
    tensor = operands.back();
  }
  std::optional<Datum> result = allocate(op, tensor ? ArrayRef<int64_t>(tensor->shape) : ArrayRef<int64_t>());
  if (!result)
    return false;
  SmallVector<Cell> cells(operands.size());
  ScalarCall call{op, getElementTypeOrSelf(op->getOperand(0).getType()), getElementTypeOrSelf(type), cells};
  for (size_t element = 0; element < result->cells.size(); ++element) {
    for (size_t k = 0; k < operands.size(); ++k)
      cells[k] = operands[k]->cells[isa<RankedTensorType>(op->getOperand(k).getType()) ? element : 0];
    result->cells[element] = rule(call);
    if (call.problem)
      return fail(op, call.problem);
  }
  return bind(op->getResult(0), std::move(*result));
}

} // namespace overtime::reference
