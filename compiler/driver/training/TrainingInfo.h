// SPDX-License-Identifier: Apache-2.0
// What is known of a compiled training besides its code, and where its arrays lie. Plain data, no MLIR.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/driver/Target.h"

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace overtime::driver {

/// The members are those of overtime_trainer in runtime/trainer.h.
struct TrainingInfo {
  std::string name, model;
  ProgramInfo evaluate, forward, backward, update;
  std::vector<unsigned> carried, fixed, moving; // states of forward
  std::vector<unsigned> trained;                // params of forward: the last states of update, in order
  unsigned tape = 0, loss = 0, data = 0;
  std::int32_t over = 0, remat = 0;
  std::int64_t rematArgument = 0;
  bool continues = false;

  /// States of forward that are no model's: the loss, the mean output.
  std::size_t extras() const { return forward.states.size() - loss; }
  std::size_t moments() const { return update.states.size() - trained.size(); }
};

/// Offsets in a training block:
///   header | states | params | moments, rates | adjoints, gradients | kept states | rows | share | workspace
struct TrainingLayout {
  std::vector<std::uint64_t> forward, backward, update; // places of their states, then params
  std::vector<std::uint64_t> rows;
  std::uint64_t statesEnd = 0, initialEnd = 0, gradients = 0, gradientsEnd = 0, kept = 0, share = 0, workspace = 0,
                blockBytes = 0;
};
TrainingLayout layoutOf(const TrainingInfo &info);

/// The arrays that are saved, by their names in a file, and their offsets.
std::vector<std::pair<ArrayInfo, std::uint64_t>> savedArrays(const TrainingInfo &info, const TrainingLayout &layout);

/// Adds NAME_trainer and the C functions of NAME.h to a module that has all four programs. `initial`: the block behind
/// its header, up to initialEnd.
llvm::Error addTrainer(llvm::Module &module, const TrainingInfo &info, const TargetSpec &target,
                       llvm::ArrayRef<char> initial);

/// Text of NAME.h and NAME.json.
std::string trainerHeader(const TrainingInfo &info, const TargetSpec &target);
std::string trainerJson(const TrainingInfo &info, const TargetSpec &target);

} // namespace overtime::driver
