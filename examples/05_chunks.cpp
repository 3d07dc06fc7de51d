// SPDX-License-Identifier: Apache-2.0
// Lesson 5: states, t and i carry on from call to call, so a run in pieces is the whole run, bit for bit.
#include "models/neurons/lif.h"

#include <algorithm>
#include <cstdio>

using namespace overtime;

int main() {
  const std::int64_t steps = 1000, n = 50;
  Tensor current = Tensor::uniform({steps, n}, 0, 60, /*seed=*/1);

  LIF whole_cells(n, {.tau_ref = 2_ms}), cells(n, {.tau_ref = 2_ms});
  LoopOverTime whole(whole_cells, {.out_vars = whole_cells.V}), pieces(cells, {.out_vars = cells.V});

  Tensor expected = whole(current).vars;
  std::int64_t done = 0, different = 0;
  for (std::int64_t length : {1, 9, 490, 0, 500}) { // any lengths, also none
    Tensor V = pieces(current.rows(done, done + length)).vars;
    for (std::int64_t k = 0; k < V.size(); ++k)
      different += V.values<float>()[k] != expected.values<float>()[done * n + k];
    done += length;
    std::printf("%4lld steps more: t = %5.1f ms, i = %4lld\n", static_cast<long long>(length), *pieces.t0(),
                static_cast<long long>(*pieces.i0()));
  }
  std::printf("numbers that differ from one call of %lld steps: %lld; programs compiled: %lld\n",
              static_cast<long long>(steps), static_cast<long long>(different),
              static_cast<long long>(pieces.compilations()));

  pieces.reset_state(); // back to the first step
  Tensor again = pieces(current).vars;
  bool same = std::ranges::equal(again.values<float>(), expected.values<float>());
  std::printf("after reset_state the whole run is %s\n", same ? "the same" : "another");
  return different == 0 && same ? 0 : 1;
}
