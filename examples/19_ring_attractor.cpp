// SPDX-License-Identifier: Apache-2.0
// Lesson 19: a bump of activity on a ring of cells remembers a direction: Compte, Brunel, Goldman-Rakic & Wang 2000,
// Cerebral Cortex 10, 910-923. Cells that prefer like directions excite each other through NMDA synapses, and
// inhibition is for all; a cue of 250 ms leaves a bump that stays where the cue was.
//
//   build/bin/example_19 ring.npz      writes the spikes of the pyramidal cells
#include "examples/cortex.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/projections/poisson_input.h"
#include "models/synapses/exponential.h"
#include "models/synapses/receptors.h"

#include <cmath>
#include <complex>
#include <cstdio>
#include <numbers>

using namespace overtime;

constexpr std::int64_t NE = 512, NI = 128; // a quarter of the paper's cells, with four times its conductances
constexpr double cue = 180;
double direction(std::int64_t cell) { return double(cell) * 360 / NE; }
double between(double a, double b) { return std::remainder(a - b, 360); }

/// Conductances [NE, NE] that are `mean` [uS] on average and 1.62 times that between cells of the same direction:
/// low + (high - low) exp(-d^2 / (2 (18 degrees)^2)).
Tensor tuned(double mean) {
  Tensor w({NE, NE}, f64);
  double near = 0;
  for (std::int64_t k = 0; k < w.size(); ++k) {
    double d = between(direction(k / NE), direction(k % NE)) / 18;
    w.set(k, std::exp(-d * d / 2));
    near += w[k] / double(w.size());
  }
  double high = 1.62, low = (1 - high * near) / (1 - near);
  for (std::int64_t k = 0; k < w.size(); ++k)
    w.set(k, mean * (low + (high - low) * w[k]));
  return w;
}

struct Ring : Network {
  LIF E = child("E", lesson::pyramidal(NE, -60)), I = child("I", lesson::interneurons(NI, -60));

  Projection EE = child("EE", Projection(E, E, excites(tuned(4 * 0.381e-3)))); // a dense product in every step
  Projection EI = child("EI", Projection(E, I, excites(4 * 0.292_nS)));        // one sum for all
  Projection IE = child("IE", Projection(I, E, inhibits(4 * 1.336_nS)));
  Projection II = child("II", Projection(I, I, inhibits(4 * 1.024_nS)));
  PoissonInput XE = child("XE", PoissonInput(E, outside(3.1_nS))), XI = child("XI", PoissonInput(I, outside(2.38_nS)));

  static ProjectionParts excites(const Init &w) {
    return {.weight = w, .synapse = nmda(), .output = mg_block({.cc_Mg = 1.0})};
  }
  static ProjectionParts inhibits(const Init &w) {
    return {.weight = w, .synapse = exponential(10_ms), .output = coba(-70_mV)};
  }
  static PoissonInputParts outside(const Init &w) {
    return {.rate = 1800_Hz, .weight = w, .synapse = exponential(2_ms), .output = coba(0_mV)};
  }
};

/// What the spikes of a while say.
struct Bump {
  double at, peak, elsewhere; // direction of the summed vectors, rates [Hz] within 10 degrees of it and beyond 90
  explicit Bump(const Tensor &spikes) {
    Tensor rate = rates(spikes);
    std::complex<double> sum = 0;
    for (std::int64_t e = 0; e < NE; ++e)
      sum += std::polar(rate[e], direction(e) * std::numbers::pi / 180);
    at = between(std::arg(sum) * 180 / std::numbers::pi, 0);
    auto mean_where = [&](auto condition) {
      double total = 0, cells = 0;
      for (std::int64_t e = 0; e < NE; ++e)
        if (condition(std::abs(between(direction(e), at))))
          total += rate[e], cells += 1;
      return total / cells;
    };
    peak = mean_where([](double d) { return d < 10; });
    elsewhere = mean_where([](double d) { return d > 90; });
  }
};

int main(int argc, char **argv) {
  // 0.2 nA into the cells around the cue, from 500 to 750 ms of 3 s.
  Tensor current = Tensor::zeros({30000, NE});
  for (std::int64_t k = 5000 * NE; k < 7500 * NE; ++k)
    if (std::abs(between(direction(k % NE), cue)) < 9)
      current.set(k, 0.2);

  Ring net;
  Tensor spikes = LoopOverTime{net}({{"E", current}}).out["E"].leaf();
  double before = mean_rate(spikes.rows(2000, 5000));
  bool right = before > 0.5 && before < 4; // and no bump
  std::printf("before the cue: %.1f Hz\n", before);
  // The bump wanders, as the paper's does: noise moves it along the ring, where no place is better than another, with
  // so few cells by up to 30 degrees. Its cells fire at 20 to 50 Hz, those far from it less than without a cue.
  for (std::int64_t ms = 1000; ms < 3000; ms += 500) {
    Bump bump(spikes.rows(10 * ms, 10 * (ms + 500)));
    std::printf("%4lld ms: %4.0f degrees, %.0f Hz there, %.1f Hz elsewhere\n", static_cast<long long>(ms),
                bump.at < 0 ? bump.at + 360 : bump.at, bump.peak, bump.elsewhere);
    right &= std::abs(between(bump.at, cue)) < 45 && bump.peak > 20 && bump.peak < 50 && bump.elsewhere < 3;
  }
  if (argc > 1)
    save_tensors(argv[1], {{"spike", spikes}});
  return right ? 0 : 1;
}
