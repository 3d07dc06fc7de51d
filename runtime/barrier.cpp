// SPDX-License-Identifier: Apache-2.0
// A barrier for work of microseconds: threads look whether it is open, and only then leave their processor to others.
#include "runtime/barrier.h"

#include <sched.h>

namespace {

void rest() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

} // namespace

extern "C" void overtime_barrier(void *team) {
  auto *barrier = static_cast<overtime::detail::Barrier *>(team);
  int32_t round = __atomic_load_n(&barrier->round, __ATOMIC_RELAXED); // cannot change before this thread arrives
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == barrier->threads) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED); // the next round begins after the store below
    __atomic_store_n(&barrier->round, int32_t(uint32_t(round) + 1), __ATOMIC_RELEASE);
    return;
  }
  int32_t left = barrier->spins;
  while (__atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round) {
    if (left > 0) {
      --left;
      rest();
    } else {
      sched_yield(); // the thread that is missing may want this processor
    }
  }
}
