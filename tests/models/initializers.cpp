// SPDX-License-Identifier: Apache-2.0
// Initializers: distributions against their laws, matrices against what defines them, and what depends on the seed.
#include "models/initializers.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace overtime;

namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// The law of a normal number cut at two bounds, in deviations.
std::function<double(double)> cut_normal(double mean, double deviation, double low, double high) {
  return [=](double x) {
    double from = normal_cdf(low), to = normal_cdf(high), z = (x - mean) / deviation;
    return std::clamp((normal_cdf(z) - from) / (to - from), 0.0, 1.0);
  };
}
std::function<double(double)> even(double low, double high) {
  return [=](double x) { return std::clamp((x - low) / (high - low), 0.0, 1.0); };
}

/// Kolmogorov's distance to a law, times sqrt(n): above 1.95 with a probability of 0.001.
double distance(const Tensor &drawn, const std::function<double(double)> &law) {
  std::vector<double> x;
  for (std::int64_t k = 0; k < drawn.size(); ++k)
    x.push_back(drawn[k]);
  std::ranges::sort(x);
  double n = static_cast<double>(x.size()), most = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    double at = law(x[k]), rank = static_cast<double>(k);
    most = std::max({most, std::abs(at - rank / n), std::abs(at - (rank + 1) / n)});
  }
  return most * std::sqrt(n);
}

double deviation(const Tensor &x) {
  double sum = 0, square = 0, n = static_cast<double>(x.size());
  for (std::int64_t k = 0; k < x.size(); ++k) {
    sum += x[k];
    square += x[k] * x[k];
  }
  return std::sqrt(square / n - sum * sum / n / n);
}

bool same(const Tensor &a, const Tensor &b) {
  bool equal = a.shape() == b.shape();
  for (std::int64_t k = 0; equal && k < a.size(); ++k)
    equal = a[k] == b[k];
  return equal;
}

constexpr double cut = 0.87962566103423978; // deviation of a standard normal cut at -2 and 2
const Shape shape{3, 100, 50};              // fans 300 and 150

} // namespace

TEST_CASE("initializers draw from their laws, and by the seed alone", "[initializers]") {
  auto wide = [](double d) { return cut_normal(0, d / cut, -2, 2); };
  auto box = [](double d) { return even(-std::sqrt(3.0) * d, std::sqrt(3.0) * d); };
  constexpr double inf = std::numeric_limits<double>::infinity();
  struct Case {
    const char *name;
    Initializer initializer;
    std::function<double(double)> law;
    double deviation; // 0: not known in closed form
  };
  const double xavier = std::sqrt(2.0 / 450), kaiming = std::sqrt(2.0 / 300), lecun = std::sqrt(1.0 / 300);
  const std::vector<Case> cases = {
      {"uniform", uniform(-1, 3), even(-1, 3), 4 / std::sqrt(12.0)},
      {"normal", normal(1, 2), cut_normal(1, 2, -inf, inf), 2},
      {"truncated_normal", truncated_normal(), cut_normal(0, 1, -2, 2), cut},
      {"truncated_normal, one side", truncated_normal(5, 2, -1, inf), cut_normal(5, 2, -1, inf), 0},
      {"truncated_normal, far up", truncated_normal(0, 1, 9, 10), cut_normal(0, 1, 9, 10), 0},
      {"truncated_normal, far down", truncated_normal(0, 1, -10, -9), cut_normal(0, 1, -10, -9), 0},
      {"xavier_normal", xavier_normal(), wide(xavier), xavier},
      {"xavier_uniform", xavier_uniform(), box(xavier), xavier},
      {"kaiming_normal", kaiming_normal(), wide(kaiming), kaiming},
      {"kaiming_uniform", kaiming_uniform(), box(kaiming), kaiming},
      {"lecun_normal", lecun_normal(), wide(lecun), lecun},
      {"lecun_uniform", lecun_uniform(), box(lecun), lecun},
      {"variance_scaling", variance_scaling(3, Fan::Out, Distribution::Normal),
       cut_normal(0, std::sqrt(3.0 / 150), -inf, inf), std::sqrt(3.0 / 150)},
      {"variance_scaling, uniform", variance_scaling(3, Fan::Out, Distribution::Uniform), box(std::sqrt(3.0 / 150)),
       std::sqrt(3.0 / 150)},
  };
  for (const Case &c : cases) {
    INFO(c.name);
    Tensor drawn = c.initializer(shape, 5);
    CHECK(drawn.shape() == shape);
    if (std::string(c.name) == "truncated_normal, far up") { // 1 - cdf has the digits there that cdf lacks
      for (double &x : drawn.values<double>())
        x = -x;
      CHECK(distance(drawn, cut_normal(0, 1, -10, -9)) < 1.95);
    } else {
      CHECK(distance(drawn, c.law) < 1.95);
    }
    if (c.deviation > 0)
      CHECK(deviation(c.initializer(shape, 5)) == Approx(c.deviation).epsilon(0.02));
    CHECK(same(c.initializer(shape, 5), c.initializer(shape, 5)));
    CHECK_FALSE(same(c.initializer(shape, 5), c.initializer(shape, 6)));
  }
}

