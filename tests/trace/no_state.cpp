// SPDX-License-Identifier: Apache-2.0
// no_state: all steps at once (S12).
#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

TEST_CASE("no_state gives what the loop gives (S12)", "[trace]") {
  Dense dense(4, 3);
  Sequential model{{"a", Dense(4, 6)}, {"f", tanh}, {"b", Dense(6, 3)}};
  for (DType real : {f32, f64}) {
    Tensor x = sample({9, 4}, 3, real);
    LoopOverTime looped(model, {.real = real, .cache = false});
    LoopOverTime at_once(model, {.no_state = true, .real = real, .cache = false});
    CHECK(same_bits(looped(x).out.leaf(), at_once(x).out.leaf()));
  }
}

TEST_CASE("no_state keeps the batch axis: [T, B, n] to [T, B, m] (S12)", "[trace]") {
  Dense dense(4, 3);
  Tensor x = sample({9, 2, 4});
  LoopOverTime looped(dense, {.real = f64, .cache = false});
  looped.reset_state(2);
  LoopOverTime at_once(dense, {.no_state = true, .real = f64, .cache = false});
  Tensor y = at_once(x).out.leaf();
  CHECK(y.shape() == Shape{9, 2, 3});
  CHECK(same_bits(y, looped(x).out.leaf()));
}

TEST_CASE("t0 and i0 advance with no_state too (S12)", "[trace]") {
  Dense dense(4, 3);
  LoopOverTime over_time(dense, {.no_state = true, .dt = 0.5, .cache = false});
  over_time(Tensor::zeros({6, 4}));
  CHECK(over_time.i0() == 6);
  CHECK(over_time.t0() == 3.0);
}

TEST_CASE("a target that updates a state under no_state is an error at the assignment (S12)", "[trace]") {
  RNNCell cell(3, 2);
  LoopOverTime over_time(cell, {.no_state = true, .cache = false});
  CHECK(fails(ErrorKind::Usage, {"state 'state'", "no_state = true", "rnn_cell.h:"},
              [&] { over_time(Tensor::zeros({2, 3})); }) == "");
}

TEST_CASE("a target that only reads a state may run under no_state (S12)", "[trace]") {
  struct Reads : Model {
    Reads() : Model(Shape{2}) {}
    State offset = state("offset", 3.0);
    Tree<Value> update(const Tree<Value> &x) override { return x.leaf() + offset; }
  } model;
  LoopOverTime over_time(model, {.no_state = true, .cache = false});
  CHECK(numbers(over_time(Tensor::of({1, 2}, std::vector<double>{1, 2})).out.leaf().reshape({2})) ==
        std::vector<double>{4, 5});
}
