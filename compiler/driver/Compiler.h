// SPDX-License-Identifier: Apache-2.0
// From a traced program to code that runs: the stages in order, the object cache, and ahead-of-time artefacts.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/driver/Target.h"

#include "runtime/abi.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace overtime::driver {

class Jit;

/// Milliseconds of every stage, in order.
using StageTimes = std::vector<std::pair<std::string, double>>;

struct HostOptions {
  bool cache = true;             ///< look for the object on disk, and keep it there
  std::string target = "native"; ///< another that this machine runs: tests try the code of older processors
};

/// A program loaded into this process.
struct HostProgram {
  ProgramInfo info;          // with the workspace's size and the parts
  std::shared_ptr<Jit> code; // keeps the entry alive
  overtime_entry entry = nullptr;
  bool fromCache = false;
  StageTimes times;
};

/// Compiles for this machine, or for an older one that it stands in for. The module is used up. Errors carry the user's
/// source lines.
llvm::Expected<std::unique_ptr<HostProgram>> compileForHost(mlir::ModuleOp module, const ProgramInfo &info,
                                                            const HostOptions &options);

/// What ahead-of-time compilation writes.
struct Library {
  ProgramInfo info;
  TargetSpec target;
  llvm::SmallVector<char, 0> object;
  std::string llvmIr, assembly;
  StageTimes times;
};
struct LibraryOptions {
  std::string target = "native";
  bool text = false;                         ///< assembly too
  std::vector<overtime_gpu_image> gpus = {}; ///< code for GPUs that goes into the object (gpu/GpuCode.h)
};

/// Compiles for a target, with the description and the C functions. `initial` gives the content of states and
/// parameters once the layout is known.
llvm::Expected<Library> compileLibrary(mlir::ModuleOp module, const ProgramInfo &info, const LibraryOptions &options,
                                       llvm::function_ref<std::vector<char>(const ProgramInfo &)> initial);

/// Runs the stages up to and including `last` and returns the module as text.
llvm::Expected<std::string> printStage(mlir::ModuleOp module, const ProgramInfo &info, llvm::StringRef last,
                                       llvm::StringRef target);

} // namespace overtime::driver
