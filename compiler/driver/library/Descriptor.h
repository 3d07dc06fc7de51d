// SPDX-License-Identifier: Apache-2.0
// Adds to a compiled loop what makes it a program: its description, its initial image and its C functions.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/driver/Target.h"

#include "runtime/abi.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace overtime::driver {

/// Where everything lies in a state block, in bytes from its start. Each array and the workspace start on a multiple of
/// OVERTIME_ALIGNMENT, so a whole vector may be read past the last element.
///   header | states | params | one row per input | one row per output | workspace | message
struct Layout {
  std::vector<std::int64_t> states, params, inputs, outputs; ///< offsets in ProgramInfo's order
  std::uint64_t initialBytes = 0;    ///< states and params with their padding; they start right after the header
  std::uint64_t workspaceOffset = 0; ///< end of the last output row
  std::uint64_t messageOffset = 0;   ///< end of the workspace
  std::uint64_t stateBytes = 0;      ///< size of the block, a multiple of OVERTIME_ALIGNMENT
};

/// Sizes beyond 2^62 saturate; checkProgram refuses them.
Layout layoutOf(const ProgramInfo &info);

/// Fails on what cannot be a program: a name that is no C identifier, an unknown dtype, a negative dimension, a state
/// block beyond the address space.
llvm::Error checkProgram(const ProgramInfo &info);

/// Adds the constant NAME_program (an overtime_program). The module must define NAME_loop. `initial` is the content of
/// states and params, layoutOf(info).initialBytes long, or empty for zeros.
llvm::Error addProgram(llvm::Module &module, const ProgramInfo &info, const TargetSpec &target,
                       llvm::ArrayRef<char> initial);

/// Adds NAME_program and the C functions of NAME.h (see CHeader.h), each a thin call of the runtime's
/// overtime_program_*. Call applyTarget after it, so that these functions are for the target too. With code for GPUs,
/// which info.gpu announces, the library is linked with libovertime_cuda.a.
llvm::Error addDescriptor(llvm::Module &module, const ProgramInfo &info, const TargetSpec &target,
                          llvm::ArrayRef<char> initial, llvm::ArrayRef<overtime_gpu_image> gpu = {});

} // namespace overtime::driver
