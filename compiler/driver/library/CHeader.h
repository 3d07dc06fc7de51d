// SPDX-License-Identifier: Apache-2.0
// What is written beside an ahead-of-time library: its C header and its description as JSON.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/driver/Target.h"

#include "runtime/abi.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace overtime::driver {

/// The name as a C and C++ identifier: other characters become '_', a leading digit gets '_' before it, and a keyword
/// or a macro of the standard headers ("I" of complex.h) gets '_' after it.
std::string cIdentifier(llvm::StringRef name);

/// Names of the data parameters of NAME_run: inputs, then outputs. All differ; a repeated one gets "_2", "_3", ...
std::vector<std::string> cParameterNames(const ProgramInfo &info);

/// Text of NAME.h, for C99 and C++. It includes only stddef.h and stdint.h.
std::string cHeader(const ProgramInfo &info, const TargetSpec &target, llvm::ArrayRef<overtime_gpu_image> gpus = {});

/// Text of NAME.json: name, model, abi_version, target, real, dt, t0, i0, state_bytes, arrays, and kernels where there
/// is code for GPUs.
std::string programJson(const ProgramInfo &info, const TargetSpec &target,
                        llvm::ArrayRef<overtime_gpu_image> gpus = {});

} // namespace overtime::driver
