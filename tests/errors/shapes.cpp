// SPDX-License-Identifier: Apache-2.0
// Wrong programs: shapes, batch sizes and types.
#include "models/layers/rnn_cell.h"
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

      // EXPECT: error:
      // EXPECT: expects width 3, got 7
      {"wrong_width",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime{cell}(Tensor::zeros({5, 7}));
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

      // EXPECT: error: 'V' takes [3], got [4]
      // EXPECT: note: 'V' is declared here
      {"value_shape",
       [] {
         Given model([](Given &m, auto &) { return Value(m.V); });
         model.V.set_value(Tensor::zeros({4}));
       }},

      // EXPECT: error: a batch has at least 1 element, got 0
      {"batch_of_none",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime{cell}.reset_state(0);
       }},
  };
}

} // namespace overtime::errors
