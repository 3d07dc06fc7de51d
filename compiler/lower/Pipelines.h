// SPDX-License-Identifier: Apache-2.0
// The ordered list of named stages from a traced program to the LLVM dialect.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace mlir {
class OpPassManager;
}

namespace overtime::ir {

/// What the passes need to know of the target.
struct LoweringOptions {
  unsigned vectorBits = 512;
  bool avx512 = true; // instructions of that set, not only width
  bool fma = true;
  unsigned threads = 1;     // that a run may have
  bool shareAlways = false; // among threads, also where that does not pay
  unsigned processors = 0;  // of a GPU; then it is a kernel, by the stage gpu in place of cpu
  unsigned sharedBytes = 0; // of a block of a GPU
  bool tensorCores = false; // of a GPU
};

/// trace, dynamics, optimize, bufferize, cpu or gpu, llvm.
llvm::ArrayRef<llvm::StringRef> stageNames(bool gpu);

/// Adds the passes of one stage, then verify-stage; false when there is no such stage.
bool addStage(mlir::OpPassManager &passes, llvm::StringRef stage, const LoweringOptions &options);

/// Makes every stage available as a pipeline of overtime-opt (--overtime-dynamics, ...).
void registerStagePipelines();

} // namespace overtime::ir
