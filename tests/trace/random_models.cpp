// SPDX-License-Identifier: Apache-2.0
// Random stateful models: compiled code against the reference interpreter, chunks against the whole, f32 against f64.
// OVERTIME_FUZZ_MODELS sets how many, OVERTIME_FUZZ_SEED the seed of the first.
#include "tests/trace/random_model.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

using namespace overtime;
using namespace overtime::test;

static std::uint64_t setting(const char *name, std::uint64_t fallback) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

TEST_CASE("random models compute what the interpreter computes, in any chunks", "[trace]") {
  std::uint64_t first = setting("OVERTIME_FUZZ_SEED", 1), count = setting("OVERTIME_FUZZ_MODELS", 120);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (std::getenv("OVERTIME_FUZZ_MODELS") && seed != first && (seed - first) % 100 == 0)
      std::cerr << seed - first << " models\n";
    Program program = random_program(seed);
    std::string failure = failure_apart(program);
    if (failure.empty())
      continue;
    Program small = minimised(program, failure);
    FAIL_CHECK("seed " << seed << ": " << failure << "\n\nSmaller: " << failure_apart(small) << "\n" << text_of(small));
  }
}
