// SPDX-License-Identifier: Apache-2.0
// What is measured of recorded spikes.
#include "models/measures/spikes.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace overtime {
namespace {

/// Spikes as [T, N]; an error for another rank.
void require_population(const Tensor &spikes, const char *what, SourceLocation at) {
  if (spikes.rank() != 2)
    throw Error(ErrorKind::Shape, std::string(what) + " takes spikes [T, N], got " + to_string(spikes.shape()), at);
}

double step_of(std::optional<Duration> dt, SourceLocation at) {
  double step = dt ? dt->ms : get_dt();
  if (!std::isfinite(step) || step <= 0.0)
    throw Error(ErrorKind::Value, "dt must be positive and finite, got " + std::to_string(step) + " ms", at);
  return step;
}

/// floor(length / dt), where a quotient just below an integer is that integer.
std::int64_t whole_steps(double length, double dt) {
  double n = length / dt, nearest = std::round(n);
  return static_cast<std::int64_t>(std::abs(n - nearest) <= 1e-9 * std::max(1.0, n) ? nearest : std::floor(n));
}

/// Calls f(place, number) for each element that is not 0. Most are: of flags eight are looked at together.
template <class F> void each_spike(const Tensor &spikes, const F &f) {
  if (spikes.dtype() != DType::Bool) {
    for (std::int64_t k = 0; k < spikes.size(); ++k)
      if (double number = spikes[k]; number != 0.0)
        f(k, number);
    return;
  }
  auto flags = spikes.values<std::uint8_t>();
  for (std::size_t k = 0; k < flags.size();) {
    std::uint64_t eight = 1;
    if (k + 8 <= flags.size())
      std::memcpy(&eight, &flags[k], 8);
    std::size_t end = std::min(k + 8, flags.size());
    if (eight == 0)
      k = end;
    for (; k < end; ++k)
      if (flags[k])
        f(static_cast<std::int64_t>(k), 1.0);
  }
}

/// One bit for each bin in which a neuron has fired.
using Bins = std::vector<std::uint64_t>;

std::vector<Bins> binned(const Tensor &spikes, std::int64_t steps_a_bin) {
  std::int64_t steps = spikes.shape()[0], n = spikes.shape()[1];
  auto words = static_cast<std::size_t>((steps / steps_a_bin) / 64 + 1);
  std::vector<Bins> fired(static_cast<std::size_t>(n), Bins(words));
  each_spike(spikes, [&](std::int64_t k, double) {
    auto bin = static_cast<std::size_t>(k / n / steps_a_bin);
    fired[static_cast<std::size_t>(k % n)][bin / 64] |= std::uint64_t(1) << (bin % 64);
  });
  return fired;
}

double count(const Bins &a, const Bins &b) {
  int sum = 0;
  for (std::size_t w = 0; w < a.size(); ++w)
    sum += std::popcount(a[w] & b[w]);
  return sum;
}

} // namespace

Raster raster(const Tensor &spikes, const Tensor &times, std::source_location at) {
  require_population(spikes, "raster", at);
  if (times.rank() != 1 || times.size() != spikes.shape()[0])
    throw Error(ErrorKind::Shape,
                "raster takes a time for each of the " + std::to_string(spikes.shape()[0]) + " steps, got times " +
                    to_string(times.shape()),
                at);
  std::vector<std::int64_t> fired;
  each_spike(spikes, [&](std::int64_t k, double) { fired.push_back(k); });
  auto size = static_cast<std::int64_t>(fired.size()), n = spikes.shape()[1];
  Raster pairs{Tensor(Shape{size}, i64), Tensor(Shape{size}, f64)};
  for (std::int64_t s = 0; s < size; ++s) {
    pairs.index.values<std::int64_t>()[static_cast<std::size_t>(s)] = fired[static_cast<std::size_t>(s)] % n;
    pairs.times.set(s, times[fired[static_cast<std::size_t>(s)] / n]);
  }
  return pairs;
}

Raster raster(const Tensor &spikes, std::optional<Duration> dt, std::source_location at) {
  double step = step_of(dt, at);
  require_population(spikes, "raster", at);
  Tensor times(Shape{spikes.shape()[0]}, f64);
  for (std::int64_t k = 0; k < times.size(); ++k)
    times.set(k, static_cast<double>(k) * step);
  return raster(spikes, times, at);
}

