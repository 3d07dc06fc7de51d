// SPDX-License-Identifier: Apache-2.0
// Lesson 18: two pools of cells that excite themselves compete for a decision: Wang 2002, Neuron 36, 955-968. Slow NMDA
// synapses add up the evidence, inhibition lets one pool win, and the winner goes on when the stimulus is over.
//
//   build/bin/example_18 decision.npz      writes the rates of the pools and the spikes of the first
#include "examples/cortex.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/projections/poisson_input.h"
#include "models/synapses/exponential.h"
#include "models/synapses/receptors.h"

#include <cstdio>

using namespace overtime;

/// Pools A and B prefer a direction each, N none; I inhibits all. All are connected with all.
struct Decision : Network {
  LIF A = child("A", lesson::pyramidal(240, -55)), B = child("B", lesson::pyramidal(240, -55)),
      N = child("N", lesson::pyramidal(1120, -55));
  LIF I = child("I", lesson::interneurons(400, -55));

  Decision() {
    for (LIF *to : {&A, &B, &N, &I}) {
      bool excites = to != &I; // conductances are those onto pyramidal cells and onto interneurons
      for (LIF *from : {&A, &B, &N}) {
        double w = weight(from, to);
        std::string name = from->name() + to->name();
        add(name + "_ampa", Projection(*from, *to,
                                       {.weight = w * (excites ? 0.05_nS : 0.04_nS),
                                        .delay = 0.5_ms,
                                        .synapse = exponential(2_ms),
                                        .output = coba(0_mV)}));
        // dg/dt = -g / 100 ms + x (1 - g) / 2 ms at each source: a cell that fires fast keeps its channels open.
        add(name + "_nmda", Projection(*from, *to,
                                       {.weight = w * (excites ? 0.165_nS : 0.13_nS),
                                        .delay = 0.5_ms,
                                        .synapse = nmda(),
                                        .output = mg_block({.cc_Mg = 1.0})}));
      }
      add("I" + to->name(), Projection(I, *to,
                                       {.weight = excites ? 1.3_nS : 1_nS,
                                        .delay = 0.5_ms,
                                        .synapse = exponential(5_ms),
                                        .output = coba(-70_mV)}));
      // The rest of the brain, and, for A and B, what the eyes see.
      add("to" + to->name(), PoissonInput(*to, {.rate = 2400_Hz,
                                                .weight = excites ? 2.1_nS : 1.62_nS,
                                                .synapse = exponential(2_ms),
                                                .output = coba(0_mV)}));
    }
  }

  /// Within A and B synapses are strong, and towards them weak, so that their sum is as without structure.
  double weight(const LIF *from, const LIF *to) const {
    constexpr double strong = 1.7, share = 0.15;
    if (to != &A && to != &B)
      return 1;
    return from == to ? strong : 1 - share * (strong - 1) / (1 - share);
  }
};

/// From 500 to 1500 of 2500 ms, 40 Hz (1 + c), and 4 Hz that are drawn anew every 50 ms: [T] Hz.
Tensor motion(double coherence, std::uint64_t seed) {
  Tensor rate = Tensor::zeros({25000}), noise = Tensor::normal({50}, 0, 4, seed);
  for (std::int64_t k = 5000; k < 15000; ++k)
    rate.set(k, 40 * (1 + coherence) + noise[k / 500]);
  return rate;
}

/// Whether a rate is within bounds, which it prints beside it.
bool within(const char *what, double rate, double low, double high) {
  std::printf("%-48s %5.1f Hz  (%g to %g)\n", what, rate, low, high);
  return rate >= low && rate <= high;
}

int main(int argc, char **argv) {
  Decision net;
  LoopOverTime over_time(net);
  LoopResult r = over_time({{"toA", motion(0.512, 1)}, {"toB", motion(-0.512, 2)}});
  auto rate = [&](const char *pool, std::int64_t from, std::int64_t to) {
    return mean_rate(r.out[pool].leaf().rows(from * 10, to * 10));
  };
  // Before: about 3 and 9 Hz in the mean-field theory that the conductances come from (Brunel & Wang 2001, J. Comput.
  // Neurosci. 11, 63-85), somewhat less in networks of this size. Then the paper's figures 2 and 3: the winner passes
  // 15 Hz, the mark of a decision, and ramps to 20 to 40 Hz; the loser falls; activity of the winner persists. The
  // bounds hold for any draw of the noise that was tried, 31 of them.
  bool right = within("pyramidal cells before the stimulus", rate("N", 200, 500), 1, 4);
  right &= within("interneurons before the stimulus", rate("I", 200, 500), 6, 11);
  right &= within("A, which the stimulus prefers, at the end of it", rate("A", 1200, 1500), 20, 40);
  right &= within("B at the same time", rate("B", 1200, 1500), 0, 5);
  right &= within("A, half a second later", rate("A", 2000, 2500), 5, 30);
  right &= within("B, half a second later", rate("B", 2000, 2500), 0, 5);
  if (argc > 1)
    save_tensors(argv[1], {{"A", firing_rate(r.out["A"].leaf(), 50_ms)},
                           {"B", firing_rate(r.out["B"].leaf(), 50_ms)},
                           {"spike", r.out["A"].leaf()}});
  return right ? 0 : 1;
}
