// SPDX-License-Identifier: Apache-2.0
// no_state: all steps at once (S12).
#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

namespace {

/// x W + b on the last axis, in double precision.
Tensor dense_by_hand(const Tensor &x, const Tensor &W, const Tensor &b) {
  std::int64_t inner = W.shape()[0], columns = W.shape()[1], rows = x.size() / inner;
  Shape shape = x.shape();
  shape.back() = columns;
  Tensor y(shape, f64);
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      double sum = b[c];
      for (std::int64_t k = 0; k < inner; ++k)
        sum += x[r * inner + k] * W[k * columns + c];
      y.set(r * columns + c, sum);
    }
  return y;
}

double largest_difference(const Tensor &a, const Tensor &b) {
  double worst = a.shape() == b.shape() ? 0.0 : HUGE_VAL;
  for (std::int64_t k = 0; k < a.size() && worst < HUGE_VAL; ++k)
    worst = std::max(worst, std::abs(a[k] - b[k]));
  return worst;
}

} // namespace

TEST_CASE("no_state runs every row of the data (S12)", "[trace]") {
  Sequential model{{"a", Dense(4, 6)}, {"f", tanh}, {"b", Dense(6, 3)}};
  for (DType real : {f32, f64}) {
    Tensor x = sample({9, 4}, 3, real);
    LoopOverTime at_once(model, {.no_state = true, .real = real, .cache = false});
    Tensor got = at_once(x).out.leaf();
    auto number = [&](const char *path) { return model.var(path).value(); };
    Tensor hidden = dense_by_hand(x, number("a.W"), number("a.b"));
    for (std::int64_t k = 0; k < hidden.size(); ++k)
      hidden.set(k, std::tanh(hidden[k]));
    // Sums of six products of numbers around 1: a few roundings of the run's type.
    CHECK(largest_difference(got, dense_by_hand(hidden, number("b.W"), number("b.b"))) <
          (real == f32 ? 0x1p-19 : 0x1p-48));
  }
}

TEST_CASE("no_state keeps the batch axis: [T, B, n] to [T, B, m] (S12)", "[trace]") {
  Dense dense(4, 3);
  Tensor x = sample({9, 2, 4});
  LoopOverTime at_once(dense, {.no_state = true, .real = f64, .cache = false});
  Tensor y = at_once(x).out.leaf();
  CHECK(y.shape() == Shape{9, 2, 3});
  CHECK(largest_difference(y, dense_by_hand(x, dense.W.value(), dense.b->value())) < 0x1p-48);
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
