// SPDX-License-Identifier: Apache-2.0
// Connectivity with structure: by distance, small worlds, and networks without a scale.
#include "models/connectivity/structured.h"

#include "models/connectivity/row_builder.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace overtime {

using detail::RowBuilder;
using detail::Sequence;

double Grid::distance(std::int64_t a, std::int64_t b) const {
  double sum = 0;
  for (std::size_t d = shape.size(); d-- > 0;) {
    double apart = std::abs(double(a % shape[d] - b % shape[d]));
    if (periodic)
      apart = std::min(apart, double(shape[d]) - apart);
    sum += apart * apart;
    a /= shape[d];
    b /= shape[d];
  }
  return std::sqrt(sum) * spacing;
}

Connectivity by_distance(const Grid &grid, std::function<double(double d)> p, bool include_self) {
  if (!(grid.spacing > 0.0) || !std::ranges::all_of(grid.shape, [](std::int64_t n) { return n > 0; }))
    throw Error(ErrorKind::Value, "a grid has a spacing and numbers of cells above 0, got " + to_string(grid.shape) +
                                      " of spacing " + std::to_string(grid.spacing));
  auto draw = [grid, p = std::move(p), include_self](std::int64_t, std::int64_t, std::uint64_t seed) {
    std::int64_t n = element_count(grid.shape);
    Sequence random(seed ^ 0x64697374616e6365u);
    RowBuilder rows(n, n);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        double chance = p(grid.distance(i, j));
        if ((include_self || i != j) && chance > 0.0 && (chance >= 1.0 || random.uniform() < chance))
          rows.add(j);
      }
      rows.end_row();
    }
    return rows.finish();
  };
  return {"by_distance", draw};
}

Connectivity gaussian_probability(const Grid &grid, double sigma, bool include_self) {
  if (!(sigma > 0.0))
    throw Error(ErrorKind::Value, "gaussian_probability takes a sigma above 0, got " + std::to_string(sigma));
  return by_distance(grid, [sigma](double d) { return std::exp(-d * d / (2 * sigma * sigma)); }, include_self);
}

Connectivity within_distance(const Grid &grid, double most, bool include_self) {
  return by_distance(grid, [most](double d) { return d <= most ? 1.0 : 0.0; }, include_self);
}

namespace {

/// Edges that go both ways.
class Edges {
public:
  explicit Edges(std::int64_t n) : ends(static_cast<std::size_t>(n)) {}
  bool has(std::int64_t a, std::int64_t b) const { return ends[std::size_t(a)].contains(b); }
  std::int64_t degree(std::int64_t a) const { return std::ssize(ends[std::size_t(a)]); }
  void add(std::int64_t a, std::int64_t b) {
    ends[std::size_t(a)].insert(b);
    ends[std::size_t(b)].insert(a);
  }
  void remove(std::int64_t a, std::int64_t b) {
    ends[std::size_t(a)].erase(b);
    ends[std::size_t(b)].erase(a);
  }
  Csr rows() const {
    RowBuilder rows(std::ssize(ends), std::ssize(ends));
    for (const auto &row : ends) {
      for (std::int64_t j : row)
        rows.add(j);
      rows.end_row();
    }
    return rows.finish();
  }

private:
  std::vector<std::set<std::int64_t>> ends;
};

void require_one_population(std::int64_t n, std::int64_t m, const char *what) {
  if (n != m)
    throw Error(ErrorKind::Shape, std::string(what) + " connects a population with itself, got sizes " +
                                      std::to_string(n) + " and " + std::to_string(m));
}

} // namespace

Connectivity small_world(std::int64_t neighbors, double p) {
  if (neighbors < 0 || neighbors % 2 || !(p >= 0.0 && p <= 1.0))
    throw Error(ErrorKind::Value, "small_world takes an even number of neighbors and a probability");
  auto draw = [=](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    require_one_population(n, m, "small_world");
    if (neighbors >= n)
      throw Error(ErrorKind::Value,
                  "small_world has " + std::to_string(neighbors) + " neighbors for " + std::to_string(n) + " cells");
    Sequence random(seed ^ 0x736d616c6c5f776fu);
    Edges edges(n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t k = 1; k <= neighbors / 2; ++k)
        edges.add(i, (i + k) % n);
    for (std::int64_t k = 1; k <= neighbors / 2; ++k)
      for (std::int64_t i = 0; i < n; ++i) {
        std::int64_t old = (i + k) % n;
        if (random.uniform() >= p || edges.degree(i) >= n - 1 || !edges.has(i, old))
          continue;
        std::int64_t end = random.below(n);
        while (end == i || edges.has(i, end))
          end = random.below(n);
        edges.remove(i, old);
        edges.add(i, end);
      }
    return edges.rows();
  };
  return {"small_world", draw};
}

Connectivity scale_free(std::int64_t m) {
  if (m < 1)
    throw Error(ErrorKind::Value, "scale_free takes at least one connection a cell");
  auto draw = [m](std::int64_t n, std::int64_t posts, std::uint64_t seed) {
    require_one_population(n, posts, "scale_free");
    if (m >= n)
      throw Error(ErrorKind::Value,
                  "scale_free has " + std::to_string(m) + " connections for " + std::to_string(n) + " cells");
    Sequence random(seed ^ 0x7363616c655f6672u);
    Edges edges(n);
    std::vector<std::int64_t> ends; // every cell as often as it has connections
    for (std::int64_t i = m; i < n; ++i) {
      std::set<std::int64_t> chosen;
      while (std::ssize(chosen) < m)
        chosen.insert(i == m ? std::ssize(chosen) : ends[std::size_t(random.below(std::ssize(ends)))]);
      for (std::int64_t j : chosen) {
        edges.add(i, j);
        ends.push_back(i);
        ends.push_back(j);
      }
    }
    return edges.rows();
  };
  return {"scale_free", draw};
}

} // namespace overtime
