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
                 const std::int64_t *, std::int64_t first, std::int64_t last) {
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
  REQUIRE(run_parts(call, {parts, 1, sizeof workspace}, threads) == OVERTIME_OK);
  return runs;
}

} // namespace

TEST_CASE("little work stays on one thread, and nothing has more threads than parts") {
  overtime_schedule small = {8, 1000, 0}, large = {8, 1000000, 0};
  CHECK(threads_for(small, 1, 0, 4) == 1);
  CHECK(threads_for(small, 15, 0, 4) == 3);
  CHECK(threads_for(small, 1000, 0, 4) == 4);
  CHECK(threads_for(large, INT64_MAX, 0, 64) == 8);
  CHECK(threads_for(small, 1, 3, 4) == 3); // as told, whatever it is worth
  CHECK(threads_for(small, 0, 0, 4) == 1);
  CHECK(threads_for({1, 1000000, 0}, 1000, 16, 4) == 1);
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
