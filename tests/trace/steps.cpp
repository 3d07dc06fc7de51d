// SPDX-License-Identifier: Apache-2.0
// The number of steps is an argument of the program; what is kept of a run is an option (S16).
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

TEST_CASE("a new number of steps compiles nothing (S16)", "[trace]") {
  Counter model(3);
  LoopOverTime over_time(model, {.cache = false});
  CHECK(over_time.compilations() == 0);
  for (std::int64_t T : {10, 1, 1000, 0, 17})
    CHECK(over_time.steps(T).out->shape() == Shape{T, 3});
  over_time(100.0);
  CHECK(over_time.compilations() == 1);
  for (std::int64_t T : {10, 1, 1000, 0})
    CHECK(over_time(Tensor::zeros({T, 3})).out->shape() == Shape{T, 3});
  CHECK(over_time.compilations() == 2); // with data is another program
  over_time(5.0);
  over_time(Tensor::zeros({5, 3}));
  CHECK(over_time.compilations() == 2);
}

TEST_CASE("new values of parameters and states compile nothing", "[trace]") {
  HH hh(2);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false});
  Tensor before = over_time.steps(50).vars.leaf();
  over_time.reset_state();
  hh.gNa.set_value(60);
  Tensor after = over_time.steps(50).vars.leaf();
  CHECK(over_time.compilations() == 1);
  CHECK_FALSE(same_bits(before, after));
  over_time.reset_state();
  hh.gNa.set_value(120);
  CHECK(same_bits(over_time.steps(50).vars.leaf(), before));
}

TEST_CASE("a parameter may be one number for each neuron", "[trace]") {
  auto potentials = [](std::int64_t n, const Tensor &gNa) {
    HH hh(n);
    hh.gNa.set_value(gNa);
    LoopOverTime over_time(hh, {.out_vars = hh.V, .real = f64, .cache = false});
    over_time.reset_state();
    hh.V.set_value(-65);
    for (State *gate : {&hh.m, &hh.h, &hh.n})
      gate->set_value(0.4);
    return over_time.steps(100).vars.leaf();
  };
  Tensor both = potentials(2, Tensor::of({120, 60}, f64));
  Tensor first = potentials(1, Tensor(120, f64)), second = potentials(1, Tensor(60, f64));
  for (std::int64_t k = 0; k < 100; ++k) {
    CHECK(both[2 * k] == Approx(first[k]).epsilon(1e-12));
    CHECK(both[2 * k + 1] == Approx(second[k]).epsilon(1e-12));
  }
}

TEST_CASE("a divisor in equations without a normal reciprocal is an error", "[trace]") {
  struct Decay : Model {
    Decay() : Model(Shape{2}) {}
    Param tau = param("tau", 20_ms), C = param("C", 1.0);
    State x = state("x", 1.0);
    void equations() override { ddt(x) = -x / tau; }
    Tree<Value> update(const Tree<Value> &) override {
      integrate();
      return x / C;
    }
  } model;
  model.method("euler");
  LoopOverTime single(model, {.cache = false}), precise(model, {.real = f64, .cache = false});
  for (double tau : {1e-40, -2e38}) {
    model.tau.set_value(tau);
    CHECK(fails(ErrorKind::Value, {"equations divide by 'tau'", "f32", "declared here"}, [&] { single.steps(1); }) ==
          "");
    precise.steps(1);
  }
  model.tau.set_value(1e-310);
  CHECK(fails(ErrorKind::Value, {"f64"}, [&] { precise.steps(1); }) == "");
  for (double tau : {0.0, HUGE_VAL, 20.0}) { // what a division gives
    model.tau.set_value(tau);
    single.reset_state();
    CHECK(single.steps(1).out.leaf()[0] == (tau == 0.0 ? -HUGE_VAL : float(1.0f + 0.1f * (-1.0f * float(1 / tau)))));
  }
  model.C.set_value(1e-40); // a division outside equations is one
  single.reset_state();
  CHECK(single.steps(1).out.leaf()[0] == HUGE_VAL);
}

TEST_CASE("T = 0 gives empty arrays of the right shape and changes nothing (S16)", "[trace]") {
  Counter model(3);
  LoopOverTime over_time(model, {.out_vars = model.total, .cache = false});
  over_time.steps(2);
  for (LoopResult r : {over_time(0.0), over_time(Tensor::zeros({0, 3}))}) {
    CHECK(r.out->shape() == Shape{0, 3});
    CHECK(r.vars->shape() == Shape{0, 3});
  }
  CHECK(over_time.i0() == 2);
  CHECK(model.total.value()[0] == 2.0);
}

TEST_CASE("T = 1 works (S16)", "[trace]") {
  Counter model(3);
  LoopOverTime over_time(model, {.cache = false});
  CHECK(numbers(over_time(Tensor::full({1, 3}, 4)).out.leaf()) == std::vector<double>{8, 8, 8});
}

TEST_CASE("keep_outputs = false keeps the monitors only", "[trace]") {
  Counter model(3);
  LoopOverTime over_time(model, {.out_vars = model.total, .keep_outputs = false, .cache = false});
  LoopResult r = over_time.steps(5);
  CHECK(r.out.empty());
  CHECK(r.vars->shape() == Shape{5, 3});
  CHECK(r.vars.leaf()[12] == 5.0);
}

TEST_CASE("outputs that are not kept do not lie on each other", "[trace]") {
  // `twice` is read again after `largest` has been written.
  struct Two : Model {
    Two() : Model(Shape{1, 3}) {}
    State last = state("last", 0.0);
    Tree<Value> update(const Tree<Value> &x) override {
      Value twice = x.leaf() + x.leaf(), largest = max(x.leaf(), 0, true);
      last = twice + sum(twice);
      return {largest, twice};
    }
  };
  Tensor x = Tensor::of({1, 1, 3}, std::vector<double>{1, 2, 3}, f64);
  for (bool kept : {true, false}) {
    Two model;
    LoopOverTime(model, {.real = f64, .keep_outputs = kept, .cache = false})(x);
    CHECK(numbers(model.last.value()) == std::vector<double>{14, 16, 18});
  }
}
