// SPDX-License-Identifier: Apache-2.0
// The function that callers of a program see: its arguments are tables.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Function.h"

namespace overtime::driver {

/// Adds void NAME_loop(steps, i0, k0, t0, seed, buffers, strides, first, last, team), an overtime_entry
/// (runtime/abi.h), for the program @NAME(steps, i0, k0, t0, seed, buffer..., stride..., first, last) and, for callers
/// with a team, its form @NAME.team (split-steps), if there is one. A program may take tables itself (read-tables); its
/// reads of them move to where they are used, or hundreds of pointers would wait for their turn on the stack, and the
/// register allocator takes more than linear time for them.
void addEntry(llvm::Function &program, llvm::Function *team, llvm::StringRef name, unsigned buffers, unsigned strides);

} // namespace overtime::driver
