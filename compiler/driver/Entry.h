// SPDX-License-Identifier: Apache-2.0
// The function that callers of a program see: its arguments are tables.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Function.h"

namespace overtime::driver {

/// Adds void NAME_loop(steps, i0, k0, t0, seed, buffers, strides, first, last), an overtime_entry (runtime/abi.h), for
/// the program @NAME(steps, i0, k0, t0, seed, buffer..., stride..., first, last). A program that takes tables itself
/// (read-tables) becomes the entry; its reads of the tables move to where they are used, or hundreds of pointers would
/// wait for their turn on the stack, and the register allocator takes more than linear time for them.
void addEntry(llvm::Function &program, llvm::StringRef name, unsigned buffers, unsigned strides);

} // namespace overtime::driver
