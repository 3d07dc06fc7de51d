// SPDX-License-Identifier: Apache-2.0
// Random numbers of a loop: the bits of the specification whatever the schedule, and the distributions.
#include "compiler/overtime.h"
#include "runtime/random.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

using namespace overtime;

namespace {

struct Draws : Neuron {
  using Drawn = std::function<Value(Draws &)>;
  Draws(std::int64_t n, Drawn drawn) : Neuron(n), drawn(std::move(drawn)) {}
  using Neuron::random_bernoulli, Neuron::random_exponential, Neuron::random_normal, Neuron::random_poisson,
      Neuron::random_uniform;
  using Neuron::update;
  Value update() override { return drawn(*this); }
  Param mean = param("mean", 1.0);
  State x = state("x", 0.0);
  Drawn drawn;
};

/// Row k holds what step k drew.
Tensor drawn(std::int64_t n, const Draws::Drawn &what, std::int64_t steps, LoopOptions options = {}) {
  Draws model(n, what);
  options.cache = false;
  LoopOverTime over_time(model, options);
  return over_time.steps(steps).out.leaf();
}

/// FNV-1a, with which the front end names a stream by its path.
std::uint32_t stream_of(const std::string &path) {
  std::uint32_t h = 2166136261u;
  for (unsigned char c : path)
    h = (h ^ c) * 16777619u;
  return h;
}

std::vector<double> sorted(const Tensor &x) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < x.size(); ++k)
    all.push_back(x[k]);
  std::ranges::sort(all);
  return all;
}

/// Kolmogorov and Smirnov's statistic times the root of the sample's size; above 1.95 once in a thousand samples.
double kolmogorov(const Tensor &x, const std::function<double(double)> &distribution) {
  std::vector<double> all = sorted(x);
  double n = static_cast<double>(all.size()), most = 0;
  for (std::size_t k = 0; k < all.size(); ++k) {
    double F = distribution(all[k]);
    most = std::max({most, F - static_cast<double>(k) / n, static_cast<double>(k + 1) / n - F});
  }
  return most * std::sqrt(n);
}

/// Pearson's chi-square against a Poisson distribution, in standard deviations from its mean; bins of fewer than 20
/// expected counts are put together.
double chi_square(const Tensor &x, double mean) {
  std::vector<double> counts(static_cast<std::size_t>(mean + 20 * std::sqrt(mean) + 40));
  for (std::int64_t k = 0; k < x.size(); ++k) {
    REQUIRE((x[k] >= 0 && x[k] == std::floor(x[k])));
    counts[static_cast<std::size_t>(std::min<double>(x[k], static_cast<double>(counts.size() - 1)))] += 1;
  }
  double n = static_cast<double>(x.size()), chi = 0, bins = -1, expected = 0, got = 0, rest = n;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    auto at = static_cast<double>(k);
    expected += n * std::exp(at * std::log(mean) - mean - std::lgamma(at + 1));
    got += counts[k];
    if (expected < 20 || rest - expected < 20)
      continue;
    chi += (got - expected) * (got - expected) / expected;
    rest -= expected;
    bins += 1;
    expected = got = 0;
  }
  double missing = rest;
  chi += (got - missing) * (got - missing) / missing;
  bins += 1;
  return (chi - bins) / std::sqrt(2 * bins);
}

} // namespace

TEST_CASE("a stream has the bits of the specification for any size", "[random]") {
  std::uint32_t stream = stream_of("s");
  for (std::int64_t n : {1, 2, 5, 16, 17, 63, 64, 65, 100, 1000})
    for (DType real : {f32, f64}) {
      INFO(n << " neurons in " << name_of(real));
      Tensor u = drawn(n, [](Draws &m) { return m.random_uniform("s", m.x.shape()); }, 3,
                       {.i0 = std::int64_t(1) << 40, .real = real, .seed = 5});
      Tensor z = drawn(n, [](Draws &m) { return m.random_normal("s", m.x.shape()); }, 3, {.real = real, .seed = 5});
      bool same = true;
      double apart = 0;
      for (std::int64_t k = 0; k < u.size(); ++k) {
        std::int64_t step = (std::int64_t(1) << 40) + k / n;
        auto e = static_cast<std::uint32_t>(k % n);
        same &= u[k] == (real == f32 ? double(overtime_uniform_f32(5, stream, step, e))
                                     : overtime_uniform_f64(5, stream, step, e));
        apart = std::max(apart, std::abs(z[k] - (real == f32 ? overtime_normal_f32(5, stream, k / n, e)
                                                             : overtime_normal_f64(5, stream, k / n, e))));
      }
      CHECK(same);
      CHECK(apart < (real == f32 ? 1e-6 : 2e-15)); // a few ulp of numbers up to 6
    }
}

