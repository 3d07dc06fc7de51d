// SPDX-License-Identifier: Apache-2.0
// Lesson 20: interneurons that inhibit each other fire together, some 40 times a second: Wang & Buzsaki 1996, J.
// Neurosci. 16, 6402-6413. Their synapses follow the potential of the source, not its spikes: what is transmitted can
// be any state of a model.
//
//   build/bin/example_20 gamma.npz      writes spikes, and the rate of the population over time t
#include "models/initializers.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/neurons/wang_buzsaki.h"

#include <cstdio>

using namespace overtime;

/// The interneuron of the zoo, and how open its synapses are: ds/dt = 12 F(V) (1 - s) - 0.1 s [1/ms], F = 1 / (1 +
/// exp(-V / 2 mV)).
struct Interneurons : WangBuzsaki {
  explicit Interneurons(std::int64_t n) : WangBuzsaki(n) {}
  State s = state("s", 0.0);
  void equations() override {
    WangBuzsaki::equations();
    ddt(s) = (12 * sigmoid(V / (2 * mV)) * (1 - s) - 0.1 * s) / ms;
  }
};

/// 100 cells, all with all and themselves: 0.1 mS/cm2 in sum, reversal at -75 mV.
struct Interneuronal : Network {
  Interneurons cells = child("cells", Interneurons(100));
  Projection inhibition =
      child("inhibition", Projection(cells.s, cells, {.weight = 0.1 / 100 * mS / cm2, .output = coba(-75_mV)}));
};

int main(int argc, char **argv) {
  Interneuronal net;
  // No two cells are alike: each is driven by another current, 1 and a little [uA/cm2].
  net.cells.I.set_value(Tensor::normal({100}, 1, 0.03, 1));
  net.cells.V.set_initial(uniform(-70, -50));
  net.cells.method("rk4"); // the upstroke of a spike takes few steps
  LoopOverTime over_time(net, {.dt = 0.05});
  Tensor spikes = over_time(1_s).out["cells"].leaf(), late = spikes.rows(10000, 20000);

  // The paper's coherence: of two cells, how often both fire in a bin of a tenth of the period. A plain program of
  // these equations with Runge-Kutta steps of 0.02 ms and other currents gives 36.9 Hz and 0.54.
  double frequency = mean_rate(late, 0.05), bin = 100 / frequency;
  double first = cross_correlation(spikes.rows(0, 3000), bin, 0.05), last = cross_correlation(late, bin, 0.05);
  std::printf("%.1f Hz; coherence %.2f in the first 150 ms, %.2f in the last 500 ms\n", frequency, first, last);
  if (argc > 1) {
    Tensor t({spikes.shape()[0]}, f64);
    for (std::int64_t k = 0; k < t.size(); ++k)
      t.set(k, 0.05 * double(k));
    save_tensors(argv[1], {{"spike", spikes}, {"rate", firing_rate(spikes, 1_ms, 0.05)}, {"t", t}});
  }
  return frequency > 35 && frequency < 45 && first < 0.2 && last > 0.45 ? 0 : 1;
}
