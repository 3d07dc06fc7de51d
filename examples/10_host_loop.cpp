// SPDX-License-Identifier: Apache-2.0
// Lesson 10: jit = false. The step alone is compiled and the host runs the loop, so that a callback sees every step.
#include "models/neurons/morris_lecar.h"

#include <algorithm>
#include <cstdio>

using namespace overtime;

int main() {
  MorrisLecar whole_cell, cell;
  for (MorrisLecar *each : {&whole_cell, &cell})
    each->V.set_value(-60);
  Tensor current = Tensor::full({4000, 1}, 100);

  LoopOverTime native(whole_cell, {.out_vars = whole_cell.V});
  Tensor expected = native(current).vars;

  double highest = -1e9;
  std::int64_t calls = 0, at = 0;
  LoopOverTime on_host(cell, {.out_vars = cell.V, .jit = false, .on_step = [&](std::int64_t i) {
                                ++calls;
                                double V = cell.V.value()[0]; // the numbers after step i
                                if (V > highest) {
                                  highest = V;
                                  at = i;
                                }
                              }});
  Tensor V = on_host(current).vars;
  bool same = std::ranges::equal(V.values<float>(), expected.values<float>());
  std::printf("the callback saw %lld steps; V is highest after step %lld: %.2f mV\n", static_cast<long long>(calls),
              static_cast<long long>(at), highest);
  std::printf("the numbers are %s those of the native loop\n", same ? "bit for bit" : "not");

  // In a native loop, progress is called between chunks of steps; returning false ends the run early.
  LoopOverTime stopped(cell,
                       {.out_vars = cell.V, .progress = [](std::int64_t done, std::int64_t) { return done < 1000; }});
  Tensor part = stopped(current).vars;
  std::printf("a run stopped by progress keeps its %lld steps\n", static_cast<long long>(part.shape()[0]));
  return same && calls == 4000 ? 0 : 1;
}
