// SPDX-License-Identifier: Apache-2.0
// Measures on recordings whose values are known, and what they refuse.
#include "models/measures/accuracy.h"
#include "models/measures/correlation.h"
#include "models/measures/spikes.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace overtime;

namespace {
/// Spikes [T, N] of one byte each, from the steps in which each neuron fires.
Tensor spikes_at(std::int64_t steps, const std::vector<std::vector<std::int64_t>> &fired) {
  auto n = static_cast<std::int64_t>(fired.size());
  Tensor spikes({steps, n}, DType::Bool);
  for (std::int64_t neuron = 0; neuron < n; ++neuron)
    for (std::int64_t k : fired[static_cast<std::size_t>(neuron)])
      spikes.set(k * n + neuron, 1);
  return spikes;
}
} // namespace

TEST_CASE("a raster lists spikes in the order of time", "[measures]") {
  Raster pairs = raster(spikes_at(4, {{3}, {0, 2}, {2}}), Tensor::of({10, 11, 12, 13}, f64));
  CHECK(pairs.index.str() == "i64 [4] 1 1 2 0");
  CHECK(pairs.times.str() == "f64 [4] 10 12 12 13");
  CHECK(raster(spikes_at(3, {{2}}), 0.5).times[0] == 1.0);
  CHECK(raster(spikes_at(3, {{}, {}})).index.shape() == Shape{0});
}

TEST_CASE("the rate of a clock is its frequency", "[measures]") {
  // Two of four neurons fire every 10 steps of 1 ms: 50 Hz on average, in a window of 101 steps over 100 ms.
  std::vector<std::int64_t> clock;
  for (std::int64_t k = 0; k < 400; k += 10)
    clock.push_back(k);
  Tensor rate = firing_rate(spikes_at(400, {clock, {}, clock, {}}), 100, 1.0);
  CHECK(rate.shape() == Shape{400});
  CHECK(rate[205] == Approx(50.0)); // 155 .. 255 hold 10 spikes
  CHECK(rate[200] == Approx(55.0)); // 150 .. 250 hold 11
  CHECK(rate[0] == Approx(30.0));   // 0 .. 50, and nothing before
  CHECK(firing_rate(Tensor({0, 3}, DType::Bool), 5).shape() == Shape{0});
}

TEST_CASE("intervals of a clock do not vary; those of 1, 3, 1, 3, ... vary by half", "[measures]") {
  Tensor cv = isi_cv(spikes_at(100, {{0, 7, 14, 21, 28}, {10, 11, 14, 15, 18}, {5, 50}, {}}));
  CHECK(cv[0] == 0.0);
  CHECK(cv[1] == Approx(0.5)); // mean 2, deviation 1
  CHECK(std::isnan(cv[2]));
  CHECK(std::isnan(cv[3]));
}

TEST_CASE("intervals of a Poisson process vary by their mean", "[measures]") {
  Tensor draws = Tensor::uniform({200000, 1}, 0, 1, 5), spikes({200000, 1}, DType::Bool);
  for (std::int64_t k = 0; k < draws.size(); ++k)
    spikes.set(k, draws[k] < 0.02);
  // Geometric intervals: CV = sqrt(1 - p); its standard error for 4000 of them is about 1 / sqrt(4000).
  CHECK(isi_cv(spikes)[0] == Approx(std::sqrt(0.98)).margin(5 / std::sqrt(4000.0)));
}

TEST_CASE("rates count spikes, and means leave out neurons with too few", "[measures]") {
  Tensor spikes = spikes_at(100, {{0, 7, 14, 21, 28}, {10, 11, 14, 15, 18}, {5, 50}, {}});
  Tensor each = rates(spikes, 0.5); // 100 steps of 0.5 ms
  CHECK((each[0] == Approx(100) && each[1] == Approx(100) && each[2] == Approx(40) && each[3] == 0.0));
  CHECK(mean_rate(spikes, 0.5) == Approx(60));
  CHECK(mean_rate(spikes.to(f32), 0.5) == Approx(60));
  CHECK(mean_cv(spikes) == Approx(0.25)); // of 0 and 0.5
  CHECK(std::isnan(mean_cv(spikes, 6)));
  CHECK_THROWS_WITH(rates(spikes.rows(0, 0)), Catch::Contains("no rate of no steps"));
}

