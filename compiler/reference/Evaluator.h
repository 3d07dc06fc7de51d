// SPDX-License-Identifier: Apache-2.0
// The interpreter's core: which value is bound to what, and the dispatch from operations to rules.
#pragma once

#include "compiler/reference/Datum.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/reference/ScalarRules.h"

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace overtime::reference {

class Evaluator;

/// Evaluates one operation and binds its results; false after Evaluator::fail.
using Rule = bool (*)(Evaluator &, mlir::Operation *);
using RuleTable = llvm::StringMap<Rule>;

void addConstantRules(RuleTable &table);
void addTensorRules(RuleTable &table);
void addLinalgRules(RuleTable &table);
void addDynRules(RuleTable &table);
void addNetworkRules(RuleTable &table);
/// Any operation of linalg with indexing maps and a scalar region.
bool evaluateStructured(Evaluator &evaluator, mlir::Operation *op);

/// f32, f64, index and signless integers of at most 64 bits are what a cell can hold.
std::optional<Array::Kind> kindOf(mlir::Type element);
/// "file:line:column" when it is known.
std::string describe(mlir::Location location);

class Evaluator {
public:
  explicit Evaluator(Options options);

  /// Binds the arguments of a region's only block, evaluates it, and returns the operands of its terminator.
  std::optional<std::vector<DatumRef>> run(mlir::Region &region, llvm::ArrayRef<DatumRef> arguments);
  std::optional<std::vector<DatumRef>> run(mlir::Block &block, llvm::ArrayRef<DatumRef> arguments);

  DatumRef get(mlir::Value value) const { return bindings.lookup(value); }
  const Cell &getScalar(mlir::Value value) const { return bindings.find(value)->second->cells.front(); }
  int64_t getInteger(mlir::Value value) const { return getScalar(value).integer; }
  int64_t getInteger(mlir::OpFoldResult value) const;

  /// Binds a result after rounding it to its type; a datum that does not fit the type is a failure.
  bool bind(mlir::OpResult result, Datum datum);
  /// A datum of a shape, or a failure when it is too large.
  std::optional<Datum> allocate(mlir::Operation *op, llvm::ArrayRef<int64_t> shape, Cell fill = {});
  Cell round(Cell cell, mlir::Type type) const;
  void round(Datum &datum, mlir::Type type) const;

  /// Records "place: error: message" unless an earlier error is there; returns false.
  bool fail(mlir::Operation *op, const llvm::Twine &message);
  const std::string &error() const { return message; }

  /// True while tangents are seeded; a second direction would need second derivatives.
  bool differentiating = false;
  /// Index of the element that the innermost linalg operation works on.
  std::vector<int64_t> iteration;

private:
  bool evaluate(mlir::Operation *op);
  bool evaluateElementwise(mlir::Operation *op, ScalarRule rule);
  bool isSupported(mlir::Operation *op);

  Options options;
  llvm::DenseMap<mlir::Value, DatumRef> bindings;
  RuleTable rules;
  ScalarRuleTable scalarRules;
  std::string message;
};

} // namespace overtime::reference
