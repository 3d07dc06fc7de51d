// SPDX-License-Identifier: Apache-2.0
// A rule by which synapses are drawn, as the runtime describes it.
#pragma once

#include "dialect/Dyn.h"
#include "runtime/rows.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>

namespace overtime::ir {

struct RowRule {
  std::unique_ptr<overtime_rows> rows;
  size_t words; // of the structure that are read

  explicit RowRule(RowRuleAttr rule);
};

/// Constants of a module, each there once, whatever uses it.
class ModuleConstants {
public:
  /// Their names begin with `prefix`.
  ModuleConstants(mlir::ModuleOp module, llvm::StringRef prefix) : module(module), prefix(prefix) {}

  /// The memory of an array of i64.
  mlir::Value at(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> words);

private:
  mlir::ModuleOp module;
  std::string prefix;
};

} // namespace overtime::ir
