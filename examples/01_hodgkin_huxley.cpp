// SPDX-License-Identifier: Apache-2.0
// Lesson 1: a neuron for 100 ms, then for 1000 steps of a given current (the first program of the reference page).
#include "models/neurons/hh.h"

#include <algorithm>
#include <cstdio>

using namespace overtime;

/// True when the run has the shape and fired as often as it must.
static bool show(const char *what, const Tensor &spikes, const Tensor &V, std::int64_t expected) {
  std::int64_t fired = 0;
  for (std::int64_t k = 0; k < spikes.size(); ++k)
    fired += spikes[k] != 0.0;
  auto [low, high] = std::ranges::minmax(V.values<float>());
  std::printf("%-15s spikes %s, V %s, %lld spikes, V from %.1f to %.1f mV\n", what, to_string(spikes.shape()).c_str(),
              to_string(V.shape()).c_str(), static_cast<long long>(fired), low, high);
  return spikes.shape() == Shape{1000, 1} && V.shape() == spikes.shape() && fired == expected;
}

int main() {
  HH hh(1);
  LoopOverTime over_time(hh, {.out_vars = hh.V});

  // By duration: 100 ms are 1000 steps of 0.1 ms, without input.
  auto [spikes, potentials] = over_time(100.0);
  bool right = show("given duration", spikes, potentials, 0);

  // By data: one number a step, added to the current hh.I. States and time go on where the first call ended.
  auto [more_spikes, more_potentials] = over_time(Tensor::full({1000}, 5));
  right &= show("given inputs", more_spikes, more_potentials, 6);

  // Both calls ran the same kind of step, yet not the same program: the second one reads data.
  std::printf("next step: t = %g ms, i = %lld; programs compiled: %lld\n", *over_time.t0(),
              static_cast<long long>(*over_time.i0()), static_cast<long long>(over_time.compilations()));
  return right ? 0 : 1;
}
