// SPDX-License-Identifier: Apache-2.0
// From a traced program to a kernel of a GPU: PTX, how it is launched, and machine code where ptxas is there.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/gpu/Ptxas.h"

#include <optional>

namespace overtime::driver {

/// Whether blocks wait for each other, so that those that are launched must be resident: any number of them up to
/// KernelLaunch::blocks, or that number.
enum class Together { No, Most, All };

/// How a kernel is launched.
struct KernelLaunch {
  std::int64_t threads = 1, blocks = 1; // of a block; of the grid
  Together together = Together::No;
  std::int64_t sharedBytes = 0; // of a block, besides what the code has
};

/// How a kernel gets steps, i0, k0, t0 and seed of a call.
enum class CallNumbers {
  Arguments,
  Stored ///< all but the steps from memory of the device; see readNumbersFromMemory
};

struct GpuCode {
  ProgramInfo info;
  TargetSpec target;
  KernelLaunch launch;
  std::string ptx, llvmIr;
  StageTimes times;

  /// The PTX, and how the runtime launches it. Points into this.
  overtime_gpu_image ptxImage() const;
};

/// What a library holds for the GPUs of one compute capability.
struct GpuLibraryCode {
  GpuCode code;
  std::optional<Cubin> cubin; ///< where ptxas is
  std::string whyNoCubin;     ///< else
  double ms = 0;              ///< that it took

  /// Machine code first. They point into this.
  std::vector<overtime_gpu_image> images() const;
};

/// Compiles for a target with `gpu`; the kernel's name is the program's. The module is used up.
llvm::Expected<GpuCode> compileForGpu(mlir::ModuleOp module, const ProgramInfo &info, const TargetSpec &target,
                                      CallNumbers numbers = CallNumbers::Arguments);

/// Compiles copies of the module for GPUs by name, such as "sm_90", and assembles them where ptxas is found; `cache`
/// says whether to look for both on disk, and to keep them there.
llvm::Expected<std::vector<GpuLibraryCode>> compileForGpus(mlir::ModuleOp module, const ProgramInfo &info,
                                                           llvm::ArrayRef<std::string> names, bool cache);

} // namespace overtime::driver
