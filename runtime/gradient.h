// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call, as a plan of checkpoints says.
#ifndef OVERTIME_RUNTIME_GRADIENT_H
#define OVERTIME_RUNTIME_GRADIENT_H

#include "runtime/abi.h"
#include "runtime/checkpoints.h"

namespace overtime::detail {

/// An input or output of a program. Rows are `stride` elements and `bytes` bytes apart; 0 for one row at all steps.
struct RowArray {
  char *data;
  int64_t stride, bytes;
  bool tape; ///< begins anew with each stretch; where no tape is kept, all steps write its first row
};

/// One of the two programs. `buffers` is the table of its entry function, whose states, params and workspace are filled
/// in; what is between them, and `strides`, are written for each stretch.
struct GradientPart {
  overtime_entry entry;
  overtime_schedule schedule;
  void **buffers;
  int64_t first_row, rows; ///< places of the rows in the table
  const RowArray *row;
  int64_t *strides;
};

struct GradientCall {
  GradientPart forward, backward;
  int64_t i0, k0;
  double t0;
  uint64_t seed;
  int32_t threads;
  // States that a step changes, to be kept and restored.
  int64_t states;
  void *const *state;
  const uint64_t *state_bytes;
  // For the plan: (slots + 1) times all of these states when it has slots, and a number for each.
  char *slots;
  int64_t *places;
};

/// Does what a plan says: `copy_states(slot, back)` and `stretch(adjoint, first, count, keeps_tape)`, which return an
/// overtime_status. `places` has a number for each slot.
template <class Steps> int follow_plan(const overtime_checkpoint_plan &plan, int64_t *places, Steps &steps) {
  overtime_checkpoint_cursor cursor;
  overtime_checkpoints_begin(&cursor, &plan, places);
  for (;;) {
    overtime_checkpoint_action action = overtime_checkpoints_next(&cursor);
    int status = OVERTIME_OK;
    switch (action.kind) {
    case OVERTIME_CHECKPOINT_SAVE:
      status = steps.copy_states(action.slot, /*back=*/false);
      break;
    case OVERTIME_CHECKPOINT_RESTORE:
      status = steps.copy_states(action.slot, /*back=*/true);
      break;
    case OVERTIME_CHECKPOINT_FORWARD:
      status = steps.stretch(/*adjoint=*/false, action.first, action.count, /*keeps_tape=*/false);
      break;
    case OVERTIME_CHECKPOINT_TAPE:
      status = steps.stretch(/*adjoint=*/false, action.first, action.count, /*keeps_tape=*/true);
      break;
    case OVERTIME_CHECKPOINT_REVERSE:
      status = steps.stretch(/*adjoint=*/true, action.first, action.count, /*keeps_tape=*/true);
      break;
    case OVERTIME_CHECKPOINT_END:
      return OVERTIME_OK;
    }
    if (status != OVERTIME_OK)
      return status;
  }
}

/// An overtime_status. The states are then those after the last step.
int run_gradient(const GradientCall &call, const overtime_checkpoint_plan &plan);

/// Steps forward alone, without a tape.
int run_forward(const GradientCall &call, int64_t steps);

} // namespace overtime::detail
#endif
