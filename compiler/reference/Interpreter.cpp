// SPDX-License-Identifier: Apache-2.0
// The boundary of the interpreter: checks the module and the arguments, and converts arrays.
#include "compiler/reference/Interpreter.h"

#include "compiler/reference/Evaluator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace overtime::reference {
namespace {

std::string print(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::string print(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); ++axis)
    text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + "]";
}

const char *print(Array::Kind kind) {
  return kind == Array::Kind::Real ? "real" : kind == Array::Kind::Int ? "integer" : "bool";
}

/// The first error that verification reports, or nothing.
std::string verificationError(ModuleOp module) {
  std::string text;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
    if (text.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      text = describe(diagnostic.getLocation()) + ": error: " + diagnostic.str();
    return success();
  });
  if (failed(verify(module)) && text.empty())
    text = describe(module.getLoc()) + ": error: the module does not verify";
  return text;
}

bool shapeFits(ArrayRef<int64_t> shape, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  ArrayRef<int64_t> declared = tensor ? tensor.getShape() : ArrayRef<int64_t>();
  if (shape.size() != declared.size())
    return false;
  for (auto [extent, wanted] : llvm::zip_equal(shape, declared))
    if (extent != wanted && !ShapedType::isDynamic(wanted))
      return false;
  return true;
}

/// The integers of an Int or Bool argument; `values` stands in for an empty `ints`, as far as it holds integers.
std::optional<std::vector<int64_t>> integersOf(const Array &array) {
  if (!array.ints.empty())
    return array.ints;
  std::vector<int64_t> integers;
  for (double value : array.values) {
    if (!(value >= -0x1p63 && value < 0x1p63 && value == double(int64_t(value))))
      return std::nullopt;
    integers.push_back(int64_t(value));
  }
  return integers;
}

/// What is wrong with an argument's kind, shape or number of elements; empty when nothing is.
std::string argumentProblem(const Array &array, Type type) {
  std::optional<Array::Kind> kind = kindOf(getElementTypeOrSelf(type));
  if (!kind || (isa<ShapedType>(type) && !isa<RankedTensorType>(type)))
    return "has type " + print(type) + ", which the reference interpreter cannot hold";
  if (*kind != array.kind)
    return std::string("is ") + print(array.kind) + ", expected " + print(*kind) + " (" + print(type) + ")";
  std::optional<int64_t> count = countElements(array.shape);
  if (!shapeFits(array.shape, type) || !count)
    return "has shape " + print(array.shape) + ", expected " + print(type);
  bool fromInts = *kind != Array::Kind::Real && !array.ints.empty();
  size_t given = fromInts ? array.ints.size() : array.values.size();
  if (given != size_t(*count))
    return "has " + std::to_string(given) + " elements for shape " + print(array.shape) + ", expected " +
           std::to_string(*count);
  return {};
}

/// An argument as a datum, or a message.
DatumRef toDatum(const Array &array, Type type, const Evaluator &evaluator, std::string &problem) {
  problem = argumentProblem(array, type);
  if (!problem.empty())
    return nullptr;
  Datum datum{array.shape, {}};
  if (array.kind == Array::Kind::Real) {
    for (double value : array.values)
      datum.cells.push_back(realCell(value));
    evaluator.round(datum, type);
    return std::make_shared<const Datum>(std::move(datum));
  }
  std::optional<std::vector<int64_t>> integers = integersOf(array);
  Type element = getElementTypeOrSelf(type);
  if (!integers)
    problem = "has values that are not integers, expected " + print(type);
  for (size_t k = 0; problem.empty() && k < integers->size(); ++k) {
    int64_t integer = (*integers)[k];
    if (element.isInteger(16) && integer >= 0 && integer <= 0xffff) // places, which have no sign
      integer = wrap(uint64_t(integer), element);
    if (wrap(uint64_t(integer), element) != integer)
      problem = "has " + std::to_string(integer) + " at element " + std::to_string(k) + ", which " + print(element) +
                " cannot hold";
    datum.cells.push_back(integerCell(integer));
  }
  return problem.empty() ? std::make_shared<const Datum>(std::move(datum)) : nullptr;
}

Array toArray(const Datum &datum, Type type) {
  Array array{datum.shape, {}, {}, kindOf(getElementTypeOrSelf(type)).value_or(Array::Kind::Real)};
  for (const Cell &cell : datum.cells) {
    bool real = array.kind == Array::Kind::Real;
    array.values.push_back(real ? cell.value : double(cell.integer));
    if (!real)
      array.ints.push_back(cell.integer);
  }
  return array;
}

/// The function to run, or a message.
func::FuncOp findFunction(ModuleOp module, StringRef name, size_t arguments, std::string &problem) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function)
    problem = describe(module.getLoc()) + ": error: the module has no function '" + name.str() + "'";
  else if (function.isExternal())
    problem = describe(function.getLoc()) + ": error: function '" + name.str() + "' has no body to run";
  else if (function.getNumArguments() != arguments)
    problem = describe(function.getLoc()) + ": error: function '" + name.str() + "' takes " +
              std::to_string(function.getNumArguments()) + " arguments, " + std::to_string(arguments) + " given";
  return problem.empty() ? function : func::FuncOp();
}

std::optional<std::vector<Array>> runFunction(ModuleOp module, StringRef name, ArrayRef<Array> args, Options options,
                                              std::string &problem) {
  problem = module ? verificationError(module) : "error: there is no module to interpret";
  if (!problem.empty())
    return std::nullopt;
  func::FuncOp function = findFunction(module, name, args.size(), problem);
  if (!function)
    return std::nullopt;
  Evaluator evaluator(options);
  std::vector<DatumRef> data;
  for (auto [k, array] : llvm::enumerate(args)) {
    std::string mismatch;
    data.push_back(toDatum(array, function.getArgumentTypes()[k], evaluator, mismatch));
    if (!data.back()) {
      problem = describe(function.getLoc()) + ": error: argument " + std::to_string(k) + " of '" + name.str() + "' " +
                mismatch;
      return std::nullopt;
    }
  }
  std::optional<std::vector<DatumRef>> results = evaluator.run(function.getBody(), data);
  if (!results) {
    problem = evaluator.error();
    return std::nullopt;
  }
  std::vector<Array> arrays;
  for (auto [datum, type] : llvm::zip_equal(*results, function.getResultTypes()))
    arrays.push_back(toArray(*datum, type));
  return arrays;
}

} // namespace

std::optional<std::vector<Array>> interpret(ModuleOp module, StringRef name, std::vector<Array> args,
                                            std::string *error, Options options) {
  std::string problem;
  std::optional<std::vector<Array>> results = runFunction(module, name, args, options, problem);
  if (error)
    *error = problem;
  return results;
}

} // namespace overtime::reference
