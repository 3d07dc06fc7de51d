// SPDX-License-Identifier: Apache-2.0
// compile(): a time loop as a shared library with a C header, or any stage on the way there.
#pragma once

#include "compiler/trace/trainer.h"

#include <memory>
#include <string>

namespace overtime {

struct CompileOptions {
  std::string name = {};         ///< C name; the target's name unless given
  std::string target = "native"; ///< "native", or a CPU name such as x86-64-v4
  std::optional<std::vector<Shape>> inputs =
      {};                      ///< shapes of one step's data; a Neuron's default is [n], a Layer must say
  std::string stop_after = {}; ///< with ir(): name of the stage after which to print
};

namespace detail {
struct ArtifactData;
}

/// A compiled program, ready to be written.
class Artifact {
public:
  /// Writes libNAME.so, NAME.h and NAME.json into a folder, creating it.
  void write(const std::string &folder) const;
  void write_object(const std::string &path) const;   ///< .o
  void write_llvm_ir(const std::string &path) const;  ///< .ll
  void write_assembly(const std::string &path) const; ///< .s
  std::string header() const;                         ///< text of NAME.h
  std::string json() const;                           ///< text of NAME.json
  /// Milliseconds that each stage of the compiler took, in order.
  std::vector<std::pair<std::string, double>> times() const;

  std::shared_ptr<const detail::ArtifactData> data;
};

Artifact compile(LoopOverTime &loop, const CompileOptions &options = {},
                 std::source_location at = std::source_location::current());

/// A library that trains: NAME_train_step, NAME_loss, NAME_save and NAME_load. `data` and `target` are of one call,
/// whose shapes count, but for the number of steps. It begins with the parameters, moments and initial states that
/// there are now, and a call of it has the bits of the trainer's.
Artifact compile(Trainer &trainer, const Tree<Tensor> &data, const Tensor &target, const CompileOptions &options = {},
                 std::source_location at = std::source_location::current());

/// The program's MLIR after a named stage: trace, dynamics, optimize, bufferize, cpu, llvm.
std::string stage_ir(LoopOverTime &loop, const CompileOptions &options,
                     std::source_location at = std::source_location::current());

} // namespace overtime
