// SPDX-License-Identifier: Apache-2.0
// out_vars and the order within a step (S2, S13, S14).
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

TEST_CASE("one monitor gives one array, the value after the update (S2)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.out_vars = model.total, .cache = false});
  LoopResult r = over_time.steps(3);
  CHECK(r.vars.is_leaf());
  CHECK(numbers(r.vars.leaf()) == std::vector<double>{1, 2, 3});
  CHECK(same_bits(r[model.total], r.vars.leaf()));
  CHECK(numbers(r.out.leaf()) == std::vector<double>{2, 4, 6});
}

TEST_CASE("a list of monitors gives a list (S2)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.out_vars = {model.total, model.steps}, .cache = false});
  LoopResult r = over_time(Tensor::full({3, 1}, 5));
  CHECK(r.vars.kind() == Tree<Tensor>::Kind::List);
  CHECK(numbers(r.vars[0].leaf()) == std::vector<double>{5, 10, 15});
  CHECK(numbers(r.vars[1].leaf()) == std::vector<double>{1, 2, 3});
}

TEST_CASE("a map of monitors gives a map, nested (S2)", "[trace]") {
  HH hh(2);
  LoopOverTime over_time(hh, {.out_vars = {{"V", hh.V}, {"gates", Tree<Monitor>{hh.m, hh.h, hh.n}}}, .cache = false});
  LoopResult r = over_time.steps(4);
  CHECK(r.vars["V"].leaf().shape() == Shape{4, 2});
  CHECK(r.vars["gates"].size() == 3);
  CHECK(same_bits(r.vars["gates"][1].leaf(), r[hh.h]));
  CHECK_THROWS_AS(r.vars["v"], Error);
}

TEST_CASE("a state below the target is monitored by its path (S2)", "[trace]") {
  Sequential model{{"l1", RNNCell(3, 5)}, {"l2", relu}, {"l3", RNNCell(5, 2)}};
  LoopOverTime over_time(model, {.out_vars = model["l1"].var("state"), .cache = false});
  CHECK(model.var("l1.state").path() == "l1.state");
  CHECK(over_time(Tensor::zeros({7, 3})).vars->shape() == Shape{7, 5});
}

TEST_CASE("a variable of another model cannot be monitored (S2)", "[trace]") {
  Counter model, other;
  CHECK(fails(ErrorKind::Name, {"total"}, [&] { LoopOverTime(model, {.out_vars = other.total}); }) == "");
}

TEST_CASE("what was not monitored cannot be read from the result", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.out_vars = model.total, .cache = false});
  LoopResult r = over_time.steps(2);
  CHECK(fails(ErrorKind::Name, {"'steps'", "out_vars"}, [&] { r[model.steps]; }) == "");
}

TEST_CASE("a parameter that is monitored repeats", "[trace]") {
  LIF lif(2);
  LoopOverTime over_time(lif, {.out_vars = lif.tau, .real = f64, .cache = false});
  Tensor tau = over_time.steps(3).vars.leaf();
  CHECK(numbers(tau) == std::vector<double>(static_cast<std::size_t>(tau.size()), lif.tau.value()[0]));
  CHECK(tau.shape()[0] == 3);
}

TEST_CASE("an output that is monitored as well is found by its variable", "[trace]") {
  LIF lif(2);
  LoopOverTime over_time(lif, {.out_vars = {lif.V, lif.spike}, .cache = false});
  LoopResult r = over_time.steps(3);
  CHECK(r[lif.spike].dtype() == DType::Bool);
  CHECK(r[lif.spike].shape() == Shape{3, 2});
}

TEST_CASE("the result unpacks into outputs and monitors (S14)", "[trace]") {
  HH hh(1);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false});
  auto [spikes, potentials] = over_time(100.0);
  CHECK(spikes->shape() == Shape{1000, 1});
  CHECK(spikes->dtype() == DType::Bool);
  CHECK(potentials->shape() == Shape{1000, 1});
  CHECK(over_time.t0() == 100.0);
  auto [more_spikes, more] = over_time(Tensor::full({1000}, 5));
  CHECK(more->shape() == Shape{1000, 1});
  CHECK(over_time.t0() == 200.0);
  CHECK(over_time.i0() == 2000);
}

TEST_CASE("the reference page's network: [30, 128, 2] and [30, 128, 20] (S14)", "[trace]") {
  Sequential model{{"l1", RNNCell(100, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}};
  LoopOverTime over_time(model, {.out_vars = model["l1"].var("state"), .data_first_axis = 'T', .cache = false});
  over_time.reset_state(128);
  auto [out, hidden] = over_time(Tensor::uniform({30, 128, 100}));
  CHECK(out->shape() == Shape{30, 128, 2});
  CHECK(hidden->shape() == Shape{30, 128, 20});
}

TEST_CASE("a monitored input shows its value before it is cleared, and is cleared (S13)", "[trace]") {
  LIF lif(2);
  LoopOverTime over_time(lif, {.out_vars = lif.I, .real = f64, .cache = false});
  Tensor I = Tensor::of({3, 2}, std::vector<double>{1, 2, 3, 4, 5, 6}, f64);
  CHECK(numbers(over_time(I).vars.leaf()) == numbers(I)); // not accumulated from step to step
  Tensor after = over_time.steps(2).vars.leaf();
  CHECK(after.shape() == Shape{2, 2});
  CHECK(numbers(after) == std::vector<double>{0, 0, 0, 0});
}
