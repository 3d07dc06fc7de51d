// SPDX-License-Identifier: Apache-2.0
// A run of a program on a state block that was checked, for the ways in which callers give arrays.
#ifndef OVERTIME_RUNTIME_PROGRAM_H
#define OVERTIME_RUNTIME_PROGRAM_H

#include "runtime/abi.h"

namespace overtime::detail {

/// An overtime_status for a block that cannot be read at all, or was not written by reset.
int check_state(const void *state);

/// overtime_program_run of a block that passed check_state. `placed[k]` for the k-th of inputs, then outputs: its
/// pointer is an address of the block's GPU; NULL where all are the host's.
int run_program(const overtime_program *program, void *state, int64_t steps, const void *const *inputs,
                void *const *outputs, const bool *placed);

/// Where a block keeps words about what the last call found wrong, OVERTIME_MESSAGE_BYTES.
char *message_of(const overtime_program *program, void *state);

} // namespace overtime::detail
#endif