TEST_CASE("cross_correlation counts bins that two neurons share", "[measures]") {
  // Bins of 3 steps. Neuron 0 fires in bins 0, 1, 3; 1 in bins 0, 3; 2 never: 2 / sqrt(3 * 2) of three pairs.
  Tensor spikes = spikes_at(10, {{0, 1, 3, 9}, {2, 9}, {}});
  CHECK(cross_correlation(spikes, 3, 1.0) == Approx(2 / std::sqrt(6.0) / 3));
  CHECK(cross_correlation(spikes_at(200, {{70, 199}, {70, 199}}), 0.1, 0.1) == 1.0);
  CHECK(cross_correlation(spikes_at(10, {{0}, {}}), 0.3, 0.1) == 0.0);
}

TEST_CASE("fluctuations are common or each neuron's own", "[measures]") {
  Tensor same({100, 4}, f64), alternating({100, 4}, f64);
  for (std::int64_t k = 0; k < 400; ++k) {
    same.set(k, std::sin(0.1 * static_cast<double>(k / 4)));
    alternating.set(k, same[k] * (k % 2 ? 1 : -1));
  }
  CHECK(voltage_fluctuation(same) == Approx(1.0));
  CHECK(voltage_fluctuation(alternating) == Approx(0.0).margin(1e-15));
  CHECK(voltage_fluctuation(Tensor::full({100, 4}, 0.1, f64)) == 1.0);
  Tensor fc = functional_connectivity(alternating);
  CHECK(fc[0] == 1.0);
  CHECK(fc[1] == Approx(-1.0));
  CHECK(fc[2] == Approx(1.0));
  Tensor with_constant = Tensor::of({3, 2}, std::vector<double>{0.1, 1, 0.1, 2, 0.1, 4}, f64);
  CHECK(functional_connectivity(with_constant).str() == "f64 [2, 2] 0 0 0 1");
}

TEST_CASE("matrices and weighted arrays correlate as Pearson says", "[measures]") {
  Tensor a = Tensor::of({3, 3}, std::vector<double>{9, 1, 2, 9, 9, 4, 9, 9, 9}, f64);
  Tensor b = Tensor::of({3, 3}, std::vector<double>{0, 3, 1, 7, 5, 2, 8, 8, 8}, f64);
  // Above the diagonal (1, 2, 4) and (3, 1, 2): covariance -1/3 * 3 ... = sum (da db) = -1, sums of squares 14/3 and 2.
  CHECK(matrix_correlation(a, b) == Approx(-1 / std::sqrt(14.0 / 3 * 2)));
  Tensor x = Tensor::of({0, 1, 5}, f64), y = Tensor::of({0, 2, -5}, f64);
  CHECK(weighted_correlation(x, y, Tensor::of({1, 1, 0}, f64)) == Approx(1.0));
  // Weight 2 is the same as to have the pair twice.
  Tensor twice_x = Tensor::of({0, 1, 5, 5}, f64), twice_y = Tensor::of({0, 2, -5, -5}, f64);
  CHECK(weighted_correlation(x, y, Tensor::of({1, 1, 2}, f64)) ==
        Approx(weighted_correlation(twice_x, twice_y, Tensor::full({4}, 1, f64))));
}

