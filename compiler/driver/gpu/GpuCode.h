// SPDX-License-Identifier: Apache-2.0
// From a traced program to a kernel of a GPU: PTX, how it is launched, and machine code where ptxas is there.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/gpu/Ptxas.h"

#include <optional>

namespace overtime::driver {

/// How a kernel is launched.
struct KernelLaunch {
  std::int64_t threads = 1, blocks = 1; // of a block; of the grid
};

struct GpuCode {
  ProgramInfo info;
  TargetSpec target;
  KernelLaunch launch;
  std::string ptx, llvmIr;
  StageTimes times;
};

/// Compiles for a target with `gpu`; the kernel's name is the program's. The module is used up.
llvm::Expected<GpuCode> compileForGpu(mlir::ModuleOp module, const ProgramInfo &info, const TargetSpec &target);

} // namespace overtime::driver
