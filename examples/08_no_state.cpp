// SPDX-License-Identifier: Apache-2.0
// Lesson 8: a layer without state needs no loop. no_state = true runs all steps of a batch as one product.
#include "models/layers/dense.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace overtime;

int main() {
  const int n_time = 200, n_batch = 16, n_in = 64, n_out = 10;
  Dense dense(n_in, n_out);
  Tensor x = Tensor::uniform({n_time, n_batch, n_in}, -1, 1);

  LoopOverTime step_by_step(dense);
  step_by_step.reset_state(n_batch);
  Tensor slow = step_by_step(x).out;

  LoopOverTime at_once(dense, {.no_state = true});
  at_once.reset_state(n_batch);
  Tensor fast = at_once(x).out; // [T, B, n] is run as [T * B, n] and given back as [T, B, n]

  double largest = 0.0;
  for (std::int64_t k = 0; k < slow.size(); ++k)
    largest = std::max(largest, std::abs(slow[k] - fast[k]));
  std::printf("step by step %s, at once %s, largest difference %.1e\n", to_string(slow.shape()).c_str(),
              to_string(fast.shape()).c_str(), largest);

  // With the batch first, the result of no_state has it first as well.
  LoopOverTime batch_first(dense, {.no_state = true, .data_first_axis = 'B'});
  batch_first.reset_state(n_batch);
  std::printf("batch first  %s\n", to_string(batch_first(x.swap_first_axes()).out->shape()).c_str());
  return largest < 1e-5 ? 0 : 1;
}
