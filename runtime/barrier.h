// SPDX-License-Identifier: Apache-2.0
// Where the threads of a team wait for each other.
#ifndef OVERTIME_RUNTIME_BARRIER_H
#define OVERTIME_RUNTIME_BARRIER_H

#include "runtime/abi.h"

namespace overtime::detail {

/// The last thread to arrive opens the barrier by counting the round on; the others look at the round alone, which is
/// in another line of the cache than the arrivals.
struct Barrier {
  alignas(OVERTIME_ALIGNMENT) int32_t round = 0;
  int32_t threads = 1;
  int32_t spins = 0; // looks at the round before a thread leaves its processor to others
  alignas(OVERTIME_ALIGNMENT) int32_t arrived = 0;
};

} // namespace overtime::detail
#endif
