// SPDX-License-Identifier: Apache-2.0
// Every model of the zoo: compiled code against the reference interpreter.
#include "tests/models/models_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::test;

namespace {
std::map<std::string, double> scalars_of(const std::string &model) {
  return model == "Dropout" ? std::map<std::string, double>{{"keep_prob", 0.7}} : std::map<std::string, double>{};
}
} // namespace

TEST_CASE("every model computes what the interpreter computes", "[models]") {
  for (const ZooEntry &entry : zoo_entries()) {
    INFO(entry.name);
    CHECK(compare_with_interpreter({.model = entry.name, .scalars = scalars_of(entry.name)}) == "");
  }
}

TEST_CASE("every model computes what the interpreter computes, in tiles and a remainder", "[models]") {
  // 1000 is no multiple of a tile of 32 lanes, nor of eight vectors; the interpreter is slow at products.
  for (const ZooEntry &entry : zoo_entries()) {
    INFO(entry.name);
    CHECK(compare_with_interpreter({.model = entry.name,
                                    .scalars = scalars_of(entry.name),
                                    .size = entry.kind == "layer" ? 37 : 1000,
                                    .steps = 10}) == "");
  }
}

TEST_CASE("every model computes what the interpreter computes, in f32", "[models]") {
  // A few steps: the interpreter computes in f64, and the difference of the roundings grows from step to step.
  for (const ZooEntry &entry : zoo_entries()) {
    INFO(entry.name);
    CHECK(compare_with_interpreter(
              {.model = entry.name, .scalars = scalars_of(entry.name), .size = 37, .steps = 5, .real = f32}, 1e-4) ==
          "");
  }
}

TEST_CASE("every model computes what the interpreter computes, in batches", "[models]") {
  for (const ZooEntry &entry : zoo_entries()) {
    INFO(entry.name);
    CHECK(compare_with_interpreter({.model = entry.name, .batch = 3, .scalars = scalars_of(entry.name)}) == "");
  }
}

TEST_CASE("every neuron and rate model computes what the interpreter computes, with other methods", "[models]") {
  set_dt(0.025); // by which delays become steps
  for (const char *method : {"euler", "rk2", "rk4"})
    for (const ZooEntry &entry : zoo_entries()) {
      // A stage of these may overflow at the upstroke; the numbers behind it are NaN for both, compared elsewhere.
      if (entry.kind == "layer" || entry.kind == "input" || entry.name == "ExpIF" || entry.name == "AdExIF")
        continue;
      INFO(entry.name << " with " << method);
      // dt 0.025 ms: explicit methods are unstable at 0.1 ms while HH's sodium channels are open.
      CHECK(compare_with_interpreter({.model = entry.name, .method = method, .dt = 0.025}) == "");
    }
  set_dt(0.1);
}

TEST_CASE("refractory neurons compute what the interpreter computes", "[models]") {
  for (const char *model : {"LIF", "ExpIF", "AdExIF", "QuaIF", "AdQuaIF", "GIF", "Izhikevich", "ALIF"}) {
    INFO(model);
    CHECK(compare_with_interpreter({.model = model, .scalars = {{"tau_ref", 1.25}}}) == "");
  }
}

TEST_CASE("dropout while fitting draws the interpreter's numbers", "[models]") {
  CHECK(compare_with_interpreter({.model = "Dropout", .shared = {{"fit", true}}, .scalars = {{"keep_prob", 0.7}}}) ==
        "");
}
