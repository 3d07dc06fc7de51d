// SPDX-License-Identifier: Apache-2.0
// Parts on a team of OpenMP threads: thread k of n takes the k-th n-th of them, with tables and a workspace of its own.
#include "runtime/barrier.h"
#include "runtime/float_mode.h"
#include "runtime/parts.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

namespace overtime::detail {
namespace {

uint64_t rounded_up(uint64_t bytes) {
  return (bytes + OVERTIME_ALIGNMENT - 1) / OVERTIME_ALIGNMENT * OVERTIME_ALIGNMENT;
}

/// Looks at a barrier, of some 40 cycles each, before a thread yields. Longer ones are lost where another program has
/// the processor of the thread that is missing; a sleep and a wake-up would take longer than the work between two
/// barriers.
constexpr int32_t spins_of_a_processor = 200;

/// A table of buffers and a workspace for every thread, in one block. Where parts run together, the caller's workspace
/// is the one they share; otherwise it is that of the calling thread.
class Team {
public:
  Team(const EntryCall &call, const overtime_schedule &schedule, int32_t threads)
      : call_(call), together_(schedule.wait_cycles >= 0),
        table_(rounded_up((static_cast<uint64_t>(call.buffer_count) + 1) * sizeof(void *))),
        each_(table_ + rounded_up(schedule.workspace_bytes)) {
    block_ = static_cast<char *>(aligned_alloc(OVERTIME_ALIGNMENT, each_ * static_cast<uint64_t>(threads)));
  }
  ~Team() { free(block_); }
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;
  explicit operator bool() const { return block_; }

  void *const *buffers(int32_t thread) {
    if (thread == 0 && !together_)
      return call_.buffers;
    char *own = block_ + each_ * static_cast<uint64_t>(thread);
    void **table = reinterpret_cast<void **>(own);
    memcpy(table, call_.buffers, static_cast<size_t>(call_.buffer_count) * sizeof(void *));
    table[call_.buffer_count - 1] = own + table_;
    table[call_.buffer_count] = call_.buffers[call_.buffer_count - 1];
    return table;
  }

private:
  const EntryCall &call_;
  bool together_;
  uint64_t table_, each_;
  char *block_;
};

} // namespace

int run_parts(const EntryCall &call, const overtime_schedule &schedule, int32_t wanted) {
  auto run = [&](void *const *buffers, int64_t first, int64_t last, void *team) {
    DefaultFloatMode mode;
    call.entry(call.steps, call.i0, call.k0, call.t0, call.seed, buffers, call.strides, first, last, team);
  };
  int32_t threads = threads_for(schedule, call.steps, wanted, available_threads());
  if (threads == 1) {
    run(call.buffers, 0, schedule.parts, nullptr);
    return OVERTIME_OK;
  }
  Team team(call, schedule, threads);
  if (!team)
    return OVERTIME_NO_MEMORY;
  Barrier barrier;
#pragma omp parallel num_threads(threads)
  {
    int64_t k = omp_get_thread_num(), n = omp_get_num_threads(); // may be fewer than asked for
    if (schedule.wait_cycles < 0) {
      run(team.buffers(static_cast<int32_t>(k)), k * schedule.parts / n, (k + 1) * schedule.parts / n, nullptr);
    } else if (n == 1) {
      run(call.buffers, 0, schedule.parts, nullptr);
    } else {
#pragma omp single
      {
        barrier.threads = static_cast<int32_t>(n);
        barrier.spins = n <= omp_get_num_procs() ? spins_of_a_processor : 0;
      }
      run(team.buffers(static_cast<int32_t>(k)), k * schedule.parts / n, (k + 1) * schedule.parts / n, &barrier);
    }
  }
  return OVERTIME_OK;
}

int32_t available_threads() { return omp_get_max_threads(); }

} // namespace overtime::detail
