// SPDX-License-Identifier: Apache-2.0
// Synapses drawn row by row: against Philox block by block, their distribution, parts of a row, sums over it.
#include "runtime/rows.h"
#include "runtime/random.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

namespace {

struct Rule {
  Rule(std::int64_t posts, double probability, std::int64_t number = -1, bool skips_self = false, double share = 1.0)
      : rows(std::make_unique<overtime_rows>()),
        words(overtime_describe_rows(rows.get(), 77, posts, probability, number, skips_self, share)),
        table(overtime_row_table(rows.get())) {}
  std::vector<std::int32_t> row(std::int64_t source) {
    std::vector<std::int32_t> targets(static_cast<std::size_t>(rows->posts));
    targets.resize(static_cast<std::size_t>(overtime_draw_row(rows.get(), source, table.data(), targets.data())));
    return targets;
  }
  std::unique_ptr<overtime_rows> rows;
  std::size_t words;
  std::vector<std::uint32_t> table;
};

/// Word number q of a stream at a source: 64 words are of 16 blocks.
std::uint32_t word(std::uint32_t stream, std::int64_t source, std::uint32_t q) {
  const std::uint32_t counter[4] = {q / 64 * 16 + q % 16, static_cast<std::uint32_t>(source), 0, stream},
                      key[2] = {77, 0};
  std::uint32_t out[4];
  overtime_philox4x32(counter, key, out);
  return out[q % 64 / 16];
}

} // namespace

TEST_CASE("targets by gaps follow from the words of Philox") {
  Rule rule(5000, 0.05); // segments of 2560
  REQUIRE(rule.rows->segment == 2560);
  const overtime_rows &rows = *rule.rows;
  for (std::int64_t source : {0, 3, 1 << 20}) {
    std::vector<std::int32_t> expected;
    for (std::uint32_t s = 0; s < 2; ++s) {
      std::int64_t at = std::int64_t(2560) * s - 1, end = std::min<std::int64_t>(at + 2561, 5000);
      for (std::uint32_t q = 0; at < end; ++q) {
        std::uint32_t w = word(s, source, q), column = w & ((1u << rows.gap_bits) - 1);
        std::uint64_t entry = rows.gaps[column];
        auto outcome = (w >> rows.gap_bits) < (entry >> 32) ? column : static_cast<std::uint32_t>(entry);
        bool none = outcome == (1u << rows.gap_bits) - 1;
        at += none ? outcome : outcome + 1;
        if (!none && at < end)
          expected.push_back(static_cast<std::int32_t>(at));
      }
    }
    CHECK(rule.row(source) == expected);
    CHECK(std::ranges::is_sorted(expected));
  }
}

TEST_CASE("a number of targets is chosen from the words of Philox") {
  Rule rule(300, 0, 100);
  std::vector<bool> taken(300, false);
  std::vector<std::int32_t> expected;
  for (std::uint32_t k = 0; k < 100; ++k) {
    std::uint32_t last = 200 + k, v = static_cast<std::uint32_t>(std::uint64_t(word(0, 9, k)) * (last + 1) >> 32);
    v = taken[v] ? last : v;
    taken[v] = true;
    expected.push_back(static_cast<std::int32_t>(v));
  }
  CHECK(rule.row(9) == expected);
}

TEST_CASE("gaps between targets are geometric, targets equally likely") {
  for (double p : {0.5, 0.02, 0.001}) {
    constexpr std::int64_t posts = 4000, sources = 4000;
    Rule rule(posts, p);
    std::vector<double> of_target(posts);
    std::map<std::int64_t, double> gaps;
    double all = 0;
    for (std::int64_t i = 0; i < sources; ++i) {
      std::int64_t before = -1;
      for (std::int32_t j : rule.row(i)) {
        ++of_target[static_cast<std::size_t>(j)];
        gaps[j - before] += 1;
        before = j;
        ++all;
      }
    }
    double expected = p * posts * sources, sigma = std::sqrt(expected * (1 - p));
    CHECK(std::abs(all - expected) < 5 * sigma);
    double chi = 0;
    for (double n : of_target)
      chi += (n - p * sources) * (n - p * sources) / (p * sources * (1 - p));
    CHECK(std::abs(chi - posts) < 5 * std::sqrt(2.0 * posts));
    for (std::int64_t gap : {1, 2, 7}) { // a gap g begins before every target but the last ones
      double mean = p * std::pow(1 - p, double(gap - 1)) * (all + sources);
      CHECK(std::abs(gaps[gap] - mean) < 5 * std::sqrt(mean) + 0.002 * mean);
    }
  }
}

TEST_CASE("every set of so many targets is as likely") {
  for (auto [posts, number, sets] : {std::tuple{7, 3, 35}, {12, 6, 924}, {4, 4, 1}, {5, 1, 5}}) {
    Rule rule(posts, 0, number);
    std::map<std::vector<std::int32_t>, double> counts;
    constexpr double rows = 200000;
    for (std::int64_t i = 0; i < std::int64_t(rows); ++i) {
      std::vector<std::int32_t> row = rule.row(i);
      std::ranges::sort(row);
      ++counts[row];
    }
    CHECK(counts.size() == std::size_t(sets));
    double chi = 0, mean = rows / sets;
    for (const auto &[set, n] : counts)
      chi += (n - mean) * (n - mean) / mean;
    CHECK(std::abs(chi - (sets - 1)) < 5 * std::sqrt(2.0 * sets));
  }
}

TEST_CASE("parts of a row, and sums over it, are those of the whole") {
  Rule rules[] = {Rule(9000, 0.03, -1, true),
                  Rule(9000, 0, 250, true),
                  Rule(9000, 0.01, -1, false, 0.3),
                  Rule(100, 1.0),
                  Rule(100, 0.0),
                  Rule(100, 0, 100)};
  for (Rule &rule : rules) {
    std::int64_t posts = rule.rows->posts;
    for (std::int64_t source : {0, 5, 77}) {
      std::vector<double> whole(static_cast<std::size_t>(posts)), parts = whole, values(whole.size(), 0.5);
      for (std::int32_t j : rule.row(source)) {
        CHECK((!rule.rows->skips_self || j != source));
        whole[static_cast<std::size_t>(j)] += 0.25;
      }
      for (std::int64_t first = 0; first < posts; first += 1111)
        overtime_add_row_f64(rule.rows.get(), source, 0.25, parts.data() + first, first, std::min(first + 1111, posts));
      CHECK(whole == parts);
      auto count = double(rule.row(source).size());
      CHECK(overtime_sum_row_f64(rule.rows.get(), source, 3.0, values.data()) == 1.5 * count);
      std::vector<float> narrow(whole.size()), ones(whole.size(), 1.0f);
      overtime_add_row_f32(rule.rows.get(), source, 0.25f, narrow.data(), 0, posts);
      CHECK(std::ranges::equal(whole, narrow));
      CHECK(overtime_sum_row_f32(rule.rows.get(), source, 1.0f, ones.data()) == float(count));
    }
  }
  CHECK(rules[3].row(1).size() == 100);
  CHECK(rules[4].row(1).empty());
  CHECK(rules[5].row(1).size() == 100);
  int some = 0;
  for (std::int64_t i = 0; i < 1000; ++i)
    some += !rules[2].row(i).empty();
  CHECK(std::abs(some - 300) < 75);
}
