// SPDX-License-Identifier: Apache-2.0
// Lesson 21: synapses that learn from the timing of spikes compete until each is strong or silent: Song, Miller &
// Abbott 2000, Nature Neuroscience 3, 919-926. A cell hears 1000 excitatory sources. Weights that help to fire it grow,
// all others shrink, and it ends at nearly the same rate, irregular, whether its sources fire at 10 or at 40 Hz.
//
//   build/bin/example_21 stdp.npz      writes how many weights there are from w to w + 0.05 of the largest
#include "models/initializers.h"
#include "models/inputs/poisson_group.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/projections/poisson_input.h"
#include "models/synapses/exponential.h"
#include "models/synapses/stdp.h"

#include <algorithm>
#include <cstdio>

using namespace overtime;

constexpr double w_max = 0.015; // conductances in units of the leak's, which is 1 / R = 1 uS

/// 20 ms dV/dt = -70 mV - V + g_ex (0 - V) + g_in (-70 mV - V); a spike raises g_ex by its weight.
struct Learner : Network {
  PoissonGroup sources;
  LIF cell = child("cell", LIF(1));
  Projection excitation;
  PoissonInput inhibition;

  explicit Learner(const Quantity &rate)
      : sources(child("sources", PoissonGroup(1000, rate))),
        excitation(child("excitation", Projection(sources, cell,
                                                  {.weight = uniform(0, w_max),
                                                   .learning = stdp({.A_plus = 0.005, // of w_max; 20 ms for both
                                                                     .A_minus = 1.05 * 0.005,
                                                                     .w_max = w_max * uS}),
                                                   .synapse = exponential(5_ms),
                                                   .output = coba(0_mV)}))),
        inhibition(child("inhibition", PoissonInput(cell, {.rate = 200 * 10_Hz, // 200 sources
                                                           .weight = 0.05,
                                                           .synapse = exponential(5_ms),
                                                           .output = coba(-70_mV)}))) {
    cell.tau.set_value(20);
    cell.V_rest.set_value(-70);
    cell.V_reset.set_value(-60);
    cell.V_th.set_value(-54);
    cell.V.set_initial(-70.0);
  }
};

/// Number of weights in each of 20 bins up to the largest.
Tensor histogram(const Tensor &weights) {
  Tensor counts({20}, f64);
  for (std::int64_t k = 0; k < weights.size(); ++k) {
    auto bin = std::min<std::int64_t>(std::int64_t(weights[k] / w_max * 20), 19);
    counts.set(bin, counts[bin] + 1);
  }
  return counts;
}

/// 1000 s, and what there is in the last 200 s. The share of weights in the middle half would be 0.5 if they were as at
/// first, and is small when they are bimodal (the paper's figure 2).
bool learns(const Quantity &rate, Tensor &counts) {
  Learner net(rate);
  LoopOverTime over_time(net, {.out_vars = net.cell.spike, .dt = 1_ms, .keep_outputs = false});
  over_time(800_s);
  Tensor spikes = over_time(200_s).vars;
  counts = histogram(net.excitation.weights.learned->value());
  double silent = 0, middle = 0, strong = 0;
  for (std::int64_t k = 0; k < 20; ++k)
    (k < 5 ? silent : k < 15 ? middle : strong) += counts[k] / 1000;
  double hz = mean_rate(spikes, 1_ms), cv = mean_cv(spikes);
  std::printf("sources of %2.0f Hz: %.1f Hz, CV %.2f; weights: %2.0f %% small, %2.0f %% between, %2.0f %% large\n",
              rate.in(Hz.unit), hz, cv, 100 * silent, 100 * middle, 100 * strong);
  return hz > 8 && hz < 20 && cv > 0.7 && cv < 1.1 && middle < 0.25 && silent > 0.3 && strong > 0.05;
}

int main(int argc, char **argv) {
  Tensor slow, fast, w({20}, f64);
  bool right = learns(10_Hz, slow);
  right &= learns(40_Hz, fast);
  for (std::int64_t k = 0; k < 20; ++k)
    w.set(k, 0.05 * double(k));
  if (argc > 1)
    save_tensors(argv[1], {{"w", w}, {"slow", slow}, {"fast", fast}});
  return right ? 0 : 1;
}
