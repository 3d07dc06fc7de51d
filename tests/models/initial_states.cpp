// SPDX-License-Identifier: Apache-2.0
// Initial states that a user gives: others follow from them, they outlive resets, and a given one always wins.
#include "compiler/trace/loops/reference_run.h"
#include "models/neurons/hh.h"
#include "models/neurons/izhikevich.h"
#include "models/neurons/lif.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

/// Steady state of m of HH at a potential [mV].
double m_inf(double V) {
  double a = 0.1 * (V + 40) / (1 - std::exp(-(V + 40) / 10)), b = 4 * std::exp(-(V + 65) / 18);
  return a / (a + b);
}

bool same(const Tensor &a, const Tensor &b) {
  bool equal = a.shape() == b.shape();
  for (std::int64_t k = 0; equal && k < a.size(); ++k)
    equal = a[k] == b[k];
  return equal;
}

} // namespace

TEST_CASE("states that follow from a given initial value follow it", "[models]") {
  HH hh(3);
  hh.V.set_initial(Tensor::of({-50, -60, -70}));
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t k = 0; k < 3; ++k) {
      CHECK(hh.V.value()[k] == -50 - 10.0 * static_cast<double>(k));
      CHECK(hh.m.value()[k] == Approx(m_inf(hh.V.value()[k])).epsilon(1e-12));
    }
    LoopOverTime over_time(hh, {.cache = false});
    over_time.steps(5);
    over_time.reset_state(); // keeps what was given
  }
  Izhikevich cells(2);
  cells.V.set_initial(-60_mV);
  CHECK(cells.u.value()[1] == Approx(-12).epsilon(1e-12)); // u = 0.2 V
}

TEST_CASE("a given initial value wins over what follows from others, and others follow from it", "[models]") {
  Izhikevich cells(2);
  cells.u.set_initial(-3);
  cells.reset_state();
  CHECK(cells.u.value()[0] == -3);
  CHECK(cells.V.value()[0] == -70);
  HH hh(1);
  hh.V.set_initial(-50);
  hh.m.set_initial(0.5);
  hh.reset_state(4); // with a batch axis
  CHECK(hh.m.value().shape() == Shape{4, 1});
  CHECK(hh.m.value()[3] == 0.5);
  CHECK(hh.V.value()[2] == -50);
}

TEST_CASE("set_value is the value now: nothing follows it and a reset forgets it", "[models]") {
  Izhikevich cells(1);
  cells.V.set_value(-60);
  CHECK(cells.u.value()[0] == Approx(-14).epsilon(1e-12)); // of V = -70
  cells.reset_state();
  CHECK(cells.V.value()[0] == -70);
}

TEST_CASE("an initial value of another unit or shape, or of a parameter, is an error", "[models]") {
  HH hh(2);
  CHECK_THROWS_WITH(hh.V.set_initial(1_nA), Catch::Contains("initial_states.cpp") && Catch::Contains("[mV]"));
  CHECK_THROWS_WITH(hh.var("gNa").set_initial(1), Catch::Contains("no state"));
  hh.V.set_initial(Tensor::of({1, 2, 3}));
  CHECK_THROWS_WITH(hh.reset_state(), Catch::Contains("[2]") && Catch::Contains("[3]"));
  LIF lif(1);
  lif.spike.set_initial(2);
  CHECK_THROWS_WITH(lif.reset_state(), Catch::Contains("bool") && Catch::Contains("2"));
}

TEST_CASE("compiled initial() gives the interpreter's numbers", "[models]") {
  HH compiled(50), interpreted(50);
  compiled.reset_state();
  reset_reference(interpreted);
  for (const char *name : {"m", "h", "n"})
    for (std::int64_t k = 0; k < 50; ++k) // a few roundings of f64 in exp and its quotient
      CHECK(compiled.var(name).value()[k] == Approx(interpreted.var(name).value()[k]).epsilon(1e-13));
}

TEST_CASE("a reset that fails leaves states, batch and time as they were", "[models]") {
  HH hh(3);
  LoopOverTime over_time(hh, {.out_vars = hh.V, .cache = false});
  over_time.steps(10);
  Tensor before = hh.V.value();
  auto too_large = [&] { over_time.reset_state(std::int64_t(1) << 50); };
  std::string place = "initial_states.cpp:" + std::to_string(__LINE__ - 1);
  CHECK_THROWS_WITH(too_large(), Catch::Contains(place));
  CHECK(same(hh.V.value(), before));
  CHECK_FALSE(hh.batch());
  CHECK(over_time.i0() == 10);
  CHECK(over_time.steps(1).vars->shape() == Shape{1, 3});
}
