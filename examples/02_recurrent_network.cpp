// SPDX-License-Identifier: Apache-2.0
// Lesson 2: a recurrent network over a batch of sequences (the second program of the reference page).
#include "models/layers/rnn_cell.h"

#include <cstdio>

using namespace overtime;

int main() {
  const int n_time = 30, n_batch = 128, n_in = 100;
  Sequential model{{"l1", RNNCell(n_in, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}};

  LoopOverTime over_time(model, {.data_first_axis = 'T'});
  over_time.reset_state(n_batch); // states get a batch axis
  Tensor x = Tensor::uniform({n_time, n_batch, n_in});
  Tree<Tensor> hist_l3 = over_time(x).out;
  std::printf("outputs                  %s\n", to_string(hist_l3->shape()).c_str());

  // Monitor the state of the layer "l1".
  LoopOverTime monitored(model, {.out_vars = model["l1"].var("state"), .data_first_axis = 'T'});
  monitored.reset_state(n_batch);
  auto [out, hist_l1] = monitored(x);
  std::printf("outputs, states of \"l1\"  %s, %s\n", to_string(out->shape()).c_str(),
              to_string(hist_l1->shape()).c_str());

  // Another number of steps is no reason to compile again.
  monitored(Tensor::uniform({7, n_batch, n_in}));
  std::printf("programs compiled by the second loop, in two calls: %lld\n",
              static_cast<long long>(monitored.compilations()));
  return 0;
}
