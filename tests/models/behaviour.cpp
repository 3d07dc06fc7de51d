// SPDX-License-Identifier: Apache-2.0
// Facts about models that need no other program: fixed points, rates, refractoriness, the guarded 0/0.
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "models/neurons/wang_buzsaki.h"
#include "models/zoo.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {
std::int64_t count(const Tensor &spikes) {
  std::int64_t n = 0;
  for (std::int64_t k = 0; k < spikes.size(); ++k)
    n += spikes[k] != 0.0;
  return n;
}
} // namespace

TEST_CASE("every model of the zoo is built, named, and runs in f32 without NaN", "[models]") {
  for (const ZooEntry &entry : zoo_entries()) {
    INFO(entry.name);
    ZooArgs args{.size = 3};
    if (entry.name == "Dropout")
      args.scalars = {{"keep_prob", 0.5}};
    auto model = make_model(entry.name, args);
    CHECK_FALSE(entry.summary.empty());
    LoopOverTime over_time(*model, {.cache = false});
    Tensor out = over_time(Tensor::full({200, 3}, 1)).out.leaf();
    CHECK(out.shape() == Shape{200, 3});
    bool finite = true;
    for (std::int64_t k = 0; k < out.size(); ++k)
      finite = finite && std::isfinite(out[k]);
    for (const auto &[path, state] : model->states())
      for (std::int64_t k = 0; k < state.value().size(); ++k)
        finite = finite && std::isfinite(state.value()[k]);
    CHECK(finite);
    for (const std::string &alias : entry.aliases)
      CHECK(&find_model(alias) == &entry);
  }
}

TEST_CASE("an unknown model or parameter is an error that names the nearest", "[models]") {
  CHECK_THROWS_WITH(make_model("Izikevich"), Catch::Contains("Izhikevich"));
  CHECK_THROWS_WITH(make_model("HH", {.scalars = {{"gNA", 1.0}}}), Catch::Contains("gNa"));
}

TEST_CASE("HH and WangBuzsaki pass the potentials where their fitted rates are 0/0", "[models]") {
  for (DType real : {f32, f64}) {
    HH hh(2);
    LoopOverTime over_hh(hh, {.real = real, .cache = false});
    over_hh.reset_state();
    hh.V.set_value(Tensor::of({-40, -55}, f64));
    over_hh.steps(1);
    WangBuzsaki wb(2);
    wb.V.set_value(Tensor::of({-35, -34}, f64));
    LoopOverTime over_wb(wb, {.real = real, .cache = false});
    over_wb.steps(1);
    for (const State *state : {&hh.V, &hh.m, &hh.n, &wb.V, &wb.n})
      for (std::int64_t k = 0; k < 2; ++k)
        CHECK(std::isfinite(state->value()[k]));
  }
}

TEST_CASE("HH rests without current and fires at 10 uA/cm2", "[models]") {
  HH hh(2);
  LoopOverTime over_time(hh, {.cache = false});
  over_time(50.0); // the drawn start decays
  Tensor current({5000, 2}, f32);
  for (std::int64_t k = 0; k < 5000; ++k)
    current.set(2 * k + 1, 10.0);
  Tensor spikes = over_time(current).out.leaf();
  std::int64_t resting = 0, firing = 0;
  for (std::int64_t k = 0; k < 5000; ++k) {
    resting += spikes[2 * k] != 0.0;
    firing += spikes[2 * k + 1] != 0.0;
  }
  CHECK(resting == 0);
  CHECK(firing > 20);
}

TEST_CASE("LIF fires after tau log(RI / (RI - V_th)), exactly on the grid", "[models]") {
  LIF lif(1);
  LoopOverTime over_time(lif, {.dt = 0.1, .real = f64, .cache = false});
  Tensor spikes = over_time(Tensor::full({1000, 1}, 30, f64)).out.leaf();
  // V(n dt) = 30 (1 - exp(-n dt / 10)) is exact under exp_euler; the first n with V >= 20 fires in step n - 1.
  auto first = static_cast<std::int64_t>(std::ceil(10 * std::log(30.0 / 10.0) / 0.1)) - 1;
  std::int64_t k = 0;
  while (k < 1000 && spikes[k] == 0.0)
    ++k;
  CHECK(k == first);
  // Later intervals start at V_reset = -5: tau log((30 + 5) / 10).
  auto interval = static_cast<std::int64_t>(std::ceil(10 * std::log(35.0 / 10.0) / 0.1));
  CHECK(count(spikes) == 1 + (1000 - 1 - first) / interval);
}

TEST_CASE("a refractory time of 5 ms is added to the interval of LIF", "[models]") {
  // 60 nA: tau log(65 / 40) = 4.86 ms between spikes, 9.86 ms with the refractory time.
  LIF free(1), held(1, {.tau_ref = 5_ms});
  auto rate = [](LIF &lif) {
    return count(LoopOverTime(lif, {.cache = false})(Tensor::full({10000, 1}, 60)).out.leaf());
  };
  CHECK(rate(free) == Approx(1000 / 4.9).margin(2));
  CHECK(rate(held) == Approx(1000 / 9.9).margin(2));
}
