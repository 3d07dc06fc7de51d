// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call, as a plan of checkpoints says.
#include "runtime/gradient.h"

#include "runtime/parts.h"

#include <string.h>

namespace overtime::detail {
namespace {

int run_stretch(const GradientCall &call, const GradientPart &part, int64_t first, int64_t count, bool keeps_tape) {
  for (int64_t k = 0; k < part.rows; ++k) {
    const RowArray &row = part.row[k];
    part.buffers[part.first_row + k] = row.tape ? row.data : row.data + first * row.bytes;
    part.strides[k] = row.tape && !keeps_tape ? 0 : row.stride;
  }
  EntryCall entry = {part.entry,  count,     call.i0 + first, call.k0 + first,
                     call.t0,     call.seed, part.buffers,    part.first_row + part.rows + 1,
                     part.strides};
  return run_parts(entry, part.schedule, call.threads);
}

/// On this processor.
struct Steps {
  const GradientCall &call;

  int copy_states(int64_t slot, bool back) const {
    uint64_t bytes = 0;
    for (int64_t k = 0; k < call.states; ++k)
      bytes += call.state_bytes[k];
    char *place = call.slots + static_cast<uint64_t>(slot) * bytes;
    for (int64_t k = 0; k < call.states; ++k) {
      if (back)
        memcpy(call.state[k], place, call.state_bytes[k]);
      else
        memcpy(place, call.state[k], call.state_bytes[k]);
      place += call.state_bytes[k];
    }
    return OVERTIME_OK;
  }
  int stretch(bool adjoint, int64_t first, int64_t count, bool keeps_tape) const {
    return run_stretch(call, adjoint ? call.backward : call.forward, first, count, keeps_tape);
  }
};

} // namespace

int run_gradient(const GradientCall &call, const overtime_checkpoint_plan &plan) {
  Steps steps{call};
  return follow_plan(plan, call.places, steps);
}

int run_forward(const GradientCall &call, int64_t steps) {
  return run_stretch(call, call.forward, 0, steps, /*keeps_tape=*/false);
}

} // namespace overtime::detail
