// SPDX-License-Identifier: Apache-2.0
// Runs the parts of a program: on the caller, or on a team of threads where that pays.
#ifndef OVERTIME_RUNTIME_PARTS_H
#define OVERTIME_RUNTIME_PARTS_H

#include "runtime/abi.h"

namespace overtime::detail {

/// The arguments of an entry function but for the parts. The last of the buffers is the caller's workspace.
struct EntryCall {
  overtime_entry entry;
  int64_t steps, i0, k0;
  double t0;
  uint64_t seed;
  void *const *buffers;
  int64_t buffer_count;
  const int64_t *strides;
  const bool *placed = nullptr; ///< of inputs, then outputs: those whose buffers are addresses of a GPU; NULL: none
};

/// Starting a team costs a few microseconds and waking it more; below this a thread is not worth it.
constexpr int64_t least_cycles_a_thread = 40000;

/// Threads that share the operations of a coupled step, when together they are clearly faster than one alone.
inline int32_t team_that_pays(const overtime_schedule &schedule, int64_t steps, int32_t available) {
  double work = double(schedule.parts) * double(schedule.part_cycles), least = 0.8 * work;
  int32_t best = 1;
  for (int32_t n = 2; n <= available && n <= schedule.parts; ++n) {
    double cycles = work / n + double(schedule.wait_cycles) * n / 2;
    if (cycles<least &&double(steps) * (work - cycles)> double(n) * double(least_cycles_a_thread)) {
      best = n;
      least = cycles;
    }
  }
  return best;
}

/// Threads of a run: `wanted`, or for 0 as many of the available ones as the work is worth; never more than parts.
inline int32_t threads_for(const overtime_schedule &schedule, int64_t steps, int32_t wanted, int32_t available) {
  double threads = wanted;
  if (wanted == 0 && schedule.wait_cycles >= 0)
    return team_that_pays(schedule, steps, available);
  if (wanted == 0) {
    double cycles = double(steps) * double(schedule.parts) * double(schedule.part_cycles);
    threads = cycles / double(least_cycles_a_thread);
    if (threads > double(available))
      threads = double(available);
  }
  if (threads > double(schedule.parts))
    threads = double(schedule.parts);
  return threads > 1 ? int32_t(threads) : 1;
}

/// Runs all parts in the floating-point mode that compiled code wants; `threads` as in threads_for. An overtime_status.
int run_parts(const EntryCall &call, const overtime_schedule &schedule, int32_t threads);

/// Processors that this process may use, or OMP_NUM_THREADS when that is set; 1 without OpenMP.
int32_t available_threads();

} // namespace overtime::detail
#endif
