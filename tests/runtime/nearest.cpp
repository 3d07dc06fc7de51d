// SPDX-License-Identifier: Apache-2.0
// Which name is taken to be meant.
#include "compiler/trace/host/nearest.h"

#include <catch2/catch.hpp>

using namespace overtime;

TEST_CASE("the nearest name is found") {
  std::vector<std::string> known = {"V", "m", "h", "n", "gNa", "gK", "tau_m", "spike"};
  CHECK(nearest_name("gna", known) == "gNa");
  CHECK(nearest_name("gNA", known) == "gNa");
  CHECK(nearest_name("v", known) == "V");
  CHECK(nearest_name("spkie", known) == "spike");
  CHECK(nearest_name("spik", known) == "spike");
  CHECK(nearest_name("taum", known) == "tau_m");
}

TEST_CASE("what is far from every name has none") {
  std::vector<std::string> known = {"V", "m", "spike", ""};
  CHECK(nearest_name("x", known).empty());
  CHECK(nearest_name("", known).empty());
  CHECK(nearest_name("current", known).empty());
  CHECK(nearest_name(std::string(100000, 'a'), known).empty());
  CHECK(nearest_name("a", {}).empty());
}

TEST_CASE("a guess ends a message") {
  CHECK(did_you_mean("gna", {"gNa"}) == "; did you mean 'gNa'?");
  CHECK(did_you_mean("x", {"gNa"}).empty());
}
