// SPDX-License-Identifier: Apache-2.0
// A run that keeps nothing needs no memory that grows with its steps.
#include "tests/trace/helper.h"

#include "models/neurons/lif.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <optional>
#include <string>

using namespace overtime;

namespace {

/// A number of /proc/self/status [KiB].
long status_of(const std::string &name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(name + ":", 0) == 0)
      return std::stol(line.substr(name.size() + 1));
  return -1;
}

/// By how much `action` raises the resident memory at its peak [KiB]; none where the kernel does not tell. Other tests
/// of this process may have left a higher peak, so it is put back first.
std::optional<long> peak_growth(const std::function<void()> &action) {
  std::ofstream reset("/proc/self/clear_refs");
  if (!(reset << 5 << std::flush))
    return std::nullopt;
  long before = status_of("VmHWM");
  action();
  return status_of("VmHWM") - before;
}

} // namespace

TEST_CASE("peak memory without monitors does not grow with the number of steps", "[trace]") {
  LIF lif(1000);
  LoopOverTime none_kept(lif, {.keep_outputs = false}), kept(lif, {});
  none_kept.steps(10);
  kept.steps(10);
  std::optional<long> growth = peak_growth([&] { none_kept.steps(200000); });
  if (!growth) {
    WARN("the kernel does not put the peak of memory back: nothing was measured");
    return;
  }
  CHECK(*growth < 4096);
  // The measure sees what is kept: 50000 steps of 1000 spikes, a byte each.
  CHECK(*peak_growth([&] { kept.steps(50000); }) > 40000);
}
