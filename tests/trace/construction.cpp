// SPDX-License-Identifier: Apache-2.0
// What a LoopOverTime is built with: defaults, dt, names, remat, devices (S1, S7).
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

#include <cmath>
#include <set>

using namespace overtime;
using namespace overtime::test;

TEST_CASE("the defaults are those of the reference page (S1)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model);
  const LoopOptions &options = over_time.options();
  CHECK(options.out_vars.empty());
  CHECK_FALSE(options.no_state);
  CHECK(over_time.t0() == 0.0);
  CHECK(over_time.i0() == 0);
  CHECK(over_time.dt() == 0.1);
  CHECK(options.shared_arg.empty());
  CHECK(options.data_first_axis == 'T');
  CHECK(options.jit);
  CHECK(options.remat.policy == Remat::Policy::None);
  CHECK(options.real == f32);
  CHECK(&over_time.target() == &model);
}

TEST_CASE("the dt of one loop does not become the default of others (S1)", "[trace]") {
  Counter model;
  LoopOverTime fine(model, {.dt = 0.01, .cache = false});
  fine.steps(1);
  CHECK(get_dt() == 0.1);
  CHECK(LoopOverTime(model).dt() == 0.1);
  CHECK(LoopOverTime(model, {.dt = 0.02_s}).dt() == Approx(20.0));
}

TEST_CASE("set_dt holds for loops built afterwards (S1)", "[trace]") {
  Counter model;
  LoopOverTime before(model);
  set_dt(0.5);
  CHECK(LoopOverTime(model).dt() == 0.5);
  CHECK(before.dt() == 0.1);
  set_dt(0.1);
}

TEST_CASE("dt is positive and finite (S1)", "[trace]") {
  Counter model;
  for (double dt : {0.0, -0.1, std::nan(""), HUGE_VAL})
    CHECK(fails(ErrorKind::Value, {"dt must be positive"}, [&] { LoopOverTime(model, {.dt = dt}); }) == "");
  CHECK(fails(ErrorKind::Value, {"dt must be positive"}, [] { set_dt(0.0); }) == "");
  CHECK(fails(ErrorKind::Value, {"t0"}, [&] { LoopOverTime(model, {.t0 = HUGE_VAL}); }) == "");
}

TEST_CASE("a loop runs in f32 or f64 (S1)", "[trace]") {
  Counter model;
  CHECK(fails(ErrorKind::DType, {"f32 or f64", "i64"}, [&] { LoopOverTime(model, {.real = i64}); }) == "");
  CHECK(LoopOverTime(model, {.real = f64, .cache = false}).steps(1).out->dtype() == f64);
  CHECK(LoopOverTime(model, {.real = f32, .cache = false}).steps(1).out->dtype() == f32);
}

TEST_CASE("names of loops and of root models are unique (S1)", "[trace]") {
  std::set<std::string> names;
  HH a, b;
  for (int k = 0; k < 5; ++k)
    names.insert(LoopOverTime(a).name());
  CHECK(names.size() == 5);
  CHECK(LoopOverTime(a, {.name = "mine"}).name() == "mine");
  CHECK(a.name() != b.name());
  CHECK(a.name().substr(0, 2) == "HH");
}

TEST_CASE("remat is accepted, stored, and changes no number (S7)", "[trace]") {
  Counter model;
  CHECK(LoopOverTime(model, {.remat = true}).options().remat.policy == Remat::Policy::Step);
  CHECK(LoopOverTime(model, {.remat = false}).options().remat.policy == Remat::Policy::None);
  CHECK(LoopOverTime(model, {.remat = Remat::sqrt()}).options().remat.policy == Remat::Policy::Sqrt);
  CHECK(LoopOverTime(model, {.remat = Remat::every(20)}).options().remat.steps == 20);
  CHECK(LoopOverTime(model, {.remat = Remat::budget(1 << 20)}).options().remat.bytes == 1 << 20);
  for (Remat remat : {Remat(true), Remat(false), Remat::sqrt(), Remat::every(3), Remat::budget(4096)}) {
    LoopOverTime over_time(model, {.remat = remat, .cache = false});
    over_time.reset_state();
    CHECK(numbers(over_time.steps(3).out.leaf()) == std::vector<double>{2, 4, 6});
  }
}

TEST_CASE("a loop may be moved", "[trace]") {
  Counter model;
  LoopOverTime first(model, {.cache = false});
  first.steps(2);
  LoopOverTime second = std::move(first);
  CHECK(second.i0() == 2);
  CHECK(second.steps(1).out.leaf()[0] == 6.0);
  CHECK(second.compilations() == 1);
}

TEST_CASE("a model may be moved, its variables and loops follow", "[trace]") {
  Counter first(2);
  Monitor total = first.total;
  Counter second = std::move(first);
  LoopOverTime over_time(second, {.out_vars = total, .cache = false});
  CHECK(over_time.steps(2).vars.leaf()[3] == 2.0);
}

TEST_CASE("devices that do not exist are errors that name those that do", "[trace]") {
  HH hh;
  CHECK(&hh.cpu() == &hh);
  CHECK(&hh.to("cpu") == &hh);
  CHECK(fails(ErrorKind::Usage, {"'tpu'", "cpu"}, [&] { hh.tpu(); }) == "");
  CHECK(fails(ErrorKind::Usage, {"'quantum'", "cpu"}, [&] { hh.to("quantum"); }) == "");
}
