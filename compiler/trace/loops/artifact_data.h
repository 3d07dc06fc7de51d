// SPDX-License-Identifier: Apache-2.0
// What an Artifact is made of. Private to compiler/trace.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/driver/gpu/GpuCode.h"

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
};

} // namespace overtime::detail
