// SPDX-License-Identifier: Apache-2.0
// A training compiled ahead of time: four programs in one object.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/training/Gradient.h"
#include "compiler/driver/training/TrainingInfo.h"

namespace overtime::driver {

/// A traced program; the module is used up.
struct TracedModule {
  mlir::ModuleOp module;
  const ProgramInfo &info;
};

struct TrainingSpec {
  TracedModule loss;     ///< to be differentiated
  TracedModule evaluate; ///< the same for a run that does not train
  TracedModule update;
  GradientSpec by;
  TrainingInfo info; ///< name, model, trained, data, over, remat, continues; the rest is filled in
};

struct TrainingLibrary {
  TrainingInfo info;
  TargetSpec target;
  llvm::SmallVector<char, 0> object;
  StageTimes times;
};

/// `initial` gives the content of the block behind its header once the layout is known.
llvm::Expected<TrainingLibrary>
compileTraining(TrainingSpec spec, const std::string &target,
                llvm::function_ref<std::vector<char>(const TrainingInfo &, const TrainingLayout &)> initial);

} // namespace overtime::driver