TEST_CASE("orthogonal matrices have orthonormal rows or columns, and no preferred signs", "[initializers]") {
  for (Shape s : {Shape{40, 40}, Shape{60, 25}, Shape{25, 60}}) {
    Tensor q = orthogonal(1.5)(s, 3);
    const bool wide = s[0] < s[1];
    std::int64_t n = std::min(s[0], s[1]), m = std::max(s[0], s[1]);
    auto at = [&](std::int64_t vector, std::int64_t k) { return wide ? q[vector * m + k] : q[k * n + vector]; };
    double worst = 0;
    for (std::int64_t a = 0; a < n; ++a)
      for (std::int64_t b = 0; b < n; ++b) {
        double product = 0;
        for (std::int64_t k = 0; k < m; ++k)
          product += at(a, k) * at(b, k);
        worst = std::max(worst, std::abs(product - (a == b ? 2.25 : 0.0)));
      }
    CHECK(worst < 1e-13);
  }
  // Without the signs of R the first element would be negative always.
  int positive = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    positive += orthogonal()({2, 2}, seed)[0] > 0;
  CHECK(std::abs(positive - 200) < 4 * 10); // four deviations
}

TEST_CASE("identity_matrix, sparse and spectral_radius are what they say", "[initializers]") {
  Tensor identity = identity_matrix(2)({2, 3}, 0);
  CHECK(same(identity, Tensor::of({2, 3}, std::vector<double>{2, 0, 0, 0, 2, 0}, f64)));

  Tensor all = normal()({200, 200}, 4), some = sparse(0.1, normal())({200, 200}, 4);
  std::int64_t kept = 0;
  for (std::int64_t k = 0; k < all.size(); ++k)
    if (some[k] != 0) {
      ++kept;
      CHECK(some[k] == all[k]);
    }
  CHECK(std::abs(static_cast<double>(kept) - 4000) < 4 * 60); // four deviations
  CHECK(same(some, sparse(0.1, normal())({200, 200}, 4)));

  // The largest of the eigenvalues of a rotation, 3 (cos 1 +- i sin 1), and of a triangle.
  auto given = [](std::vector<double> numbers) -> Initializer {
    return [=](const Shape &s, std::uint64_t) { return Tensor::of(s, numbers, f64); };
  };
  double c = 3 * std::cos(1.0), s = 3 * std::sin(1.0);
  Tensor turned = spectral_radius(0.9, given({c, -s, s, c}))({2, 2}, 0);
  CHECK(turned[0] == Approx(0.9 * std::cos(1.0)).epsilon(1e-13));
  Tensor triangle = spectral_radius(1, given({1, 7, 0, -4}))({2, 2}, 0);
  CHECK(triangle[3] == Approx(-1).epsilon(1e-13));
  // The circular law: deviation 1 / sqrt(n) gives a radius near 1, so the factor is near 0.5.
  Tensor large = spectral_radius(0.5, normal(0, 1 / std::sqrt(300.0)))({300, 300}, 1);
  CHECK(deviation(large) == Approx(0.5 / std::sqrt(300.0)).epsilon(0.1));
}

TEST_CASE("initializers refuse what has no meaning", "[initializers]") {
  CHECK_THROWS_WITH(kaiming_uniform()({5}, 0),
                    Catch::Contains("kaiming_uniform needs a weight with at least two axes"));
  CHECK_THROWS_WITH(orthogonal()({2, 3, 4}, 0), Catch::Contains("orthogonal needs a matrix, got shape [2, 3, 4]"));
  CHECK_THROWS_WITH(spectral_radius(1, normal())({2, 3}, 0), Catch::Contains("needs a square matrix"));
  CHECK_THROWS_WITH(spectral_radius(1, constant(0))({2, 2}, 0), Catch::Contains("all eigenvalues"));
  CHECK_THROWS_WITH(sparse(1.5, normal()), Catch::Contains("from 0 to 1"));
  CHECK_THROWS_WITH(truncated_normal(0, 1, 2, 2), Catch::Contains("low < high"));
  CHECK_THROWS_WITH(variance_scaling(0), Catch::Contains("above 0"));
}
