// SPDX-License-Identifier: Apache-2.0
// All parts on the calling thread: for libraries that depend on the C library alone.
#include "runtime/float_mode.h"
#include "runtime/parts.h"

namespace overtime::detail {

int run_parts(const EntryCall &call, const overtime_schedule &schedule, int32_t) {
  DefaultFloatMode mode;
  call.entry(call.steps, call.i0, call.k0, call.t0, call.seed, call.buffers, call.strides, 0, schedule.parts, nullptr);
  return OVERTIME_OK;
}

} // namespace overtime::detail

extern "C" void overtime_barrier(void *) {} // one thread waits for nobody

namespace overtime::detail {

int32_t available_threads() { return 1; }

} // namespace overtime::detail
