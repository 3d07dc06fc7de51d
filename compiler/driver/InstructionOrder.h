// SPDX-License-Identifier: Apache-2.0
// The order of the instructions of a straight block, chosen for a processor that looks some hundred ahead.
#pragma once

#include "llvm/IR/Function.h"
#include "llvm/IR/PassManager.h"

namespace overtime::driver {

/// Orders the instructions of every long block as a machine with two arithmetic pipes and a handful of live values
/// would start them. LLVM's own scheduler keeps values of one chain together, as in-order machines with few registers
/// like it; then a window of some hundred instructions holds few that can start. Reordering changes no number.
class InstructionOrderPass : public llvm::PassInfoMixin<InstructionOrderPass> {
public:
  llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &);
};

} // namespace overtime::driver
