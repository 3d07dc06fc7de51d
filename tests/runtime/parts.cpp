// SPDX-License-Identifier: Apache-2.0
// Parts of a program on threads: how many, who runs what, and with which memory.
#include "runtime/parts.h"

#include <catch2/catch.hpp>

#include <cfenv>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace overtime::detail;

namespace {

constexpr std::int64_t parts = 37;

/// Counts the runs of every part in buffer 0; marks the workspace, buffer 1, and fails when another thread's mark is
/// in it.
void count_parts(std::int64_t, std::int64_t, std::int64_t, double, std::uint64_t, void *const *buffers,
                 const std::int64_t *, std::int64_t first, std::int64_t last, void *) {
  volatile double one = 1, little = 0x1p-60;
  auto *runs = static_cast<int *>(buffers[0]);
  auto *own = static_cast<std::int64_t *>(buffers[1]);
  *own = first;
  for (std::int64_t p = first; p < last; ++p)
    runs[p] += *own == first && !(one + little > 1) ? 1 : 1000;
}

std::vector<int> runs_of(std::int32_t threads) {
  std::vector<int> runs(parts, 0);
  alignas(64) std::int64_t workspace[8] = {};
  void *buffers[] = {runs.data(), workspace};
  EntryCall call = {count_parts, 1, 0, 0, 0.0, 0, buffers, 2, nullptr};
  REQUIRE(run_parts(call, {parts, 1, sizeof workspace, -1}, threads) == OVERTIME_OK);
  return runs;
}

constexpr std::int64_t rounds = 300;

/// Every thread counts its rounds in its first part; after a barrier all counts are equal. Buffer 2 is the workspace
/// that threads share; the count of faults is in buffer 0.
void count_rounds(std::int64_t, std::int64_t, std::int64_t, double, std::uint64_t, void *const *buffers,
                  const std::int64_t *, std::int64_t first, std::int64_t last, void *team) {
  auto *faults = static_cast<std::int64_t *>(buffers[0]);
  if (!team) { // one caller, with two buffers
    *faults += first != 0 || last != parts;
    return;
  }
  auto *counts = static_cast<std::int64_t *>(buffers[2]), *own = static_cast<std::int64_t *>(buffers[1]);
  own[0] = first;
  std::int64_t wrong = 0;
  for (std::int64_t k = 1; k <= rounds; ++k) {
    for (std::int64_t p = first; p < last; ++p)
      counts[p] = k;
    overtime_barrier(team);
    for (std::int64_t p = 0; p < parts; ++p)
      wrong += counts[p] != k;
    overtime_barrier(team);
  }
  wrong += own[0] != first;
  __atomic_add_fetch(faults, wrong, __ATOMIC_RELAXED);
}

std::int64_t rounds_of(std::int32_t threads) {
  std::int64_t faults = 0;
  alignas(64) std::int64_t workspace[parts] = {};
  void *buffers[] = {&faults, workspace};
  EntryCall call = {count_rounds, 1, 0, 0, 0.0, 0, buffers, 2, nullptr};
  REQUIRE(run_parts(call, {parts, 1, 64, 1000}, threads) == OVERTIME_OK);
  return faults;
}

} // namespace

TEST_CASE("little work stays on one thread, and nothing has more threads than parts") {
  overtime_schedule small = {8, 1000, 0, -1}, large = {8, 1000000, 0, -1};
  CHECK(threads_for(small, 1, 0, 4) == 1);
  CHECK(threads_for(small, 15, 0, 4) == 3);
  CHECK(threads_for(small, 1000, 0, 4) == 4);
  CHECK(threads_for(large, INT64_MAX, 0, 64) == 8);
  CHECK(threads_for(small, 1, 3, 4) == 3); // as told, whatever it is worth
  CHECK(threads_for(small, 0, 0, 4) == 1);
  CHECK(threads_for({1, 1000000, 0, -1}, 1000, 16, 4) == 1);
}

TEST_CASE("a coupled step has a team where that is clearly faster than waiting") {
  overtime_schedule cheap = {8, 20000, 0, 4000}, dear = {8, 1000, 0, 4000}, free = {8, 1000, 0, 0};
  CHECK(threads_for(cheap, 1000, 0, 2) == 2);
  CHECK(threads_for(cheap, 1000, 0, 64) == 8);
  CHECK(threads_for(cheap, 0, 0, 64) == 1);
  CHECK(threads_for(dear, 1000000, 0, 64) == 1); // a step of 8000 cycles
  CHECK(threads_for(dear, 1, 5, 2) == 5);        // as told
  CHECK(threads_for(free, 10, 0, 2) == 1);       // not for 80000 cycles
  CHECK(threads_for(free, 1000, 0, 2) == 2);
}

TEST_CASE("threads of a team pass barriers together, also when there are more than processors") {
  for (std::int32_t threads : {1, 2, 3, 8, 37})
    CHECK(rounds_of(threads) == 0);
}

TEST_CASE("every part runs once on any number of threads, in the mode of compiled code") {
  std::fesetround(FE_UPWARD); // of the caller, not of the team
  for (std::int32_t threads : {1, 2, 3, 8, 37, 64})
    CHECK(runs_of(threads) == std::vector<int>(parts, 1));
  std::fesetround(FE_TONEAREST);
}

TEST_CASE("a process that has used threads may fork, and its child use them") {
  CHECK(runs_of(2) == std::vector<int>(parts, 1));
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    _exit(runs_of(2) == std::vector<int>(parts, 1) ? 0 : 1);
  int status = 1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
