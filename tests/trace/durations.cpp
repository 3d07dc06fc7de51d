// SPDX-License-Identifier: Apache-2.0
// The number of steps of a run by duration (S8).
#include "tests/trace/helper.h"

#include <limits>

using namespace overtime;
using namespace overtime::test;

TEST_CASE("a duration near a whole number of steps has that many (S8)", "[trace]") {
  CHECK(steps_in(0.3, 0.1) == 3);
  CHECK(steps_in(0.1 * 3, 0.1) == 3); // 0.30000000000000004: a float range gives 4
  CHECK(steps_in(0.7, 0.1) == 7);
  CHECK(steps_in(100.0, 0.1) == 1000);
  CHECK(steps_in(1e6, 0.1) == 10000000);
  CHECK(steps_in(1.1, 0.1) == 11);
  CHECK(steps_in(2.0, 0.3) == 7);
  CHECK(steps_in(0.25, 0.1) == 3);
  CHECK(steps_in(1e-3, 0.1) == 1);
}

TEST_CASE("beyond 1e-9 of a whole number the count is rounded up (S8)", "[trace]") {
  CHECK(steps_in(1.0 + 2e-9, 1.0) == 2);
  CHECK(steps_in(1.0 + 5e-10, 1.0) == 1);
  CHECK(steps_in(1.0 - 2e-9, 1.0) == 1);
}

TEST_CASE("n times dt has n steps for every n and dt (S8)", "[trace]") {
  for (double dt : {0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.7, 1.0, 1.0 / 3.0})
    for (std::int64_t n : {1, 2, 3, 7, 10, 29, 100, 999, 1000, 4097, 100000, 12345678}) {
      INFO(n << " steps of " << dt);
      CHECK(steps_in(static_cast<double>(n) * dt, dt) == n);
    }
}

TEST_CASE("a duration of 0 has no steps (S8)", "[trace]") {
  CHECK(steps_in(0.0, 0.1) == 0);
  CHECK(steps_in(-0.0, 0.1) == 0);
}

TEST_CASE("a duration that is negative or not finite is an error (S8)", "[trace]") {
  double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (double bad : {-1.0, -1e-12, inf, -inf, nan}) {
    CHECK(fails(ErrorKind::Value, {"duration", "finite"}, [&] { steps_in(bad, 0.1); }) == "");
    Counter model;
    LoopOverTime over_time(model, {.cache = false});
    unsigned line = __LINE__ + 1;
    CHECK(fails(ErrorKind::Value, {here(__FILE__, line)}, [&] { over_time(bad); }) == "");
  }
}

TEST_CASE("a duration of more steps than int64 counts is an error (S8)", "[trace]") {
  CHECK(fails(ErrorKind::Value, {"too many steps"}, [] { steps_in(1e300, 0.1); }) == "");
}

TEST_CASE("a negative number of steps is an error (S8)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::Value, {"-3"}, [&] { over_time.steps(-3); }) == "");
}

TEST_CASE("a duration is a number of ms, an int, or a quantity of time (S8)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.dt = 0.5, .cache = false});
  CHECK(over_time(10.0).out->shape() == Shape{20, 1});
  CHECK(over_time(10).out->shape() == Shape{20, 1});
  CHECK(over_time(10_ms).out->shape() == Shape{20, 1});
  CHECK(over_time(0.01_s).out->shape() == Shape{20, 1});
  CHECK(fails(ErrorKind::Unit, {"[ms]", "[mV]"}, [&] { over_time(10_mV); }) == "");
}

TEST_CASE("no_state has no run by duration (S8)", "[trace]") {
  Function twice([](const Tree<Value> &x) -> Tree<Value> { return 2 * x.leaf(); });
  LoopOverTime over_time(twice, {.no_state = true, .cache = false});
  CHECK(fails(ErrorKind::Usage, {"no_state", "needs data"}, [&] { over_time(1.0); }) == "");
}
