// SPDX-License-Identifier: Apache-2.0
// Rules of connection: numbers of synapses, no pair twice, the same from the same seed; forms of weights.
#include "models/connectivity/structured.h"
#include "models/initializers.h"
#include "models/projections/weights.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

using namespace overtime;

namespace {

/// Every pair once, rows ascending, all targets in range.
void check_list(const Csr &list) {
  REQUIRE(list.offsets[0] == 0);
  REQUIRE(list.offsets[list.sources] == double(list.synapses()));
  std::int64_t row = -1, before = -1;
  list.each([&](std::int64_t i, std::int64_t, std::int64_t j) {
    before = i == row ? before : -1;
    REQUIRE((j > before && j < list.posts));
    row = i, before = j;
  });
}

std::vector<std::int64_t> out_degrees(const Csr &list) {
  std::vector<std::int64_t> degrees;
  for (std::int64_t i = 0; i < list.sources; ++i)
    degrees.push_back(std::int64_t(list.offsets[i + 1] - list.offsets[i]));
  return degrees;
}

bool has_self(const Csr &list) {
  Tensor m = list.matrix();
  for (std::int64_t i = 0; i < std::min(list.sources, list.posts); ++i)
    if (m[i * list.posts + i] != 0)
      return true;
  return false;
}

} // namespace

TEST_CASE("random rules have the numbers of synapses that they promise", "[networks]") {
  for (bool self : {true, false}) {
    Csr p = fixed_probability(0.1, {.include_self = self}).draw(400, 300, 5);
    check_list(p);
    double pairs = 400.0 * 300 - (self ? 0 : 300), spread = std::sqrt(pairs * 0.1 * 0.9);
    CHECK(std::abs(double(p.synapses()) - 0.1 * pairs) < 5 * spread);
    Csr total = fixed_total_number(1234, self).draw(60, 50, 5);
    check_list(total);
    CHECK(total.synapses() == 1234);
    Csr post = fixed_post_number(7, self).draw(40, 30, 5), pre = fixed_pre_number(7, self).draw(40, 30, 5);
    check_list(post);
    check_list(pre);
    CHECK(out_degrees(post) == std::vector<std::int64_t>(40, 7));
    CHECK(pre.in_degrees() == std::vector<std::int64_t>(30, 7));
    if (!self)
      for (const Csr &list : {p, total, post, pre})
        CHECK_FALSE(has_self(list));
  }
  CHECK(fixed_probability(1.0).draw(9, 8).synapses() == 72);
  CHECK(fixed_probability(0.0).draw(9, 8).synapses() == 0);
  Csr some = fixed_probability(0.5, {.pre_ratio = 0.25}).draw(4000, 40, 3);
  std::int64_t with = 0;
  for (std::int64_t degree : out_degrees(some))
    with += degree > 0;
  CHECK(std::abs(double(with) - 1000) < 150);
  Csr a = fixed_probability(0.2).draw(50, 50, 1), b = fixed_probability(0.2).draw(50, 50, 1),
      other = fixed_probability(0.2).draw(50, 50, 2);
  CHECK(a.matrix().str(2500) == b.matrix().str(2500));
  CHECK(a.matrix().str(2500) != other.matrix().str(2500));
}

TEST_CASE("structured rules", "[networks]") {
  Grid ring{.shape = {10}, .periodic = true};
  CHECK(ring.distance(0, 9) == 1);
  CHECK(Grid{.shape = {3, 4}, .spacing = 2}.distance(0, 5) == Approx(2 * std::sqrt(2.0)));
  Csr near = within_distance(ring, 2, false).draw(10, 10);
  CHECK(near.in_degrees() == std::vector<std::int64_t>(10, 4));
  Csr bell = gaussian_probability({.shape = {30, 30}}, 2.0).draw(900, 900, 4);
  check_list(bell);
  CHECK(double(bell.synapses()) / 900 == Approx(2 * 3.14159265 * 4).epsilon(0.25)); // less at the border
  Csr regular = small_world(4, 0.0).draw(20, 20), rewired = small_world(4, 0.3).draw(200, 200, 2);
  CHECK(regular.in_degrees() == std::vector<std::int64_t>(20, 4));
  check_list(rewired);
  CHECK(rewired.synapses() == 800);
  CHECK(rewired.matrix().str(40000) == rewired.transposed().matrix().str(40000));
  CHECK_FALSE(has_self(rewired));
  Csr free = scale_free(3).draw(500, 500, 7);
  check_list(free);
  CHECK(free.synapses() == 2 * 3 * (500 - 3));
  auto degrees = free.in_degrees();
  CHECK(*std::max_element(degrees.begin(), degrees.end()) > 30); // a hub
}