Tensor firing_rate(const Tensor &spikes, Duration width, std::optional<Duration> dt, std::source_location at) {
  double step = step_of(dt, at);
  if (!std::isfinite(width.ms) || width.ms <= 0.0)
    throw Error(ErrorKind::Value, "the width of a window must be above 0, got " + std::to_string(width.ms) + " ms", at);
  if (spikes.rank() == 0)
    throw Error(ErrorKind::Shape, "firing_rate takes spikes [T, ...], got a number", at);
  std::int64_t steps = spikes.shape()[0], row = element_count(spikes.shape()) / std::max<std::int64_t>(steps, 1);
  std::vector<double> before(static_cast<std::size_t>(steps) + 1); // spikes before step k; whole numbers sum exactly
  each_spike(spikes, [&](std::int64_t k, double fired) { before[static_cast<std::size_t>(k / row) + 1] += fired; });
  for (std::size_t k = 1; k < before.size(); ++k)
    before[k] += before[k - 1];
  std::int64_t half = whole_steps(width.ms / 2.0, step);
  double scale = 1000.0 / width.ms / static_cast<double>(std::max<std::int64_t>(row, 1));
  Tensor rate(Shape{steps}, f64);
  for (std::int64_t k = 0; k < steps; ++k) {
    auto from = static_cast<std::size_t>(std::max<std::int64_t>(k - half, 0));
    auto to = static_cast<std::size_t>(std::min(k + half + 1, steps));
    rate.set(k, scale * (before[to] - before[from]));
  }
  return rate;
}

Tensor rates(const Tensor &spikes, std::optional<Duration> dt, std::source_location at) {
  double step = step_of(dt, at);
  require_population(spikes, "rates", at);
  std::int64_t steps = spikes.shape()[0], n = spikes.shape()[1];
  if (steps == 0)
    throw Error(ErrorKind::Shape, "there is no rate of no steps", at);
  Tensor rate(Shape{n}, f64);
  auto counts = rate.values<double>();
  each_spike(spikes, [&](std::int64_t k, double number) { counts[static_cast<std::size_t>(k % n)] += number; });
  for (double &count : counts)
    count *= 1000.0 / (step * static_cast<double>(steps));
  return rate;
}

double mean_rate(const Tensor &spikes, std::optional<Duration> dt, std::source_location at) {
  Tensor each = rates(spikes, dt, at);
  double sum = 0;
  for (double rate : each.values<double>())
    sum += rate;
  return sum / static_cast<double>(each.size());
}

Tensor isi_cv(const Tensor &spikes, std::source_location at) {
  require_population(spikes, "isi_cv", at);
  std::int64_t n = spikes.shape()[1];
  struct Intervals {
    std::int64_t last = -1;
    double count = 0, sum = 0, squares = 0;
  };
  std::vector<Intervals> of(static_cast<std::size_t>(n));
  each_spike(spikes, [&](std::int64_t k, double) {
    Intervals &neuron = of[static_cast<std::size_t>(k % n)];
    if (neuron.last >= 0) {
      std::int64_t steps = k / n - neuron.last;
      auto interval = static_cast<double>(steps);
      neuron.count += 1;
      neuron.sum += interval;
      neuron.squares += interval * interval;
    }
    neuron.last = k / n;
  });
  Tensor cv(Shape{n}, f64);
  for (std::int64_t k = 0; k < n; ++k) {
    const Intervals &neuron = of[static_cast<std::size_t>(k)];
    // count squares - sum^2 of whole numbers is exact, so a clock has exactly 0.
    double spread = neuron.count * neuron.squares - neuron.sum * neuron.sum;
    cv.set(k, neuron.count < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(spread) / neuron.sum);
  }
  return cv;
}

double mean_cv(const Tensor &spikes, std::int64_t least_spikes, std::source_location at) {
  Tensor each = isi_cv(spikes, at);
  std::int64_t n = each.size();
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n));
  each_spike(spikes, [&](std::int64_t k, double) { ++counts[static_cast<std::size_t>(k % n)]; });
  double sum = 0, neurons = 0;
  for (std::int64_t k = 0; k < n; ++k)
    if (counts[static_cast<std::size_t>(k)] >= std::max<std::int64_t>(least_spikes, 3)) {
      sum += each[k];
      ++neurons;
    }
  return sum / neurons;
}

double cross_correlation(const Tensor &spikes, Duration bin, std::optional<Duration> dt, std::source_location at) {
  require_population(spikes, "cross_correlation", at);
  double step = step_of(dt, at);
  std::int64_t n = spikes.shape()[1], steps_a_bin = std::isfinite(bin.ms) ? whole_steps(bin.ms, step) : 0;
  if (n < 2)
    throw Error(ErrorKind::Shape, "cross_correlation compares pairs of neurons, got " + std::to_string(n), at);
  if (steps_a_bin < 1)
    throw Error(ErrorKind::Value,
                "a bin of " + std::to_string(bin.ms) + " ms is shorter than a step of " + std::to_string(step) + " ms",
                at);
  std::vector<Bins> fired = binned(spikes, steps_a_bin);
  double total = 0.0;
  for (std::size_t a = 1; a < fired.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      double both = std::sqrt(count(fired[a], fired[a]) * count(fired[b], fired[b]));
      total += both == 0.0 ? 0.0 : count(fired[a], fired[b]) / both;
    }
  return total / (0.5 * static_cast<double>(n) * static_cast<double>(n - 1));
}

} // namespace overtime
