// SPDX-License-Identifier: Apache-2.0
// Wrong programs: shapes, batch sizes and types.
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "tests/errors/cases.h"

namespace overtime::errors {

Cases shape_cases() {
  return {
      // EXPECT: @HERE
      // EXPECT: error: matmul takes [.., K] and [K, N], got [3] and [4, 2]
      {"matmul_shapes", [] { run([](Given &m, auto &) { return matmul(m.V, m.W); }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: cannot add shapes [3] and [4, 2]
      {"broadcast_shapes", [] { run([](Given &m, auto &) { return m.V / mV + m.W; }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: 'V' has shape [3] and cannot take a value of shape [4, 2]
      // EXPECT: note: 'V' is declared here
      {"state_shape_changed", [] { run([](Given &m, auto &) { return Value(m.V = m.W * mV); }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: cannot take a value of shape [1, 3]
      {"state_rank_changed", [] { run([](Given &m, auto &) { return Value(m.V = reshape(m.V, {1, 3})); }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: the data has shape [5, 6, 3], but the states of
      // EXPECT: have batch size 4
      // EXPECT: reset_state
      {"wrong_batch",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime over_time(cell);
         over_time.reset_state(4);
         over_time(Tensor::zeros({5, 6, 3})); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error:
      // EXPECT: expects width 3, got 7
      {"wrong_width",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime{cell}(Tensor::zeros({5, 7})); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: takes data of shape [10] or one number a step, got [7]
      {"wrong_number_of_neurons",
       [] {
         HH hh(10);
         LoopOverTime{hh}(Tensor::zeros({5, 7})); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: takes data of shape [10] or one number a step, got [4, 10]
      // EXPECT: note: for a batch of 4 call reset_state(4) before the run
      {"batch_of_neurons_without_reset",
       [] {
         HH hh(10);
         LoopOverTime{hh}(Tensor::zeros({5, 4, 10})); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: 'l1.state' has shape [2] and cannot take a value of shape [4, 2]
      // EXPECT: note: for a batch of 4 call reset_state(4) before the run
      {"batch_of_rows_without_reset",
       [] {
         Sequential model{{"l1", RNNCell(3, 2)}};
         LoopOverTime{model}(Tensor::zeros({5, 4, 3})); // HERE
       }},

      // EXPECT: is a population of neurons and takes one array, got a list or a map
      {"map_for_neurons",
       [] {
         HH hh(10);
         LoopOverTime{hh}({{"a", Tensor::zeros({5, 10})}});
       }},

      // EXPECT: @HERE
      // EXPECT: error: the data is f64, this loop runs in f32; convert it with to(f32)
      {"wrong_dtype",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime{cell}(Tensor::full({5, 3}, 0.1, f64)); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: data '1' has shape [6, 3], data '0' has shape [5, 3]: their time axes differ
      {"wrong_time_axes",
       [] {
         Given model([](Given &, const Tree<Value> &x) { return x[0].leaf() + x[1].leaf(); });
         Tree<Tensor> data{Tensor::zeros({5, 3}), Tensor::zeros({6, 3})};
         LoopOverTime{model}(data); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: 'V' takes [3], got [4]
      // EXPECT: note: 'V' is declared here
      {"value_shape",
       [] {
         Given model([](Given &m, auto &) { return Value(m.V); });
         model.V.set_value(Tensor::zeros({4})); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: a batch has at least 1 element, got 0
      {"batch_of_none",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime{cell}.reset_state(0); // HERE
       }},
  };
}

} // namespace overtime::errors
