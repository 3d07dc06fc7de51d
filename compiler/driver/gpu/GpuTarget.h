// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs as targets: compute capabilities, and the version of PTX that each is written in.
#pragma once

#include "compiler/driver/Target.h"

namespace overtime::driver {

/// "nvptx64", or a name that begins like "sm_90".
bool isGpuName(llvm::StringRef name);

/// The target of such a name; "sm_86:28" is for devices of at least 28 multiprocessors, else it is for those of a
/// device in wide use. Fails on a compute capability that is not known, naming those that are.
llvm::Expected<TargetSpec> gpuTarget(llvm::StringRef name);

/// For a device of compute capability `capability`, 90 for 9.0: the newest target whose PTX it takes. `processors`:
/// that it has.
llvm::Expected<TargetSpec> gpuTargetFor(int capability, unsigned processors);

} // namespace overtime::driver
