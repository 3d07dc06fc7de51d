// SPDX-License-Identifier: Apache-2.0
// Runs the MLIR stages on a program and translates it to LLVM.
#pragma once

#include "compiler/driver/Compiler.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <chrono>

namespace overtime::driver {

/// Appends the time since its construction, or since the last lap, under a name: the laps add up to the whole.
class StopWatch {
public:
  explicit StopWatch(StageTimes &times) : times(times) {}
  void lap(llvm::StringRef name);
  /// Appends a part of the time since the last lap, measured elsewhere; the next lap is the rest.
  void lap(llvm::StringRef name, double ms);

private:
  StageTimes &times;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// Keeps the first error that is reported while it lives; nothing is printed.
class FirstError {
public:
  explicit FirstError(mlir::MLIRContext *context);
  ~FirstError();
  llvm::Error failure(std::string otherwise) const;

private:
  mlir::MLIRContext *context;
  bool printsOp;
  std::string message;
  mlir::ScopedDiagnosticHandler handler;
};

/// What a traced program consists of; stages load what else they write.
void loadProgramDialects(mlir::MLIRContext &context);

/// Runs the stages up to and including `last`.
llvm::Error runStages(mlir::ModuleOp module, const ProgramInfo &info, const TargetSpec &target, llvm::StringRef last,
                      StopWatch *watch);

/// The module after all stages as LLVM IR, bound to the target, with the entry function NAME_loop around @NAME. Sets
/// in `info` the size of the workspace and how the work is split.
llvm::Expected<std::unique_ptr<llvm::Module>> translate(mlir::ModuleOp module, ProgramInfo &info,
                                                        llvm::LLVMContext &context);

} // namespace overtime::driver
