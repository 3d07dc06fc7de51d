// SPDX-License-Identifier: Apache-2.0
// Random numbers: known answers, and the keys they depend on.
#include "runtime/random.h"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <set>

namespace {

using Words = std::array<std::uint32_t, 4>;

Words philox(Words counter, std::array<std::uint32_t, 2> key) {
  Words out;
  overtime_philox4x32(counter.data(), key.data(), out.data());
  return out;
}

} // namespace

TEST_CASE("Philox 4x32-10 gives the known answers of Random123") {
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({ones, ones, ones, ones}, {ones, ones}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("uniform numbers are words of the blocks keyed by seed, stream and step") {
  // Element 64 g + 16 w + l has word w of block 16 g + l; an f64 goes on with the block whose highest bit is set.
  std::uint64_t seed = 0x299f31d0a4093822u;
  std::int64_t step = 0x13198a2e85a308d3;
  std::uint32_t stream = 0x03707344;
  for (std::uint32_t g : {0u, 3u})
    for (std::uint32_t w : {0u, 1u, 2u, 3u})
      for (std::uint32_t l : {0u, 5u, 15u}) {
        std::uint32_t block = 16 * g + l, element = 64 * g + 16 * w + l;
        std::array<std::uint32_t, 2> key = {0xa4093822, 0x299f31d0};
        Words high = philox({block, 0x85a308d3, 0x13198a2e, stream}, key);
        Words low = philox({block | 0x80000000u, 0x85a308d3, 0x13198a2e, stream}, key);
        CHECK(overtime_uniform_f32(seed, stream, step, element) == float(high[w] >> 8) * 0x1p-24f);
        std::uint64_t bits = (std::uint64_t(high[w]) << 32 | low[w]) >> 11;
        CHECK(overtime_uniform_f64(seed, stream, step, element) == double(bits) * 0x1p-53);
      }
}

TEST_CASE("numbers of f32 are those of f64, rounded") {
  for (std::uint32_t e = 0; e < 1000; ++e) {
    CHECK(std::abs(overtime_uniform_f32(3, 1, 2, e) - overtime_uniform_f64(3, 1, 2, e)) < 0x1p-24);
    CHECK(std::abs(overtime_normal_f32(3, 1, 2, e) - overtime_normal_f64(3, 1, 2, e)) < 1e-6);
  }
}

TEST_CASE("each part of the key gives other numbers") {
  std::set<double> seen;
  for (std::uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (std::uint32_t stream : {0u, 7u})
      for (std::int64_t step : {std::int64_t(0), std::int64_t(1), std::int64_t(1) << 32, std::int64_t(-1)})
        for (std::uint32_t element : {0u, 1u})
          seen.insert(overtime_uniform_f64(seed, stream, step, element));
  CHECK(seen.size() == 3 * 2 * 4 * 2);
}

TEST_CASE("uniform and normal numbers have their moments") {
  constexpr int n = 100000;
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0;
  for (int k = 0; k < n; ++k) {
    double u = overtime_uniform_f64(42, 0, 3, k), z = overtime_normal_f64(42, 1, 3, k);
    REQUIRE((u >= 0 && u < 1 && std::isfinite(z)));
    sum += u;
    squares += u * u;
    normal_sum += z;
    normal_squares += z * z;
  }
  // Five standard errors of each mean; the seed is fixed.
  CHECK(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
  CHECK(std::abs(normal_sum / n) < 5 / std::sqrt(double(n)));
  CHECK(std::abs(normal_squares / n - 1) < 5 * std::sqrt(2.0 / n));
}
