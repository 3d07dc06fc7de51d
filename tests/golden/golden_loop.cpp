// SPDX-License-Identifier: Apache-2.0
// LoopOverTime itself against BrainPy's: calls that continue, chunks, times and indices, no_state.
#include "models/layers/dense.h"
#include "models/zoo.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

constexpr double f64_relative = 1e-9; // README.md

Tensor rows_after(const Tensor &first, const Tensor &second) {
  Shape shape = first.shape();
  shape[0] += second.shape()[0];
  Tensor all(shape, first.dtype());
  for (std::int64_t k = 0; k < all.size(); ++k)
    all.set(k, k < first.size() ? first[k] : second[k - first.size()]);
  return all;
}

/// Gives back the time and index of each step.
struct Clock : Model {
  Clock() : Model(Shape{}) {}
  Tree<Value> update(const Tree<Value> &) override { return {{"t", t()}, {"i", i()}}; }
};

std::unique_ptr<Model> refractory_lif() { return make_model("LIF", {.size = 6, .scalars = {{"tau_ref", 5.05}}}); }

} // namespace

TEST_CASE("the reference page's program: 100 ms, then 1000 inputs that continue (S14)", "[golden]") {
  Case c = load("hh1_seed_sequence");
  for (DType real : {f64, f32}) {
    INFO(name_of(real));
    auto hh = make_model("HH");
    for (const char *state : {"V", "m", "h", "n"})
      hh->var(state).set_value(c.input(std::string("init_") + state));
    LoopOverTime over_time(*hh, {.out_vars = hh->var("V"), .real = real, .cache = false});
    LoopResult first = over_time(100.0);
    CHECK(over_time.t0() == 100.0);
    CHECK(over_time.i0() == 1000);
    LoopResult second = over_time(Tensor::full({1000}, 5, real)); // of shape [T], as on the page
    CHECK(over_time.t0() == c.expected("t0_after")[0]);
    CHECK(over_time.i0() == 2000);
    CHECK(raster_difference(first.out.leaf(), c.expected("out1")) == "");
    CHECK(raster_difference(second.out.leaf(), c.expected("out2")) == "");
    auto tolerance = [&](const char *column) {
      return real == f64 ? Tolerance{.relative = f64_relative} : f32_tolerance(c, column);
    };
    CHECK(difference("V1", first.vars.leaf(), c.expected("V1"), tolerance("V1")) == "");
    CHECK(difference("V2", second.vars.leaf(), c.expected("V2"), tolerance("V2")) == "");
  }
}

TEST_CASE("two calls of 400 and 600 steps are one of 1000 (S11)", "[golden]") {
  Case c = load("chunk_carry");
  Tensor I = c.input("I");
  auto whole = refractory_lif(), parts = refractory_lif();
  LoopOverTime over_whole(*whole, {.out_vars = whole->var("V"), .real = f64, .cache = false});
  LoopOverTime over_parts(*parts, {.out_vars = parts->var("V"), .real = f64, .cache = false});
  LoopResult all = over_whole(I);
  LoopResult a = over_parts(I.rows(0, 400)), b = over_parts(I.rows(400, 1000));
  CHECK(difference("whole V", all.vars.leaf(), c.expected("whole_V"), {.relative = f64_relative}) == "");
  CHECK(raster_difference(all.out.leaf(), c.expected("whole_spike")) == "");
  CHECK(difference("chunk V", rows_after(a.vars.leaf(), b.vars.leaf()), c.expected("chunk_V"),
                   {.relative = f64_relative}) == "");
  CHECK(raster_difference(rows_after(a.out.leaf(), b.out.leaf()), c.expected("chunk_spike")) == "");
  CHECK(over_parts.i0() == static_cast<std::int64_t>(c.expected("i0_after")[0]));
  CHECK(over_parts.t0() == c.expected("t0_after")[0]);
}

TEST_CASE("a new loop starts at t = 0 and keeps the model's states (S10)", "[golden]") {
  // t_last_spike lies in the new loop's future, so V is held until t has passed it: the oracle's numbers say so too.
  Case c = load("chunk_newloop");
  Tensor I = c.input("I");
  auto lif = refractory_lif();
  LoopOverTime first(*lif, {.out_vars = lif->var("V"), .real = f64, .cache = false});
  LoopResult a = first(I.rows(0, 400));
  LoopOverTime second(*lif, {.out_vars = lif->var("V"), .real = f64, .cache = false});
  CHECK(second.t0() == 0.0);
  LoopResult b = second(I.rows(400, 1000));
  CHECK(difference("V", rows_after(a.vars.leaf(), b.vars.leaf()), c.expected("chunk_V"), {.relative = f64_relative}) ==
        "");
  CHECK(raster_difference(rows_after(a.out.leaf(), b.out.leaf()), c.expected("chunk_spike")) == "");
  CHECK(second.t0() == c.expected("t0_after")[0]);
  CHECK(second.i0() == static_cast<std::int64_t>(c.expected("i0_after")[0]));
}

TEST_CASE("t = t0 + k dt and i = i0 + k over two calls (S8, S10)", "[golden]") {
  Case c = load("time_grid");
  Tensor rows = c.input("rows"); // duration, dt, t0, i0
  for (std::int64_t r = 0; r < 8; ++r) {
    if (r == 2) // 0.1 * 3: four steps by the oracle's float range, three by S8
      continue;
    INFO("row " << r);
    Clock clock;
    LoopOverTime over_time(clock, {.t0 = rows[4 * r + 2],
                                   .i0 = static_cast<std::int64_t>(rows[4 * r + 3]),
                                   .dt = rows[4 * r + 1],
                                   .real = f64,
                                   .cache = false});
    std::string key = "r" + std::to_string(r) + "_";
    for (const char *part : {"a_", "b_"}) {
      Tree<Tensor> out = over_time(rows[4 * r]).out;
      // The oracle adds n * dt to t0 between the calls, here all is counted from the first t0: an ulp apart.
      CHECK(difference("t", out["t"].leaf(), c.expected(key + part + "t"), {.relative = 1e-12}) == "");
      CHECK(difference("i", out["i"].leaf(), c.expected(key + part + "i"), {}) == "");
      CHECK(out["i"].leaf().dtype() == i64);
    }
    CHECK(over_time.i0() == static_cast<std::int64_t>(c.expected(key + "i0_after")[0]));
    CHECK(*over_time.t0() == Approx(c.expected(key + "t0_after")[0]).epsilon(1e-12));
  }
}

TEST_CASE("0.1 * 3 at dt 0.1 is three steps (S8)", "[golden]") {
  Clock clock;
  LoopOverTime over_time(clock, {.dt = 0.1, .real = f64, .cache = false});
  CHECK(over_time(0.1 * 3).out["t"].leaf().shape() == Shape{3});
}

TEST_CASE("no_state runs all steps of Dense at once (S12)", "[golden]") {
  Case c = load("nostate_dense_T");
  for (DType real : {f64, f32}) {
    Dense dense(6, 3);
    dense.var("W").set_value(c.input("W"));
    dense.var("b").set_value(c.input("b"));
    LoopOverTime over_time(dense, {.no_state = true, .real = real, .cache = false});
    over_time.reset_state(5);
    Tensor y = over_time(c.input("x").to(real)).out.leaf();
    Tolerance tolerance = real == f64 ? Tolerance{.relative = 1e-14} : f32_tolerance(c, "y");
    CHECK(difference("y", y, c.expected("y"), tolerance) == "");
    CHECK(over_time.i0() == 7);
  }
}
