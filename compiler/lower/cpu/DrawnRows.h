// SPDX-License-Identifier: Apache-2.0
// Calls of the runtime's functions that draw the synapses of a source.
#pragma once

#include "compiler/lower/LoopCode.h"
#include "compiler/lower/RowRule.h"

namespace overtime::ir {

/// One for a module: each rule is one constant of it.
class DrawnRows {
public:
  explicit DrawnRows(mlir::ModuleOp module) : module(module), constants(module, "dyn.rows.") {}

  /// Adds an amount to those targets of a source that are in `to`, whose first element is target `first`.
  void add(LoopCode &code, RowRuleAttr rule, mlir::Value source, mlir::Value amount, mlir::Value to, mlir::Value first);
  /// The sum of what the targets of a source hold, each times the weight.
  mlir::Value sum(LoopCode &code, RowRuleAttr rule, mlir::Value source, mlir::Value weight, mlir::Value values);

private:
  mlir::Value pointerTo(LoopCode &code, RowRuleAttr rule);
  mlir::Value call(LoopCode &code, llvm::StringRef name, mlir::Type real, mlir::TypeRange results,
                   mlir::ValueRange arguments);

  mlir::ModuleOp module;
  ModuleConstants constants;
};

} // namespace overtime::ir
