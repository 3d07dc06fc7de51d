// SPDX-License-Identifier: Apache-2.0
// Input generators against BrainPy's arrays.
#include "models/inputs/currents.h"
#include "models/inputs/waves.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

TEST_CASE("input generators give BrainPy's arrays", "[golden]") {
  Case c = load("inputs");
  for (DType real : {f64, f32}) {
    InputOptions options{.dt = 0.1, .real = real};
    Window window{.t_start = 5, .t_end = 25};
    std::map<std::string, Tensor> got = {
        {"constant", constant_input({{0, 10}, {5, 20}, {0, 5}}, options)},
        {"section", section_input({0, 1.5, 0.5}, {3, 5, 2}, options)},
        {"ramp", ramp_input(0, 10, 20, {.t_start = 5, .t_end = 15}, options)},
        {"spike", spike_input({10, 20, 30}, {1, 2, 0.5}, {0.5, 1, 2}, 40, options)},
        {"sinus", sinusoidal_input(2, 50, 30, {.window = window, .input = options})},
        {"sinus_bias", sinusoidal_input(2, 50, 30, {.bias = true, .input = options})},
        {"square", square_input(1.5, 100, 30, {.input = options})},
        {"square_bias", square_input(1.5, 100, 30, {.bias = true, .input = options})},
    };
    // A few rounding errors of sin's argument, up to 10 here, and one of f32.
    double relative = real == f64 ? 1e-14 : 6e-8;
    for (const auto &[name, input] : got) {
      CHECK(input.dtype() == real);
      CHECK(difference(name, input.to(f64), c.expected(name), {.relative = relative}) == "");
    }
  }
}
