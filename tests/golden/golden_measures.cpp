// SPDX-License-Identifier: Apache-2.0
// Measures of spikes and potentials against BrainPy's.
#include "models/measures/correlation.h"
#include "models/measures/spikes.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

TEST_CASE("measures give BrainPy's numbers", "[golden]") {
  Case c = load("measure");
  const Tensor &spikes = c.in.at("spikes"), &V = c.in.at("V");
  Raster pairs = raster(spikes, 0.1);
  CHECK(difference("raster_i", pairs.index, c.expected("raster_i"), {}) == "");
  CHECK(difference("raster_t", pairs.times, c.expected("raster_t"), {.relative = 1e-15}) == "");
  Tolerance sums{.relative = 1e-13}; // in another order
  CHECK(difference("rate5", firing_rate(spikes, 5, 0.1), c.expected("rate5"), sums) == "");
  CHECK(difference("rate10", firing_rate(spikes, 10, 0.1), c.expected("rate10"), sums) == "");
  CHECK(difference("cc", Tensor(cross_correlation(spikes, 1, 0.1), f64), c.expected("cc"), sums) == "");
  CHECK(difference("vf", Tensor(voltage_fluctuation(V), f64), c.expected("vf"), sums) == "");
  CHECK(difference("fc", functional_connectivity(V), c.expected("fc"), sums) == "");
}
