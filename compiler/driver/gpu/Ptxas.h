// SPDX-License-Identifier: Apache-2.0
// Assembles PTX to machine code of a GPU with NVIDIA's ptxas, where there is one, and reads what it says of a kernel.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace overtime::driver {

/// What a kernel takes of a device's processors, as ptxas reports it.
struct KernelResources {
  std::int64_t registers = 0;                   ///< of a thread
  std::int64_t spillStores = 0, spillLoads = 0; ///< bytes
  std::int64_t localBytes = 0;                  ///< of a thread: memory that is none of the program's arrays
  std::int64_t sharedBytes = 0;                 ///< of a block
};

struct Cubin {
  llvm::SmallVector<char, 0> bytes;
  KernelResources resources;
};

/// $OVERTIME_PTXAS, else ptxas on PATH, in $CUDA_HOME/bin, or in /usr/local/cuda/bin. The error says where it looked.
llvm::Expected<std::string> findPtxas();

/// Assembles for a compute capability such as "sm_90".
llvm::Expected<Cubin> assemblePtx(llvm::StringRef ptx, llvm::StringRef capability, llvm::StringRef ptxas);

} // namespace overtime::driver
