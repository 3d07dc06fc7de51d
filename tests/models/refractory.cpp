// SPDX-License-Identifier: Apache-2.0
// The refractory rule: V is held while t - t_last_spike <= tau_ref, at any time and in any type.
#include "models/neurons/lif.h"

#include <catch2/catch.hpp>

using namespace overtime;

namespace {

/// Steps from a spike to the next, of a neuron with constant current.
std::vector<std::int64_t> intervals(LIF &lif, LoopOptions options, std::int64_t steps) {
  options.cache = false;
  Tensor spikes = LoopOverTime(lif, options)(Tensor::full({steps, 1}, 40, options.real)).out;
  std::vector<std::int64_t> found;
  std::int64_t last = -1;
  for (std::int64_t k = 0; k < steps; ++k)
    if (spikes[k] != 0) {
      if (last >= 0)
        found.push_back(k - last);
      last = k;
    }
  return found;
}

} // namespace

TEST_CASE("f32 periods are as long at any time as they are from 0", "[models]") {
  LIF first(1, {.tau_ref = 2_ms});
  std::vector<std::int64_t> expected = intervals(first, {}, 1000);
  REQUIRE(expected.size() > 5);
  for (double t0 : {1e5, 1e6, 1e7, 123456789.3}) {
    LIF lif(1, {.tau_ref = 2_ms});
    INFO("t0 " << t0);
    CHECK(intervals(lif, {.t0 = t0}, 1000) == expected);
    LIF parts(1, {.tau_ref = 2_ms});
    LoopOverTime over_time(parts, {.t0 = t0, .cache = false});
    std::int64_t spikes = 0;
    for (int k = 0; k < 100; ++k) {
      Tensor out = over_time(Tensor::full({10, 1}, 40)).out;
      for (std::int64_t j = 0; j < 10; ++j)
        spikes += out[j] != 0;
    }
    CHECK(spikes == static_cast<std::int64_t>(expected.size()) + 1);
  }
}

TEST_CASE("a loop that begins before the last spike holds V until then, also without a period", "[models]") {
  for (DType real : {f32, f64})
    for (bool for_each : {false, true}) {
      LIF lif(1);
      if (for_each)
        lif.tau_ref.set_value(Tensor::of({0}));
      LoopOverTime first(lif, {.real = real, .cache = false});
      first(Tensor::full({500, 1}, 60, real));
      double last = lif.t_last_spike.value()[0], V = lif.V.value()[0];
      REQUIRE(last > 10);
      LoopOverTime again(lif, {.out_vars = lif.V, .real = real, .cache = false});
      Tensor held = again(Tensor::full({500, 1}, 60, real)).vars;
      auto steps = static_cast<std::int64_t>(std::llround(last / 0.1)); // t = 0, 0.1, .., last
      for (std::int64_t k = 0; k <= steps; ++k)
        CHECK(held[k] == V);
      CHECK(held[steps + 1] != V);
      Tensor later = again(Tensor::full({5, 1}, 60, real)).vars; // past it: the program without a period again
      CHECK(later[0] != later[1]);
    }
}
