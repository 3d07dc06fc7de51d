// SPDX-License-Identifier: Apache-2.0
// What an Artifact is made of. Private to compiler/trace.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/gpu/GpuCode.h"
#include "compiler/trace/loops/compile.h"

#include <string>

namespace overtime::detail {

struct ArtifactData {
  std::string name, header, json;
  llvm::SmallVector<char, 0> object;
  std::string llvm_ir, assembly;
  driver::StageTimes times;
  bool threads = false;                    ///< runs on several
  bool saves = false;                      ///< reads and writes files
  std::optional<driver::GpuCode> gpu = {}; ///< instead of object and assembly
  std::vector<KernelFacts> kernels = {};   ///< for GPUs in the object
  bool cache = true;                       ///< keeps machine code on disk
};

/// An error where .gpus are none, or have no library to go into.
void check_gpus(const CompileOptions &options, SourceLocation at);

/// `used` is what ptxas said, or null.
KernelFacts kernel_facts(const driver::GpuCode &code, const driver::KernelResources *used);

} // namespace overtime::detail
