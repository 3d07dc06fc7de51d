// SPDX-License-Identifier: Apache-2.0
// Inputs drawn or played inside the loop: rates, moments, times.
#include "models/inputs/ou_process.h"
#include "models/inputs/poisson_group.h"
#include "models/inputs/spike_time_group.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/rates/rate_fhn.h"
#include "models/rates/threshold_linear.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

using namespace overtime;

namespace {

double total(const Tensor &x, std::int64_t first, std::int64_t last) {
  double sum = 0;
  for (std::int64_t k = first; k < last; ++k)
    sum += x[k];
  return sum;
}

/// Mean of the product of x and x `lag` rows later, of a process with mean 0: [T, N] from a row on.
double covariance(const Tensor &x, std::int64_t from, std::int64_t lag) {
  std::int64_t steps = x.shape()[0], n = x.shape()[1];
  double sum = 0, count = 0;
  for (std::int64_t k = from; k + lag < steps; ++k)
    for (std::int64_t c = 0; c < n; ++c, ++count)
      sum += x[k * n + c] * x[(k + lag) * n + c];
  return sum / count;
}

} // namespace

TEST_CASE("PoissonGroup fires at its rate, irregularly, and follows the data of a call", "[inputs]") {
  constexpr std::int64_t n = 200, steps = 20000;
  Tensor rates = Tensor::full({n}, 20, f64);
  rates.set(0, 0.0);
  rates.set(1, 1e9); // fires in every step
  PoissonGroup group(n, rates);
  LoopOverTime over_time(group, {.dt = 0.1, .seed = 1, .cache = false});
  Tensor spikes = over_time.steps(steps).out.leaf();
  std::vector<double> counts(n);
  for (std::int64_t k = 0; k < spikes.size(); ++k)
    counts[static_cast<std::size_t>(k % n)] += spikes[k];
  CHECK(counts[0] == 0);
  CHECK(counts[1] == steps);
  // 40 spikes of each of 198 neurons, within five deviations of Bernoulli draws.
  double fired = 0, mean = 198 * 40.0;
  for (std::size_t k = 2; k < n; ++k)
    fired += counts[k];
  CHECK(std::abs(fired - mean) < 5 * std::sqrt(mean));
  Tensor cv = isi_cv(spikes);
  CHECK(total(cv, 2, n) / 198 == Approx(1.0).margin(0.05)); // of finite samples a little below 1
  // 10 steps at 20 + 480 Hz on top: 0.05 in a step.
  Tensor more = over_time(Tensor::full({2000}, 480)).out.leaf();
  double high = 0;
  for (std::int64_t k = 0; k < more.size(); ++k)
    high += k % n > 1 ? more[k] : 0;
  double expected = 198 * 2000 * 0.05;
  CHECK(std::abs(high - expected) < 5 * std::sqrt(expected));
}

TEST_CASE("another population and other weights leave the spikes of a Poisson group as they are", "[inputs]") {
  auto spikes = [](std::int64_t others, std::int32_t threads, std::int64_t chunk) {
    struct Net : Network {
      explicit Net(std::int64_t others) {
        if (others > 0) {
          add("A", PoissonGroup(others, 50 * Hz));
          add("noise", OUProcess(others));
        }
      }
      PoissonGroup input = child("input", PoissonGroup(300, 200 * Hz));
    } net(others);
    LoopOverTime over_time(net, {.out_vars = net.input.spike, .threads = threads, .seed = 5, .cache = false});
    std::vector<double> all;
    for (std::int64_t done = 0; done < 240; done += chunk) {
      const Tensor fired = over_time.steps(chunk).vars;
      all.insert(all.end(), fired.values<std::uint8_t>().begin(), fired.values<std::uint8_t>().end());
    }
    return all;
  };
  std::vector<double> alone = spikes(0, 1, 240);
  CHECK(std::accumulate(alone.begin(), alone.end(), 0.0) > 1000);
  CHECK(spikes(7, 1, 240) == alone);
  CHECK(spikes(1000, 2, 240) == alone);
  CHECK(spikes(7, 4, 24) == alone);
}

TEST_CASE("OUProcess has the variance and the correlation of its solution", "[inputs]") {
  OUProcess process(500, {.mean = 2.0, .sigma = 0.4, .tau = 5_ms}, mV);
  LoopOverTime over_time(process, {.dt = 0.5, .real = f64, .seed = 2, .cache = false});
  Tensor x = over_time.steps(2000).out.leaf();
  for (std::int64_t k = 0; k < x.size(); ++k)
    x.set(k, x[k] - 2.0);
  double variance = 0.4 * 0.4 * 5 / 2; // 0.4
  // 500 paths of about 100 independent stretches each.
  CHECK(covariance(x, 100, 0) == Approx(variance).epsilon(0.03));
  CHECK(covariance(x, 100, 10) == Approx(variance * std::exp(-1.0)).epsilon(0.05));
  // The input adds to the mean.
  over_time.reset_state();
  Tensor shifted = over_time(Tensor::full({2000}, 3, f64)).out.leaf();
  CHECK(total(shifted, 500 * 500, 2000 * 500) / (1500 * 500) == Approx(5.0).margin(0.02));
  CHECK_THROWS_WITH(OUProcess(1, {.tau = 0}), Catch::Contains("tau of an Ornstein-Uhlenbeck process is positive"));
  CHECK_THROWS_WITH(OUProcess(1, {.sigma = -1}), Catch::Contains("sigma of an Ornstein-Uhlenbeck process is positive"));
}

