// SPDX-License-Identifier: Apache-2.0
// Delays: of one length, of each element, between steps, in chunks, in batches, from before the start.
#include "compiler/trace/loops/reference_run.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// The state is the step's data; the output is what it was before.
struct Delayed : Model {
  Delayed(std::int64_t n, Delay longest, DelayOptions options, std::function<Value(Delayed &)> read)
      : Model(Shape{n}), read(std::move(read)) {
    register_delay(v, longest, options);
  }
  State v = state("v", 0.5);
  std::function<Value(Delayed &)> read;
  Tree<Value> update(const Tree<Value> &x) override {
    Value out = read(*this);
    v = x.leaf();
    return out;
  }
};

Tensor ramp(std::int64_t steps, std::int64_t n) {
  Tensor x({steps, n}, f64);
  for (std::int64_t k = 0; k < x.size(); ++k)
    x.set(k, 1.0 + 0.37 * double(k));
  return x;
}

/// What v was `age` steps before the end of the step before k; `start` before the first.
double past(const Tensor &x, std::int64_t k, std::int64_t j, std::int64_t age, double before = 0.0) {
  std::int64_t n = x.shape()[1], row = k - 1 - age;
  return row >= 0 ? x[row * n + j] : row == -1 ? 0.5 : before;
}

} // namespace

TEST_CASE("a delay of d steps reads what was d steps before the last", "[delays]") {
  Tensor x = ramp(20, 3);
  for (std::int64_t d : {0, 1, 4, 7}) {
    Delayed model(3, 7, {}, [d](Delayed &m) { return m.get_delay_data(m.v, Delay(d)); });
    LoopOverTime over_time(model, {.real = f64, .cache = false});
    Tensor got = over_time(x).out.leaf();
    for (std::int64_t k = 0; k < 20; ++k)
      for (std::int64_t j = 0; j < 3; ++j)
        REQUIRE(got[k * 3 + j] == past(x, k, j, d));
  }
}

TEST_CASE("chunks, a new loop and a restored state read what a whole run reads", "[delays]") {
  Tensor x = ramp(31, 5);
  auto read = [](Delayed &m) { return m.get_delay_data(m.v, 6) + m.get_delay_data(m.v, 2); };
  Delayed whole(5, 6, {}, read), parts(5, 6, {}, read), later(5, 6, {}, read);
  LoopOverTime all(whole, {.real = f64, .cache = false});
  Tensor expected = all(x).out.leaf();
  LoopOverTime first(parts, {.i0 = 1000, .real = f64, .cache = false});
  Tensor got = joined(first(x.rows(0, 4)).out.leaf(), first(x.rows(4, 11)).out.leaf());
  LoopOverTime second(parts, {.real = f64, .cache = false}); // begins at step 0 again
  got = joined(got, second(x.rows(11, 17)).out.leaf());
  later.load_state_dict(parts.state_dict());
  LoopOverTime third(later, {.real = f64, .cache = false});
  got = joined(got, third(x.rows(17, 31)).out.leaf());
  CHECK(same_bits(got, expected));
  whole.reset_state();
  LoopOverTime again(whole, {.real = f64, .cache = false});
  CHECK(same_bits(again(x).out.leaf(), expected));
}

TEST_CASE("every element may have a delay of its own", "[delays]") {
  Tensor x = ramp(15, 4), delays = Tensor::of({0, 5, 2, 3}, i32);
  Delayed model(4, delays, {}, [&](Delayed &m) { return m.get_delay_data(m.v, delays); });
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  Tensor got = over_time(x).out.leaf();
  Delayed slow(4, delays, {}, model.read);
  LoopOverTime interpreted(slow, {.real = f64});
  Tensor expected = run_reference(interpreted, x).out.leaf();
  for (std::int64_t k = 0; k < 15; ++k)
    for (std::int64_t j = 0; j < 4; ++j) {
      REQUIRE(got[k * 4 + j] == past(x, k, j, std::int64_t(delays[j])));
      REQUIRE(got[k * 4 + j] == expected[k * 4 + j]);
    }
}

TEST_CASE("times between steps are interpolated or rounded", "[delays]") {
  Tensor x = ramp(12, 2);
  for (double time : {0.23, 0.3, 0.05}) { // dt = 0.1
    double steps = time / 0.1, low = std::floor(steps + 1e-9), part = steps - low;
    auto linear = [&](Delayed &m) { return m.get_delay_data(m.v, time * ms); };
    auto each = [&](Delayed &m) { return m.get_delay_data(m.v, Tensor::of({time, time}, f64)); };
    auto varying = [&](Delayed &m) { return m.get_delay_data(m.v, Delay(sum(m.v) * 0.0 + time)); };
    auto nearest = [&](Delayed &m) { return m.get_delay_data(m.v, time * ms, Between::Round); };
    for (const auto &read : {std::function<Value(Delayed &)>(linear), std::function<Value(Delayed &)>(each),
                             std::function<Value(Delayed &)>(varying)}) {
      Delayed model(2, 1_ms, {}, read);
      LoopOverTime over_time(model, {.real = f64, .cache = false});
      Tensor got = over_time(x).out.leaf();
      for (std::int64_t k = 0; k < 12; ++k)
        for (std::int64_t j = 0; j < 2; ++j) {
          double a = past(x, k, j, std::int64_t(low)), b = past(x, k, j, std::int64_t(low) + 1);
          REQUIRE(got[k * 2 + j] == Approx(a + part * (b - a)).epsilon(1e-12).margin(1e-14));
        }
    }
    Delayed model(2, 1_ms, {}, nearest);
    LoopOverTime over_time(model, {.real = f64, .cache = false});
    Tensor got = over_time(x).out.leaf();
    for (std::int64_t k = 0; k < 12; ++k)
      REQUIRE(got[k * 2] == past(x, k, 0, std::int64_t(std::nearbyint(steps - 1e-9 * steps))));
  }
}

