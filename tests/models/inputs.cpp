// SPDX-License-Identifier: Apache-2.0
// Input generators: where their pieces begin and end, moments of the random ones, and what they refuse.
#include "models/inputs/currents.h"
#include "models/inputs/noise.h"
#include "models/inputs/waves.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {
std::vector<double> numbers(const Tensor &x) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < x.size(); ++k)
    all.push_back(x[k]);
  return all;
}

struct Moments {
  double mean = 0, variance = 0;
};
/// Of `count` numbers from `first` on, every `stride`-th.
Moments moments(const Tensor &x, std::int64_t first, std::int64_t count, std::int64_t stride = 1) {
  Moments m;
  for (std::int64_t k = 0; k < count; ++k)
    m.mean += x[first + k * stride] / static_cast<double>(count);
  for (std::int64_t k = 0; k < count; ++k)
    m.variance += std::pow(x[first + k * stride] - m.mean, 2) / static_cast<double>(count);
  return m;
}
} // namespace

TEST_CASE("pieces begin at the first step that is not before them", "[inputs]") {
  // 0.3 / 0.1 is 2.9999999999999996: three steps all the same, and nothing is left over at the end.
  CHECK(numbers(constant_input({{1, 0.3}, {2, 0.3}, {3, 0.3}}, {.dt = 0.1})) ==
        std::vector<double>{1, 1, 1, 2, 2, 2, 3, 3, 3});
  // Steps at 0, 1, 2, 3, 4 ms; the second piece begins at 1.5.
  CHECK(numbers(constant_input({{1, 1.5}, {2, 3_ms}}, {.dt = 1.0})) == std::vector<double>{1, 1, 2, 2, 2});
  CHECK(numbers(constant_input({{1, 0.2}, {2, 0.2}, {3, 1}}, {.dt = 1.0})) == std::vector<double>{1, 3});
  CHECK(constant_input({{1, 0}}, {.dt = 1.0}).shape() == Shape{0});
}

TEST_CASE("a level may be an array with a number for each neuron", "[inputs]") {
  Tensor input = section_input({0, Tensor::of({1, 2}, f64)}, {1, 2}, {.dt = 1.0, .real = f64});
  CHECK(input.shape() == Shape{3, 2});
  CHECK(numbers(input) == std::vector<double>{0, 0, 1, 2, 1, 2});
}

TEST_CASE("pulses, ramps and windows", "[inputs]") {
  // The pulse at 1.5 begins in step 1 and lasts one step, the one at 2.9 two; the later of the list counts.
  CHECK(numbers(spike_input(std::vector<Pulse>{{1.5, 0.1, 5}, {2.9, 1.5, 7}, {3, 1, 9}}, 5, {.dt = 1.0})) ==
        std::vector<double>{0, 5, 7, 9, 0});
  CHECK(numbers(spike_input({0, 2}, {1}, {4}, 3, {.dt = 1.0})) == std::vector<double>{4, 0, 4});
  CHECK(numbers(ramp_input(1, 3, 4, {.t_start = 1}, {.dt = 1.0})) == std::vector<double>{0, 1, 2, 3});
  CHECK(numbers(ramp_input(1, 3, 3, {.t_start = 1, .t_end = 2}, {.dt = 1.0})) == std::vector<double>{0, 1, 0});
  CHECK(numbers(square_input(2, 250, 6, {.window = {.t_start = 1_ms}, .input = {.dt = 1.0}})) ==
        std::vector<double>{0, 2, 2, -2, -2, 2});
  // Edges at whole steps stay there: 0.1 ms steps, 100 steps a period, 30000 edges.
  Tensor wave = square_input(1, 100 * Hz, 1.5_s, {.input = {.dt = 0.1}});
  std::int64_t wrong = 0;
  for (std::int64_t k = 0; k < wave.size(); ++k)
    wrong += wave[k] != (k % 100 < 50 ? 1 : -1);
  CHECK(wrong == 0);
  CHECK(sinusoidal_input(2, 250, 2, {.input = {.dt = 1.0, .real = f64}})[1] == Approx(2.0));
}

TEST_CASE("an input drives a population of any size, in f32 and f64", "[inputs]") {
  struct Sum : Neuron {
    explicit Sum(std::int64_t n) : Neuron(n) {}
    State total = state("total", 0 * nA);
    Value update() override { return total = total + I; }
  } model(3);
  LoopOverTime over_time(model, {.dt = 1.0, .cache = false});
  over_time(constant_input({{1, 3}, {2, 2}}, {.dt = 1.0}));
  CHECK(numbers(model.total.value()) == std::vector<double>{7, 7, 7});
}

