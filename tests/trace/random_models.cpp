// SPDX-License-Identifier: Apache-2.0
// Random stateful models: compiled code against the reference interpreter, chunks against the whole, f32 against f64.
#include "tests/trace/random_model.h"

#include <catch2/catch.hpp>

using namespace overtime::test;

TEST_CASE("random models compute what the interpreter computes, in any chunks", "[trace]") {
  check_random_models(120, failure_of);
}
