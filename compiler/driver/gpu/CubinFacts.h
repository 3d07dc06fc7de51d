// SPDX-License-Identifier: Apache-2.0
// What a .cubin says of its kernels.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace overtime::driver {

struct CubinKernel {
  std::string name;
  std::int64_t threads = 0;     ///< of a block, at most
  std::int64_t registers = 0;   ///< of a thread
  std::int64_t localBytes = 0;  ///< of a thread
  std::int64_t sharedBytes = 0; ///< of a block, without what a launch asks for
};

struct CubinFacts {
  int capability = 0; ///< 90 for sm_90
  std::vector<CubinKernel> kernels;
};

/// Reads machine code of any compute capability, for nvcc's CUDA 12 or 13. NVIDIA documents no more of it than that it
/// is ELF: the attributes of `.nv.info` are those that its tools print. An error says what the bytes are not.
llvm::Expected<CubinFacts> readCubin(llvm::StringRef bytes);

} // namespace overtime::driver