TEST_CASE("arrays of any shape, scalars and parts of a step draw the same elements", "[random]") {
  std::uint32_t stream = stream_of("s");
  for (const Shape &shape : std::vector<Shape>{{}, {1}, {3, 20}, {7, 64}, {5, 1}, {2, 3, 5}, {40, 33}}) {
    INFO(to_string(shape));
    auto what = [&](Draws &m) {
      Value u = m.random_uniform("s", shape), z = m.random_normal("t", shape);
      return reshape(concat({reshape(u, {element_count(shape)}), reshape(z, {element_count(shape)})}, 0),
                     {2 * element_count(shape)});
    };
    Tensor x = drawn(1, what, 2, {.seed = 9});
    std::int64_t n = element_count(shape), wrong = 0;
    for (std::int64_t k = 0; k < x.size(); ++k) {
      std::int64_t step = k / (2 * n), at = k % (2 * n);
      auto e = static_cast<std::uint32_t>(at % n);
      if (at < n)
        wrong += x[k] != double(overtime_uniform_f32(9, stream, step, e));
      else
        wrong += std::abs(x[k] - overtime_normal_f32(9, stream_of("t"), step, e)) > 1e-6;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("threads, chunks, batches and other streams leave every bit as it is", "[random]") {
  auto noisy = [](Draws &m) -> Value { return m.x = 0.5 * m.x + m.random_normal("a", m.x.shape()); };
  auto coupled = [](Draws &m) -> Value {
    return m.x = 0.5 * m.x + 0.01 * mean(m.x) + m.random_normal("a", m.x.shape());
  };
  auto more = [](Draws &m) -> Value {
    Value other = m.random_uniform("b", {3});
    return m.x = 0.5 * m.x + m.random_normal("a", m.x.shape()) + 0 * sum(other);
  };
  for (std::int64_t n : {100, 1000}) {
    INFO(n);
    std::vector<double> whole = sorted(drawn(n, noisy, 20, {.threads = 1}));
    CHECK(sorted(drawn(n, noisy, 20, {.threads = 3})) == whole);
    CHECK(sorted(drawn(n, more, 20, {.threads = 1})) == whole);
    std::vector<double> mixed = sorted(drawn(n, coupled, 20, {.threads = 1}));
    CHECK(sorted(drawn(n, coupled, 20, {.threads = 3})) == mixed);
    Draws model(n, noisy);
    LoopOverTime over_time(model, {.cache = false});
    Tensor first = over_time.steps(7).out.leaf(), rest = over_time.steps(13).out.leaf();
    std::vector<double> chunks = sorted(first), last = sorted(rest);
    chunks.insert(chunks.end(), last.begin(), last.end());
    std::ranges::sort(chunks);
    CHECK(chunks == whole);
  }
  // The first neurons of a larger population draw the same numbers.
  Tensor few = drawn(100, noisy, 1), many = drawn(1000, noisy, 1);
  bool same = true;
  for (std::int64_t k = 0; k < 100; ++k)
    same &= few[k] == many[k];
  CHECK(same);
  // Rows of a batch are parts of one array.
  Draws model(70, noisy);
  LoopOverTime over_time(model, {.threads = 2, .cache = false});
  over_time.reset_state(5);
  Tensor batch = over_time.steps(1).out.leaf();
  double apart = 0;
  for (std::int64_t k = 0; k < batch.size(); ++k)
    apart = std::max(apart, std::abs(batch[k] - overtime_normal_f32(0, stream_of("a"), 0, std::uint32_t(k))));
  CHECK(apart < 1e-6);
}

TEST_CASE("uniform, normal and exponential numbers follow their distributions", "[random]") {
  auto normal = [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); };
  for (DType real : {f32, f64}) {
    LoopOptions options{.real = real, .seed = 1};
    Tensor u = drawn(1000, [](Draws &m) { return m.random_uniform("u", m.x.shape()); }, 400, options);
    Tensor z = drawn(1000, [](Draws &m) { return m.random_normal("z", m.x.shape()); }, 400, options);
    Tensor e = drawn(1000, [](Draws &m) { return m.random_exponential("e", m.x.shape()); }, 400, options);
    CHECK(kolmogorov(u, [](double x) { return x; }) < 1.95);
    CHECK(kolmogorov(z, normal) < 1.95);
    CHECK(kolmogorov(e, [](double x) { return -std::expm1(-x); }) < 1.95);
    // Moments of the normal numbers within five standard errors: variances 1, 2, 15 - 9 ... of z, z^2, z^3, z^4.
    double n = 400000, m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    for (std::int64_t k = 0; k < z.size(); ++k) {
      m1 += z[k] / n;
      m2 += z[k] * z[k] / n;
      m3 += std::pow(z[k], 3) / n;
      m4 += std::pow(z[k], 4) / n;
    }
    CHECK(std::abs(m1) < 5 * std::sqrt(1 / n));
    CHECK(std::abs(m2 - 1) < 5 * std::sqrt(2 / n));
    CHECK(std::abs(m3) < 5 * std::sqrt(15 / n));
    CHECK(std::abs(m4 - 3) < 5 * std::sqrt(96 / n));
  }
}

TEST_CASE("numbers of neighbours, of steps and of streams are independent", "[random]") {
  Tensor z = drawn(640, [](Draws &m) { return m.random_normal("z", m.x.shape()); }, 500, {.real = f64, .seed = 2});
  Tensor other = drawn(640, [](Draws &m) { return m.random_normal("y", m.x.shape()); }, 500, {.real = f64, .seed = 2});
  auto correlation = [&](const Tensor &b, std::int64_t lag, bool squares) {
    double r = 0, n = static_cast<double>(z.size() - lag);
    for (std::int64_t k = 0; k < z.size() - lag; ++k)
      r += squares ? (z[k] * z[k] - 1) * (b[k + lag] * b[k + lag] - 1) / 2 : z[k] * b[k + lag];
    return r / std::sqrt(n);
  };
  // 1: the next neuron, 16: the other number of Box and Muller's pair, 32: another word of the block, 640: the next
  // step.
  for (std::int64_t lag : {1, 16, 32, 64, 640})
    for (bool squares : {false, true}) {
      INFO("lag " << lag);
      CHECK(std::abs(correlation(z, lag, squares)) < 5);
    }
  CHECK(std::abs(correlation(other, 0, false)) < 5);
  CHECK(std::abs(correlation(other, 0, true)) < 5);
}

TEST_CASE("Poisson and Bernoulli numbers follow their distributions", "[random]") {
  for (double mean : {0.05, 1.0, 4.0, 11.5, 30.0, 400.0}) {
    INFO("mean " << mean);
    auto literal = [&](Draws &m) { return m.random_poisson("n", mean, m.x.shape()); };
    auto of_param = [&](Draws &m) {
      return m.random_poisson("n", m.mean * mean, m.x.shape()); // a number that tracing does not know
    };
    CHECK(std::abs(chi_square(drawn(1000, literal, 200, {.seed = 3}), mean)) < 4);
    CHECK(std::abs(chi_square(drawn(1000, of_param, 200, {.seed = 4}), mean)) < 4);
  }
  CHECK(sorted(drawn(10, [](Draws &m) { return m.random_poisson("n", 0, m.x.shape()); }, 1)).back() == 0);
  for (double p : {0.0, 0.02, 0.5, 1.0}) {
    Tensor b = drawn(1000, [&](Draws &m) { return m.random_bernoulli("b", p, m.x.shape()); }, 100);
    double fired = 0;
    for (std::int64_t k = 0; k < b.size(); ++k)
      fired += b[k];
    CHECK(b.dtype() == DType::Bool);
    CHECK(std::abs(fired - 1e5 * p) <= 5 * std::sqrt(1e5 * p * (1 - p)));
  }
}

TEST_CASE("distributions refuse parameters that have no meaning", "[random]") {
  auto says = [](const std::string &text) { return Catch::Contains(text); };
  CHECK_THROWS_WITH(drawn(
                        1, [](Draws &m) { return m.random_bernoulli("b", 1.5, {2}); }, 1),
                    says("between 0 and 1, got 1.5") && says("random_numbers.cpp:"));
  CHECK_THROWS_WITH(drawn(1, [](Draws &m) { return m.random_poisson("b", -1, {2}); }, 1), says("0 or more, got -1"));
  Draws outside(1, {});
  CHECK_THROWS_WITH(outside.random_normal("z", {2}), says("only inside a step"));
}
