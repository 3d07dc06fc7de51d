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

Csr stored(const DrawnRows &rows, std::int64_t sources) {
  RowBuilder built(sources, rows.posts);
  double mean = rows.number ? double(*rows.number) : rows.probability.value_or(0.0) * double(rows.posts);
  built.reserve(1.01 * mean * rows.share * double(sources));
  rows.each(sources, [&](std::span<const std::int32_t> targets) { built.add_row(targets); });
  return built.finish();
}

Connectivity::Connectivity(std::string name, const DrawnRows &rows, std::uint64_t salt)
    : name_(std::move(name)), kind_(Kind::Sparse), rows_(rows), salt_(salt) {
  draw_ = [name = name_, rows = rows_, salt](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    return stored(Connectivity(name, *rows, salt).drawn_rows(m, seed), n);
  };
}

DrawnRows Connectivity::drawn_rows(std::int64_t posts, std::uint64_t seed) const {
  DrawnRows rows = *rows_;
  if (rows.number)
    require_number(*rows.number, rows.include_self ? posts : posts - 1, name_.c_str());
  rows.posts = posts;
  rows.seed = seed ^ salt_;
  return rows;
}

Connectivity just_in_time(Connectivity connect, std::source_location at) {
  if (!connect.rows_)
    throw Error(ErrorKind::Usage,
                "just_in_time: the synapses of one source of " + connect.name_ +
                    " depend on those of others, or are a list, so that they cannot be drawn by themselves; use "
                    "fixed_probability or fixed_post_number, or leave out just_in_time",
                at);
  if (connect.rows_->number && *connect.rows_->number > DrawnRows::most_in_step)
    throw Error(ErrorKind::Value,
                "just_in_time: " + connect.name_ + " of " + std::to_string(*connect.rows_->number) +
                    " targets; at most " + std::to_string(DrawnRows::most_in_step) +
                    " are drawn in a step; leave out just_in_time, or use fixed_probability",
                at);
  connect.just_in_time_ = true;
  return connect;
}

Connectivity fixed_probability(double p, const RandomOptions &options) {
  require_probability(p, "the probability of fixed_probability");
  require_probability(options.pre_ratio, "pre_ratio");
  return {"fixed_probability",
          DrawnRows{.probability = p, .include_self = options.include_self, .share = options.pre_ratio},
          0x66697865645f7072u};
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

Connectivity fixed_post_number(std::int64_t number, bool include_self) {
  return {"fixed_post_number", DrawnRows{.number = number, .include_self = include_self}, 0x706f73745f6e756du};
}

/// Targets choose sources.
Connectivity fixed_pre_number(std::int64_t number, bool include_self) {
  auto draw = [=](std::int64_t n, std::int64_t m, std::uint64_t seed) {
    require_number(number, include_self ? n : n - 1, "fixed_pre_number");
    return fixed_post_number(number, include_self).draw(m, n, ~seed).transposed();
  };
  return {"fixed_pre_number", draw};
}

} // namespace overtime
