// SPDX-License-Identifier: Apache-2.0
// Kernels that read the numbers of a call from the device's memory, so that a launch can be repeated with others.
#pragma once

#include "llvm/IR/Module.h"

namespace overtime::driver {

/// Puts a kernel of the same name around that of a program. In place of steps, i0, k0, t0 and seed it takes the steps,
/// the first step of this launch, and where i0, k0, t0 and seed of the call lie (gpu::StoredNumbers): the arguments of
/// a launch that a graph repeats stay what they were, and what lies in memory need not.
void readNumbersFromMemory(llvm::Module &code, llvm::StringRef kernel);

} // namespace overtime::driver
