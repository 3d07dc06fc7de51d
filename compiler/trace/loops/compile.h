// SPDX-License-Identifier: Apache-2.0
// compile(): a time loop as a shared library with a C header, or any stage on the way there.
#pragma once

#include "compiler/trace/training/trainer.h"

#include <memory>
#include <string>

namespace overtime {

struct CompileOptions {
  std::string name = {};         ///< C name; the target's name unless given
  std::string target = "native"; ///< "native", a CPU name such as x86-64-v4, or a GPU's such as sm_90
  std::optional<std::vector<Shape>> inputs =
      {};                             ///< shapes of one step's data; a Neuron's default is [n], a Layer must say
  std::string stop_after = {};        ///< with ir(): name of the stage after which to print
  std::vector<std::string> gpus = {}; ///< compute capabilities such as "sm_90" that the library has code for too
};

namespace detail {
struct ArtifactData;
}

/// What the kernel of a program takes of a GPU, and how it is launched.
struct KernelFacts {
  std::string capability;               ///< "sm_90"
  std::int64_t threads = 0, blocks = 0; ///< of a block; of the grid
  std::int64_t registers = 0;           ///< of a thread
  std::int64_t spill_bytes = 0;         ///< of a thread: numbers that found no register
  std::int64_t local_bytes = 0;         ///< of a thread: memory that is none of the program's arrays
  std::int64_t shared_bytes = 0;        ///< of a block
  std::string no_machine_code = {};     ///< why there is PTX only, and none of the numbers since registers
};

/// A compiled program, ready to be written. One for a GPU has PTX and machine code, any other the files of a library;
/// asking for what it does not have is an error of kind Usage.
class Artifact {
public:
  /// Writes libNAME.so, NAME.h and NAME.json into a folder, creating it.
  void write(const std::string &folder) const;
  void write_object(const std::string &path) const;   ///< .o
  void write_llvm_ir(const std::string &path) const;  ///< .ll
  void write_assembly(const std::string &path) const; ///< .s
  void write_ptx(const std::string &path) const;      ///< .ptx, which a driver assembles
  /// .cubin, machine code of the target. Needs NVIDIA's ptxas; the error says where it was looked for.
  KernelFacts write_cubin(const std::string &path) const;
  std::string header() const; ///< text of NAME.h
  std::string json() const;   ///< text of NAME.json
  /// Of a library: the code for GPUs that it holds, one for each of CompileOptions::gpus.
  const std::vector<KernelFacts> &kernels() const;
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

/// The program's MLIR after a named stage: trace, dynamics, optimize, bufferize, cpu (gpu for a GPU), llvm.
std::string stage_ir(LoopOverTime &loop, const CompileOptions &options,
                     std::source_location at = std::source_location::current());

} // namespace overtime
