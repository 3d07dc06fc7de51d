// SPDX-License-Identifier: Apache-2.0
// Batching and data_first_axis (S5, S11, S15).
#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

TEST_CASE("'B' takes [B, T, ...] and gives back [T, B, ...] (S5)", "[trace]") {
  RNNCell cell(3, 4);
  Tensor x = sample({6, 5, 3}); // [T, B, n]
  LoopOverTime time_first(cell, {.out_vars = cell.state, .data_first_axis = 'T', .real = f64, .cache = false});
  time_first.reset_state(5);
  LoopResult expected = time_first(x);
  LoopOverTime batch_first(cell, {.out_vars = cell.state, .data_first_axis = 'B', .real = f64, .cache = false});
  batch_first.reset_state(5);
  LoopResult got = batch_first(x.swap_first_axes());
  CHECK(got.out->shape() == Shape{6, 5, 4});
  CHECK(same_bits(got.out.leaf(), expected.out.leaf()));
  CHECK(same_bits(got.vars.leaf(), expected.vars.leaf()));
}

TEST_CASE("'B' with no_state gives back [B, T, ...] (S5, S12)", "[trace]") {
  Dense dense(3, 4);
  Tensor x = sample({6, 5, 3});
  LoopOverTime time_first(dense, {.no_state = true, .real = f64, .cache = false});
  time_first.reset_state(5);
  Tensor expected = time_first(x).out.leaf();
  CHECK(expected.shape() == Shape{6, 5, 4});
  LoopOverTime batch_first(dense, {.no_state = true, .data_first_axis = 'B', .real = f64, .cache = false});
  Tensor got = batch_first(x.swap_first_axes()).out.leaf();
  CHECK(got.shape() == Shape{5, 6, 4});
  CHECK(same_bits(got.swap_first_axes(), expected));
}

TEST_CASE("a target that does not batch ignores the axis (S5)", "[trace]") {
  Counter model(2);
  LoopOverTime over_time(model, {.data_first_axis = 'B', .cache = false});
  CHECK(over_time(Tensor::zeros({7, 2})).out->shape() == Shape{7, 2});
}

TEST_CASE("data_first_axis is 'T' or 'B' (S5)", "[trace]") {
  Counter model;
  CHECK(fails(ErrorKind::Value, {"'T' or 'B'", "'N'"}, [&] { LoopOverTime(model, {.data_first_axis = 'N'}); }) == "");
}

TEST_CASE("reset_state(B) gives each state a batch axis, reset_state() takes it away (S15)", "[trace]") {
  RNNCell cell(3, 4);
  LoopOverTime over_time(cell, {.cache = false});
  CHECK(cell.state.value().shape() == Shape{4});
  over_time.reset_state(5);
  CHECK(cell.state.value().shape() == Shape{5, 4});
  CHECK(cell.batch() == 5);
  CHECK(over_time(Tensor::zeros({2, 5, 3})).out->shape() == Shape{2, 5, 4});
  over_time.reset_state();
  CHECK(cell.state.value().shape() == Shape{4});
  CHECK_FALSE(cell.batch().has_value());
  CHECK(over_time(Tensor::zeros({2, 3})).out->shape() == Shape{2, 4});
}

TEST_CASE("a batch is its elements one by one (S15)", "[trace]") {
  RNNCell cell(3, 4);
  Tensor x = sample({6, 5, 3});
  LoopOverTime over_time(cell, {.real = f64, .cache = false});
  over_time.reset_state(5);
  Tensor together = over_time(x).out.leaf();
  over_time.reset_state();
  for (std::int64_t b = 0; b < 5; ++b) {
    over_time.reset_state();
    Tensor alone = over_time(x.swap_first_axes().rows(b, b + 1).reshape({6, 3})).out.leaf();
    for (std::int64_t k = 0; k < 24; ++k)
      CHECK(alone[k] == Approx(together[(k / 4) * 20 + b * 4 + k % 4]).epsilon(1e-14));
  }
}

TEST_CASE("neurons batch as layers do (S15)", "[trace]") {
  HH hh(3);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false});
  over_time.reset_state(2);
  CHECK(over_time.steps(4).vars->shape() == Shape{4, 2, 3});
  CHECK(over_time(Tensor::full({4, 2, 3}, 5)).out->shape() == Shape{4, 2, 3});
}

TEST_CASE("a batch of 0 or less is an error (S15)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::Value, {"at least 1", "-2"}, [&] { over_time.reset_state(-2); }) == "");
}

TEST_CASE("reset_state draws the same initial values for the same seed (S11)", "[trace]") {
  HH hh(4);
  LoopOverTime over_time(hh, {.cache = false});
  over_time.reset_state();
  Tensor first = hh.V.value();
  over_time.steps(10);
  CHECK_FALSE(same_bits(hh.V.value().to(f64), first));
  over_time.reset_state();
  CHECK(same_bits(hh.V.value(), first));
  CHECK(over_time.i0() == 0);
}