TEST_CASE("Wiener increments are independent normals of variance dt", "[inputs]") {
  constexpr std::int64_t n = 200000;
  Tensor w = wiener_process(0.25 * n, {.seed = 3, .input = {.dt = 0.25, .real = f64}});
  Moments m = moments(w, 0, n);
  // Five standard errors: sqrt(variance / n), variance sqrt(2 / n).
  CHECK(std::abs(m.mean) < 5 * 0.5 / std::sqrt(n));
  CHECK(std::abs(m.variance - 0.25) < 5 * 0.25 * std::sqrt(2.0 / n));
  double next = 0.0;
  for (std::int64_t k = 0; k + 1 < n; ++k)
    next += w[k] * w[k + 1] / static_cast<double>(n);
  CHECK(std::abs(next) < 5 * 0.25 / std::sqrt(n));
  CHECK(wiener_process(2, {.n = 3, .window = {.t_start = 1}, .input = {.dt = 1.0}}).shape() == Shape{2, 3});
  CHECK(wiener_process(2, {.n = 3, .window = {.t_start = 1}, .input = {.dt = 1.0}})[2] == 0.0);
}

TEST_CASE("the Ornstein-Uhlenbeck process has the moments of its solution at any step", "[inputs]") {
  // Var x(t) = sigma^2 tau / 2 (1 - exp(-2 t / tau)) and E x = mean, for 40000 paths; dt of half a tau.
  constexpr std::int64_t paths = 40000;
  double tau = 4.0, sigma = 0.5;
  for (double dt : {0.5, 2.0}) {
    Tensor x = ou_process(1.5, sigma, tau, 20, {.n = paths, .seed = 1, .input = {.dt = dt, .real = f64}});
    CHECK(x[0] == 1.5);
    for (double t : {2.0, 6.0, 18.0}) {
      auto k = static_cast<std::int64_t>(t / dt);
      Moments m = moments(x, k * paths, paths);
      double variance = sigma * sigma * tau / 2 * (1 - std::exp(-2 * t / tau));
      INFO("dt " << dt << ", t " << t);
      CHECK(std::abs(m.mean - 1.5) < 5 * std::sqrt(variance / paths));
      CHECK(std::abs(m.variance - variance) < 5 * variance * std::sqrt(2.0 / paths));
    }
  }
}

TEST_CASE("random inputs depend on their seed only, and not on each other's", "[inputs]") {
  NoiseOptions options{.n = 4, .seed = 9, .input = {.dt = 0.1, .real = f64}};
  CHECK(numbers(wiener_process(5, options)) == numbers(wiener_process(5, options)));
  Tensor w = wiener_process(500, options), x = ou_process(0, 1, 1e9, 500, options);
  // With this tau the steps of x are the increments of the process; those of w are others.
  double both = 0.0;
  for (std::int64_t k = 0; k + 4 < w.size(); ++k)
    both += w[k] * (x[k + 4] - x[k]) / 0.1 / static_cast<double>(w.size());
  CHECK(std::abs(both) < 5 / std::sqrt(w.size()));
  NoiseOptions other = options;
  other.seed = 10;
  CHECK(numbers(wiener_process(5, other)) != numbers(wiener_process(5, options)));
}

TEST_CASE("input generators say what is wrong, and where", "[inputs]") {
  auto says = [](const std::string &text) { return Catch::Contains(text); };
  CHECK_THROWS_WITH(constant_input({}), says("inputs.cpp:") && says("no pieces"));
  CHECK_THROWS_WITH(constant_input({{1, -1}}), says("not negative, got -1 ms"));
  CHECK_THROWS_WITH(constant_input({{1, 1}}, {.dt = 0.0}), says("dt of an input must be positive"));
  CHECK_THROWS_WITH(constant_input({{1, 1}}, {.real = i64}), says("f32 or f64, got i64"));
  CHECK_THROWS_WITH(constant_input({{Tensor::of({1, 2}), 1}, {Tensor::of({1, 2, 3}), 1}}), says("shapes [2] and [3]"));
  CHECK_THROWS_WITH(section_input({1, 2}, {1}), says("2 levels and 1 durations"));
  CHECK_THROWS_WITH(ramp_input(0, 1, 10, {.t_start = 5, .t_end = 4}), says("ends before it begins"));
  CHECK_THROWS_WITH(ramp_input(0, 1, 10, {.t_end = 20}), says("t_end = 20 ms is after the duration of 10 ms"));
  CHECK_THROWS_WITH(spike_input(std::vector<Pulse>{{12, 1, 1}}, 10), says("begins at 12 ms, outside"));
  CHECK_THROWS_WITH(spike_input(std::vector<Pulse>{{1, 0, 1}}, 10), says("has no length"));
  CHECK_THROWS_WITH(spike_input({1, 2, 3}, {1, 2}, {1}, 10), says("3 starts, 2 lengths and 1 sizes"));
  CHECK_THROWS_WITH(square_input(1, -3, 10), says("not negative, got -3 Hz"));
  CHECK_THROWS_WITH(square_input(1, 3_ms, 10), says("counts in [Hz], got [ms]"));
  CHECK_THROWS_WITH(wiener_process(1, {.n = 0}), says("n = 0 neurons"));
  CHECK_THROWS_WITH(ou_process(0, 1, 0, 10), says("tau of an Ornstein-Uhlenbeck process must be above 0"));
  CHECK_THROWS_WITH(ou_process(0, -1, 1, 10), says("sigma of an Ornstein-Uhlenbeck process must be 0 or more"));
}