TEST_CASE("what was before the start is a number, rows, or a function of time", "[delays]") {
  Tensor x = ramp(6, 2);
  auto read = [](Delayed &m) { return m.get_delay_data(m.v, 4); };
  auto run = [&](const DelayOptions &options) {
    Delayed model(2, 4, options, read);
    LoopOverTime over_time(model, {.real = f64, .cache = false});
    return over_time(x).out.leaf();
  };
  Tensor number = run({.initial = -3.0});
  CHECK(number[0] == -3.0);
  Tensor rows = run({.initial = Tensor::of({4, 2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}, f64)});
  for (std::int64_t k = 0; k < 4; ++k) // at step k the delay goes 4 - k steps before the start
    CHECK(rows[k * 2 + 1] == double(2 * (4 - k)));
  CHECK(rows[4 * 2] == 0.5);
  Tensor history = run({.history = [](double t) { return Tensor::of({10 * t, t}, f64); }});
  CHECK(history[1] == Approx(-0.4));
  CHECK(history[2 * 2] == Approx(-2.0));
}

TEST_CASE("a batch has one ring, with an axis for the batch behind the rows", "[delays]") {
  Tensor x = ramp(9, 6).reshape({9, 2, 3});
  for (bool each : {false, true}) {
    auto read = [each](Delayed &m) {
      return each ? m.get_delay_data(m.v, Tensor::of({1, 0, 3}, i32)) : m.get_delay_data(m.v, 2);
    };
    Delayed model(3, 3, {}, read);
    model.reset_state(2);
    CHECK(model.global_delay_data().at("v").shape() == Shape{4, 2, 3});
    LoopOverTime over_time(model, {.real = f64, .cache = false});
    Tensor got = over_time(x).out.leaf();
    REQUIRE(got.shape() == Shape{9, 2, 3});
    for (std::int64_t k = 0; k < 9; ++k)
      for (std::int64_t e = 0; e < 6; ++e)
        REQUIRE(got[k * 6 + e] == past(x.reshape({9, 6}), k, e, !each ? 2 : e % 3 == 0 ? 1 : e % 3 == 1 ? 0 : 3));
  }
}

TEST_CASE("update_local_delays takes the present value before the end of the step", "[delays]") {
  struct Early : Model {
    Early() : Model(Shape{2}) { register_delay(v, 3); }
    State v = state("v", 0.5);
    Tree<Value> update(const Tree<Value> &x) override {
      v = x.leaf();
      update_local_delays();
      return get_delay_data(v, 0) - v + get_delay_data(v, 3);
    }
  } model;
  Tensor x = ramp(8, 2);
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  Tensor got = over_time(x).out.leaf();
  for (std::int64_t k = 0; k < 8; ++k)
    CHECK(got[k * 2] == (k >= 3 ? x[(k - 3) * 2] : k == 2 ? 0.5 : 0.0));
}

TEST_CASE("a ring stays where it is: no step copies it", "[delays]") {
  Delayed model(40, 9, {}, [](Delayed &m) { return m.get_delay_data(m.v, 9); });
  LoopOverTime over_time(model, {.cache = false});
  std::string ir = stage_ir(over_time, {.inputs = std::vector<Shape>{{40}}, .stop_after = "bufferize"});
  CHECK(ir.find("memref<10x40xf32>) outs") == std::string::npos);
  CHECK(ir.find("memref.alloc") == std::string::npos);
}

TEST_CASE("wrong delays are errors at the user's line", "[delays][errors]") {
  auto run = [](std::function<Value(Delayed &)> read, double dt = 0.1) {
    Delayed model(2, 1_ms, {}, std::move(read));
    LoopOverTime over_time(model, {.dt = dt, .real = f64, .cache = false});
    over_time(ramp(1, 2));
  };
  CHECK(fails(ErrorKind::Value, {"a delay of 11.000000 steps of 'v' is longer than 10", "delays.cpp"},
              [&] { run([](Delayed &m) { return m.get_delay_data(m.v, 11); }); }) == "");
  CHECK(fails(ErrorKind::Value, {"a delay is finite and not negative"},
              [&] { run([](Delayed &m) { return m.get_delay_data(m.v, -1); }); }) == "");
  CHECK(fails(ErrorKind::Unit, {"a delay counts in steps or in [ms], got [mV]"},
              [&] { run([](Delayed &m) { return m.get_delay_data(m.v, 1_mV); }); }) == "");
  CHECK(fails(ErrorKind::Usage, {"were registered for dt = 0.1", "call set_dt before the model is built"},
              [&] { run([](Delayed &m) { return m.get_delay_data(m.v, 1_ms); }, 0.2); }) == "");
  CHECK(fails(ErrorKind::Shape, {"there are 3 delays for 'v' of shape [2]"},
              [&] { run([](Delayed &m) { return m.get_delay_data(m.v, Tensor::of({1, 2, 3}, i32)); }); }) == "");
  struct Without : Model {
    Without() : Model(Shape{1}) {}
    State v = state("v", 0.0);
    Tree<Value> update(const Tree<Value> &) override { return get_delay_data(v, 1); }
  } without;
  LoopOverTime over_time(without, {.cache = false});
  CHECK(fails(ErrorKind::Usage, {"no delay of 'v' is registered; call register_delay"}, [&] { over_time.steps(1); }) ==
        "");
}