TEST_CASE("SpikeTimeGroup fires in the steps of its times, each once", "[inputs]") {
  std::vector<std::int64_t> indices = {2, 0, 2, 0, 1, 0};
  std::vector<double> times = {0.3, 0.0, 0.1, 7.7, 5.04, 7.75}; // not in order; the last two in one step
  for (DType real : {f32, f64})
    for (bool batch : {false, true}) {
      SpikeTimeGroup group(3, indices, times);
      LoopOverTime over_time(group, {.dt = 0.1, .real = real, .cache = false});
      if (batch)
        over_time.reset_state(2);
      Tensor first = over_time.steps(37).out.leaf(), rest = over_time.steps(63).out.leaf();
      std::vector<std::pair<std::int64_t, std::int64_t>> fired;
      std::int64_t width = batch ? 6 : 3;
      for (auto [part, offset] : {std::pair(first, 0), std::pair(rest, 37)})
        for (std::int64_t k = 0; k < part.size(); ++k)
          if (part[k] != 0 && k % width < 3)
            fired.emplace_back(offset + k / width, k % width);
      CHECK(fired == std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 0}, {1, 2}, {3, 2}, {50, 1}, {77, 0}});
    }
}

TEST_CASE("SpikeTimeGroup fires at every multiple of dt, wherever the run begins", "[inputs]") {
  std::vector<std::int64_t> indices(5000);
  std::vector<double> times;
  for (std::int64_t k = 0; k < 5000; ++k)
    times.push_back(0.1 * static_cast<double>(k));
  for (DType real : {f32, f64}) {
    SpikeTimeGroup group(1, indices, times);
    LoopOverTime over_time(group, {.t0 = 100.0, .dt = 0.1, .real = real, .cache = false});
    Tensor spikes = over_time.steps(4100).out.leaf();
    CHECK(total(spikes, 0, 4000) == 4000); // from 100 ms to 500 ms, and nothing of what was before
    CHECK(total(spikes, 4000, 4100) == 0);
  }
  CHECK_THROWS_WITH(SpikeTimeGroup(2, {0}, {1, 2}), Catch::Contains("1 indices for 2 times"));
  CHECK_THROWS_WITH(SpikeTimeGroup(2, {2}, {1}), Catch::Contains("spike 0 is of neuron 2, the group has 2"));
  CHECK_THROWS_WITH(SpikeTimeGroup(2, {0}, {NAN}), Catch::Contains("not finite"));
}

TEST_CASE("noise of a rate model is its own and adds to its input", "[inputs]") {
  struct Network : Neuron {
    Network() : Neuron(1) {}
    RateFHN plain = child("plain", RateFHN(3)), noisy = child("noisy", RateFHN(3, {.x_ou = OUOptions{.sigma = 0.2}}));
    Value update() override {
      plain.update();
      return noisy.update();
    }
  } network;
  CHECK(network.states().contains("noisy.x_ou.x"));
  CHECK_FALSE(network.states().contains("plain.x_ou.x"));
  LoopOverTime over_time(network,
                         {.out_vars = {network.plain.x, network.noisy.x, network.noisy.x_ou->x}, .cache = false});
  network.plain.x.set_value(0.01);
  network.plain.y.set_value(0.0);
  network.noisy.x.set_value(0.01);
  network.noisy.y.set_value(0.0);
  LoopResult r = over_time(20.0);
  const Tensor &plain = r[network.plain.x], &noisy = r[network.noisy.x];
  CHECK(plain[30] == plain[31]);
  CHECK(noisy[30] != noisy[31]); // each element has noise of its own
  // In the first step the noise has moved x by dt times itself, up to the linear part.
  double gain = (noisy[0] - plain[0]) / r[network.noisy.x_ou->x][0];
  CHECK(gain == Approx(-std::expm1(-1.5 * 0.1) / 1.5).epsilon(0.05));
}

TEST_CASE("ThresholdLinear with noise varies as Euler's steps do", "[inputs]") {
  ThresholdLinear model(2000, {.sigma_e = 0.3});
  model.I.set_value(1000.0); // 66 Hz, far from the floor
  LoopOverTime over_time(model, {.dt = 0.1, .real = f64, .seed = 5, .cache = false});
  over_time(400.0);
  double mean = 0, variance = 0, decay = 1 - 0.1 / 20;
  for (std::int64_t k = 0; k < 2000; ++k)
    mean += model.r_e.value()[k] / 2000;
  for (std::int64_t k = 0; k < 2000; ++k)
    variance += std::pow(model.r_e.value()[k] - mean, 2) / 2000;
  double expected = 0.3 * 0.3 * 0.1 / (1 - decay * decay);
  CHECK(std::abs(mean - 66) < 5 * std::sqrt(expected / 2000));
  CHECK(std::abs(variance - expected) < 5 * expected * std::sqrt(2.0 / 2000));
}
