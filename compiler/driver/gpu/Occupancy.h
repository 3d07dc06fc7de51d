// SPDX-License-Identifier: Apache-2.0
// How many blocks of a kernel a multiprocessor of an NVIDIA GPU holds at the same time.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace overtime::driver {

struct Occupancy {
  std::int64_t blocks = 0;    ///< 0: not one fits
  std::int64_t warps = 0;     ///< of those blocks
  std::int64_t mostWarps = 0; ///< that a multiprocessor holds
  llvm::StringRef limit; ///< what there is too little of for one block more: "registers", "shared memory", "threads"
                         ///< or "blocks"
};

/// For blocks of `threads` threads of `registers` registers each, with `sharedBytes` of shared memory, on a
/// multiprocessor with all of its shared memory to give. Nothing for a compute capability that is not known, 90
/// for 9.0.
///
/// Limits: "Technical Specifications per Compute Capability" of the CUDA C++ Programming Guide 13.0. Registers are
/// given out by 256 to a warp, warps stay in one of the four parts of a multiprocessor, and from 8.0 on the system
/// takes 1 KiB of shared memory for every block: CUDA Best Practices Guide 13.0, "Occupancy", and the occupancy
/// calculator of Nsight Compute.
std::optional<Occupancy> occupancyOf(int capability, std::int64_t threads, std::int64_t registers,
                                     std::int64_t sharedBytes);

} // namespace overtime::driver
