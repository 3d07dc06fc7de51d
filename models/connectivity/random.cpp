// SPDX-License-Identifier: Apache-2.0
// Connectivity by chance: pairs with a probability, and fixed numbers of synapses.
#include "models/connectivity/row_builder.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace overtime {

using detail::RowBuilder;
using detail::Sequence;

namespace {

void require_probability(double p, const char *what) {
  if (!(p >= 0.0 && p <= 1.0))
    throw Error(ErrorKind::Value, std::string(what) + " is in [0, 1], got " + std::to_string(p));
}

/// `count` different numbers below `n` in ascending order (Floyd; Bentley & Floyd 1987).
std::vector<std::int64_t> chosen(Sequence &random, std::int64_t count, std::int64_t n) {
  std::unordered_set<std::int64_t> taken;
  for (std::int64_t j = n - count; j < n; ++j) {
    std::int64_t v = random.below(j + 1);
    taken.insert(taken.contains(v) ? j : v);
  }
  std::vector<std::int64_t> all(taken.begin(), taken.end());
  std::sort(all.begin(), all.end());
  return all;
}

/// Numbers of a row without the source's own.
std::int64_t without(std::int64_t j, std::int64_t self) { return j >= self ? j + 1 : j; }

void require_number(std::int64_t number, std::int64_t most, const char *what) {
  if (number < 0 || number > most)
    throw Error(ErrorKind::Value,
                std::string(what) + " takes 0 to " + std::to_string(most) + ", got " + std::to_string(number));
}

} // namespace

/// The distance from one synapse of a row to the next is geometric, so that only synapses are drawn.
Connectivity fixed_probability(double p, const RandomOptions &options) {
  require_probability(p, "the probability of fixed_probability");
  require_probability(options.pre_ratio, "pre_ratio");
  auto draw = [p, options](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    Sequence random(seed ^ 0x66697865645f7072u);
    RowBuilder rows(n, m);
    double scale = p < 1.0 ? 1.0 / std::log1p(-p) : 0.0;
    for (std::int64_t i = 0; i < n; ++i) {
      bool has = options.pre_ratio >= 1.0 || random.uniform() < options.pre_ratio;
      for (double j = -1.0; has && p > 0.0;) {
        j += 1.0 + std::floor(std::log(random.uniform()) * scale);
        if (j >= double(m))
          break;
        if (options.include_self || std::int64_t(j) != i)
          rows.add(std::int64_t(j));
      }
      rows.end_row();
    }
    return rows.finish();
  };
  return {"fixed_probability", draw};
}

Connectivity fixed_total_number(std::int64_t number, bool include_self) {
  auto draw = [=](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    std::int64_t selves = include_self ? 0 : std::min(n, m);
    require_number(number, n * m - selves, "fixed_total_number");
    Sequence random(seed ^ 0x746f74616c5f6e75u);
    RowBuilder rows(n, m);
    std::int64_t row = 0;
    auto place = [&](std::int64_t v) -> std::pair<std::int64_t, std::int64_t> {
      if (include_self)
        return {v / m, v % m};
      std::int64_t within = std::min(n, m) * (m - 1); // rows that have a self to leave out
      if (v >= within)
        return {std::min(n, m) + (v - within) / m, (v - within) % m};
      return {v / (m - 1), without(v % (m - 1), v / (m - 1))};
    };
    for (std::int64_t v : chosen(random, number, n * m - selves)) {
      auto [i, j] = place(v);
      for (; row < i; ++row)
        rows.end_row();
      rows.add(j);
    }
    for (; row < n; ++row)
      rows.end_row();
    return rows.finish();
  };
  return {"fixed_total_number", draw};
}

/// Every row has as many: sources choose targets.
static Csr same_numbers(std::int64_t number, bool include_self, std::int64_t n, std::int64_t m, std::uint64_t seed,
                        const char *what) {
  require_number(number, include_self ? m : m - 1, what);
  Sequence random(seed ^ 0x706f73745f6e756du);
  RowBuilder rows(n, m);
  for (std::int64_t i = 0; i < n; ++i) {
    bool skips = !include_self && i < m;
    for (std::int64_t j : chosen(random, number, skips ? m - 1 : m))
      rows.add(skips ? without(j, i) : j);
    rows.end_row();
  }
  return rows.finish();
}

Connectivity fixed_post_number(std::int64_t number, bool include_self) {
  auto draw = [=](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    return same_numbers(number, include_self, n, m, seed, "fixed_post_number");
  };
  return {"fixed_post_number", draw};
}

Connectivity fixed_pre_number(std::int64_t number, bool include_self) {
  auto draw = [=](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    return same_numbers(number, include_self, m, n, ~seed, "fixed_pre_number").transposed();
  };
  return {"fixed_pre_number", draw};
}

} // namespace overtime
