// SPDX-License-Identifier: Apache-2.0
// From an LLVM module to machine code: a short optimisation, then object, assembly or IR text.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <string>

namespace overtime::driver {

struct EmitOptions {
  /// 0: none. 1: a short pipeline without loop transformations, enough for code that MLIR has vectorised (O1 to O3 ran
  /// such kernels equally fast and compiled up to twice as long). 2, 3: LLVM's own.
  unsigned level = 1;
  /// Check the module first. Invalid IR is undefined behaviour in an LLVM without assertions.
  bool verify = true;
};

/// Milliseconds.
struct EmitTimes {
  double optimize = 0.0, codegen = 0.0;
};

/// Optimises in place. The module must carry the machine's triple and data layout (applyTarget).
llvm::Error optimizeModule(llvm::Module &module, llvm::TargetMachine &machine, const EmitOptions &options = {});

/// Optimises and generates an object file; the module is used up.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::Module &module, llvm::TargetMachine &machine,
                                                      const EmitOptions &options = {}, EmitTimes *times = nullptr);

/// Assembly text of the optimised module; the module is used up.
llvm::Expected<std::string> emitAssembly(llvm::Module &module, llvm::TargetMachine &machine,
                                         const EmitOptions &options = {}, EmitTimes *times = nullptr);

/// IR text of the module as it is.
std::string emitIR(const llvm::Module &module);

} // namespace overtime::driver
