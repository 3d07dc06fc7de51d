// SPDX-License-Identifier: Apache-2.0
// t and i of a step: none, start values, and exactness over long runs (S3, S10, S11).
#include "tests/trace/helper.h"

#include <limits>

using namespace overtime;
using namespace overtime::test;

namespace {

struct ReadsTime : Model {
  ReadsTime() : Model(Shape{}) {}
  static constexpr unsigned line = __LINE__ + 1;
  Tree<Value> update(const Tree<Value> &) override { return t(); }
};
struct ReadsIndex : Model {
  ReadsIndex() : Model(Shape{}) {}
  static constexpr unsigned line = __LINE__ + 1;
  Tree<Value> update(const Tree<Value> &) override { return i(); }
};
struct ReadsStep : Model {
  ReadsStep() : Model(Shape{}) {}
  Tree<Value> update(const Tree<Value> &) override { return dt(); }
};

} // namespace

TEST_CASE("t0 = none: a model that reads t is an error at the reading line (S3)", "[trace]") {
  ReadsTime model;
  LoopOverTime over_time(model, {.t0 = none, .cache = false});
  CHECK_FALSE(over_time.t0().has_value());
  CHECK(fails(ErrorKind::Usage, {here(__FILE__, ReadsTime::line), "reads t", "t0 = none"}, [&] { over_time(1.0); }) ==
        "");
}

TEST_CASE("i0 = none: a model that reads i is an error at the reading line (S3)", "[trace]") {
  ReadsIndex model;
  LoopOverTime over_time(model, {.i0 = none, .cache = false});
  CHECK_FALSE(over_time.i0().has_value());
  CHECK(fails(ErrorKind::Usage, {here(__FILE__, ReadsIndex::line), "reads i", "i0 = none"}, [&] { over_time(1.0); }) ==
        "");
}

TEST_CASE("a model that reads neither runs without t and i (S3)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.t0 = none, .i0 = none, .cache = false});
  CHECK(numbers(over_time.steps(3).out.leaf()) == std::vector<double>{2, 4, 6});
  CHECK(numbers(over_time.steps(1).out.leaf()) == std::vector<double>{8});
}

TEST_CASE("step k has index i0 + k and time t0 + k dt, in calls that continue (S10)", "[trace]") {
  ReadsTime time;
  LoopOverTime t(time, {.t0 = 5.0, .i0 = 7, .dt = 0.1, .real = f64, .cache = false});
  ReadsIndex index;
  LoopOverTime i(index, {.t0 = 5.0, .i0 = 7, .dt = 0.1, .cache = false});
  for (std::int64_t call = 0; call < 3; ++call) {
    Tensor times = t.steps(4).out.leaf(), indices = i.steps(4).out.leaf();
    CHECK(indices.dtype() == i64);
    for (std::int64_t k = 0; k < 4; ++k) {
      CHECK(times[k] == Approx(5.0 + static_cast<double>(4 * call + k) * 0.1).epsilon(1e-15));
      CHECK(indices[k] == static_cast<double>(7 + 4 * call + k));
    }
  }
  CHECK(*t.t0() == 5.0 + 12.0 * 0.1);
  CHECK(t.i0() == 19);
}

TEST_CASE("t is f64 arithmetic rounded once, also in f32 (S10)", "[trace]") {
  ReadsTime model;
  LoopOverTime over_time(model, {.dt = 0.1, .cache = false});
  Tensor t = over_time.steps(100000).out.leaf();
  std::int64_t wrong = 0;
  for (std::int64_t k = 0; k < 100000; ++k)
    wrong += t.values<float>()[static_cast<std::size_t>(k)] != static_cast<float>(static_cast<double>(k) * 0.1);
  CHECK(wrong == 0);
}

TEST_CASE("a million steps do not drift (S10)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.dt = 0.1, .keep_outputs = false, .cache = false});
  for (int call = 0; call < 10; ++call)
    over_time(1e4);
  CHECK(over_time.i0() == 1000000);
  CHECK(*over_time.t0() == 1000000 * 0.1);
}

TEST_CASE("reset_state puts t and i back (S11)", "[trace]") {
  ReadsTime model;
  LoopOverTime over_time(model, {.t0 = 2.0, .i0 = 3, .dt = 0.5, .cache = false});
  over_time.steps(4);
  CHECK(over_time.t0() == 4.0);
  over_time.reset_state();
  CHECK(over_time.t0() == 2.0);
  CHECK(over_time.i0() == 3);
  CHECK(over_time.steps(1).out.leaf()[0] == 2.0);
}

TEST_CASE("a run whose index would overflow is an error and changes nothing", "[trace]") {
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  Counter model;
  LoopOverTime late(model, {.i0 = last - 4, .keep_outputs = false, .cache = false});
  CHECK(fails(ErrorKind::Value, {"2^63 - 1", "at most 4"}, [&] { late.steps(5); }) == "");
  late.steps(4);
  CHECK(late.i0() == last);
  CHECK(fails(ErrorKind::Value, {"at most 0"}, [&] { late.steps(1); }) == "");
  LoopOverTime long_run(model, {.i0 = -10, .keep_outputs = false, .cache = false});
  long_run.steps(2);
  CHECK(fails(ErrorKind::Value, {"2^63 - 1"}, [&] { long_run.steps(last - 1); }) == "");
  CHECK(long_run.i0() == -8);
}

TEST_CASE("dt of the step is the loop's", "[trace]") {
  ReadsStep model;
  LoopOverTime over_time(model, {.dt = 0.25, .real = f64, .cache = false});
  CHECK(over_time.steps(2).out.leaf()[1] == 0.25);
}
