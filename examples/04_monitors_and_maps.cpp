// SPDX-License-Identifier: Apache-2.0
// Lesson 4: monitors. out_vars is one variable, a list, or a map of names; the result has the same structure.
#include "models/neurons/hh.h"

#include <cstdio>

using namespace overtime;

static bool right = true;

static void show(const std::string &name, const Tensor &array) {
  right &= array.shape() == Shape{100, 2};
  std::printf("  %-8s %s, last %.4f\n", name.c_str(), to_string(array.shape()).c_str(), array[array.size() - 1]);
}

int main() {
  HH hh(2);

  std::puts("one variable:");
  LoopOverTime one(hh, {.out_vars = hh.V});
  show("V", one(10_ms).vars);

  std::puts("a list:");
  LoopOverTime list(hh, {.out_vars = {hh.m, hh.h, hh.n}});
  auto [spikes, gates] = list(10_ms);
  for (int k = 0; k < 3; ++k)
    show("item " + std::to_string(k), gates[k]);

  std::puts("a map, which may hold lists and maps; inputs can be monitored too:");
  LoopOverTime map(hh, {.out_vars = {{"V", hh.V}, {"gates", {hh.m, hh.h, hh.n}}, {"current", hh.I}}});
  LoopResult r = map(Tensor::full({100, 2}, 7));
  r.vars.each([](const std::string &path, const Tensor &array) { show(path, array); });

  // Whatever the structure, a variable finds its own recording.
  std::puts("by the variable itself:");
  show("h", r[hh.h]);
  return right ? 0 : 1;
}