TEST_CASE("lists are taken as they are, and turned", "[networks]") {
  Csr pairs = from_pairs({2, 0, 2}, {1, 3, 0}).draw(3, 4);
  CHECK(pairs.offsets.str() == "i32 [4] 0 1 1 3");
  CHECK(pairs.targets.str() == "u16 [3] 3 0 1");
  Tensor positions;
  Csr turned = pairs.transposed(&positions);
  CHECK(turned.offsets.str() == "i32 [5] 0 1 2 2 3");
  CHECK(turned.targets.str() == "u16 [3] 2 2 0");
  CHECK(positions.str() == "i32 [3] 1 2 0");
  Csr large = from_pairs({0, 0}, {7, 65536}).draw(1, 65537), edge = from_pairs({0}, {65535}).draw(1, 65536);
  CHECK(large.targets.str() == "i32 [2] 7 65536"); // one target more than 16 bits can tell apart
  CHECK(large.transposed().targets.str() == "u16 [2] 0 0");
  CHECK(edge.targets.str() == "u16 [1] 65535");
  CHECK(from_csr(Tensor::of({0, 1, 1, 3}, i64), Tensor::of({3, 1, 0}, i64)).draw(3, 4).targets.str() ==
        pairs.targets.str());
  CHECK_THROWS_WITH(from_csr(Tensor::of({0, 100, 3}, i64), Tensor::of({3, 1, 0}, i64)).draw(2, 4),
                    Catch::Contains("do not ascend"));
  CHECK_THROWS_WITH(within_distance({.shape = {4}, .spacing = 0}, 1), Catch::Contains("above 0, got [4] of spacing 0"));
  CHECK(from_matrix(pairs.matrix()).draw(3, 4).targets.str() == pairs.targets.str());
  CHECK_THROWS_WITH(from_pairs({0, 0}, {1, 1}).draw(2, 2), Catch::Contains("connects 0 to 1 twice"));
  CHECK_THROWS_WITH(from_pairs({0}, {5}).draw(2, 2), Catch::Contains("there is no target 5 of 2"));
  CHECK_THROWS_WITH(one_to_one().draw(2, 3), Catch::Contains("populations of one size"));
  CHECK_THROWS_WITH(fixed_post_number(9).draw(2, 3), Catch::Contains("takes 0 to 3, got 9"));
}

TEST_CASE("the form of weights is what costs least, and says so", "[networks]") {
  using Form = Weights::Form;
  auto form = [](const Connectivity &c, const WeightOptions &o) { return Weights(c, 100, 100, o).form(); };
  CHECK(form(one_to_one(), {}) == Form::OneToOne);
  CHECK(form(all_to_all(), {}) == Form::AllToAll);
  CHECK(form(all_to_all(), {.weight = uniform(0, 1)}) == Form::List);
  CHECK(form(all_to_all(), {.weight = uniform(0, 1), .events = false}) == Form::Dense);
  CHECK(form(fixed_probability(0.02), {.events = false}) == Form::List);
  // 10^12 pairs would not fit as a list.
  CHECK(Weights(all_to_all(), 1000000, 1000000).how() == "all to all");
  CHECK(Weights(fixed_post_number(10), 100, 100).how() == "list of 1000 synapses (10 % of 10000 pairs)");
}