TEST_CASE("measures say what is wrong, and where", "[measures]") {
  auto says = [](const std::string &text) { return Catch::Contains(text); };
  Tensor spikes = spikes_at(4, {{0}, {1}});
  CHECK_THROWS_WITH(raster(Tensor({4}, f32)), says("raster takes spikes [T, N], got [4]"));
  CHECK_THROWS_WITH(raster(spikes, Tensor({5}, f64)), says("a time for each of the 4 steps, got times [5]"));
  CHECK_THROWS_WITH(raster(spikes, 0.0), says("measures.cpp:") && says("dt must be positive"));
  CHECK_THROWS_WITH(firing_rate(spikes, 0), says("width of a window must be above 0"));
  CHECK_THROWS_WITH(firing_rate(Tensor(1.0), 1), says("got a number"));
  CHECK_THROWS_WITH(isi_cv(Tensor({4}, f32)), says("isi_cv takes spikes [T, N]"));
  CHECK_THROWS_WITH(cross_correlation(spikes_at(4, {{0}}), 1), says("pairs of neurons, got 1"));
  CHECK_THROWS_WITH(cross_correlation(spikes, 0.05, 0.1), says("shorter than a step"));
  CHECK_THROWS_WITH(voltage_fluctuation(Tensor({0, 3}, f32)), says("takes [T, N] with numbers in it, got [0, 3]"));
  CHECK_THROWS_WITH(functional_connectivity(Tensor({3}, f32)), says("takes [T, N] with numbers in it, got [3]"));
  CHECK_THROWS_WITH(matrix_correlation(Tensor({3, 3}, f32), Tensor({3, 4}, f32)), says("square matrices of one size"));
  CHECK_THROWS_WITH(weighted_correlation(Tensor({3}, f32), Tensor({4}, f32), Tensor({3}, f32)), says("one shape"));
  CHECK_THROWS_WITH(weighted_correlation(Tensor({3}, f32), Tensor({3}, f32), Tensor({3}, f32)), says("weights are 0"));
  CHECK_THROWS_WITH(weighted_correlation(Tensor({1}, f32), Tensor({1}, f32), Tensor::of({-1})), says("0 or more"));
}

TEST_CASE("accuracy is the share of rows whose largest number is at the label", "[measures]") {
  Tensor out = Tensor::of({2, 3, 2}, std::vector<double>{1, 0, 0, 1, 3, 2, /* step 1 */ 0, 1, 0, 1, 5, 5});
  CHECK(accuracy(out, Tensor::of({2, 3}, std::vector<double>{0, 1, 1, 1, 0, 0}, i64)) == Approx(4.0 / 6)); // each step
  CHECK(accuracy(out, Tensor::of({1, 1, 0}, i64)) == 1.0);             // the last one; of 5, 5 the first
  CHECK(accuracy(out, Tensor::of({0, 1, 1}, i64)) == Approx(1.0 / 3)); // not the first step, which would be 2/3
  CHECK(accuracy(out.rows(0, 1).reshape({3, 2}), Tensor::of({0, 1, 0})) == 1.0);                  // labels may be reals
  CHECK(accuracy(Tensor::of({1, 3}, std::vector<double>{0, 2, 1}), Tensor::of({1}, i64)) == 1.0); // one sample
}

TEST_CASE("a row with NaN and a label that is no class are wrong", "[measures]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Tensor out = Tensor::of({4, 2}, std::vector<double>{0, nan, nan, 0, 0, 1, 1, 0});
  CHECK(accuracy(out, Tensor::of({0, 1, 2, -1}, i64)) == 0.0);
}

TEST_CASE("accuracy refuses labels that do not fit", "[measures]") {
  Tensor out({4, 3, 2}, f32);
  CHECK_THROWS_WITH(accuracy(out, Tensor({2}, i64)), Catch::Contains("got [2] and [4, 3, 2]"));
  CHECK_THROWS_WITH(accuracy(out, Tensor({4, 3, 2}, i64)), Catch::Contains("labels [..] of outputs [.., K]"));
  CHECK_THROWS_WITH(accuracy(Tensor(), Tensor()), Catch::Contains("accuracy wants"));
  CHECK_THROWS_WITH(accuracy(Tensor(1.0), Tensor(1.0)), Catch::Contains("accuracy wants"));
}
