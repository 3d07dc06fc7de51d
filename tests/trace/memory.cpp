// SPDX-License-Identifier: Apache-2.0
// A run that keeps nothing needs no memory that grows with its steps.
#include "tests/trace/helper.h"

#include "models/neurons/lif.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace overtime;

/// Largest resident memory of this process so far [KiB].
static long peak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0)
      return std::stol(line.substr(6));
  return 0;
}

TEST_CASE("peak memory without monitors does not grow with the number of steps", "[trace]") {
  LIF lif(1000);
  LoopOverTime over_time(lif, {.keep_outputs = false});
  over_time.steps(10);
  long before = peak();
  REQUIRE(before > 0);
  over_time.steps(200000); // its spikes would take 200 MB
  CHECK(peak() - before < 4096);
}
