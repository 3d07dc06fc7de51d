// SPDX-License-Identifier: Apache-2.0
// Lesson 16: the network of Vogels & Abbott 2005 with synapses that are currents and with synapses that are
// conductances: benchmarks 2 and 1 of Brette et al. 2007, J. Comput. Neurosci. 23, 349-398. Nothing but the cells'
// first potentials is random after the wiring, and activity keeps itself up, irregular and asynchronous.
//
//   build/bin/example_16 networks.npz      writes half a second of spikes of both
#include "models/initializers.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/synapses/exponential.h"

#include <cmath>
#include <cstdio>

using namespace overtime;

/// tau dV/dt = V_rest - V + R I, refractory for 5 ms. R = 1 MOhm: currents [nA] are what they do to V [mV].
struct Cells : LIF {
  Cells(std::int64_t n, const Quantity &drive) : LIF(n, {.tau_ref = 5_ms}) {
    V_rest.set_value(-60);
    V_reset.set_value(-60);
    V_th.set_value(-50);
    tau.set_value(20);
    I.set_value(drive);
    V.set_initial(uniform(-60, -50));
  }
};

/// A spike raises the synaptic current, or conductance, of 2 % of the cells, which decays with 5 or 10 ms.
struct EINet : Network {
  Cells E, I;
  EINet(const Quantity &drive, const Quantity &w_E, const Quantity &w_I, const OutputFactory &excites,
        const OutputFactory &inhibits)
      : E(child("E", Cells(3200, drive))), I(child("I", Cells(800, drive))) {
    std::uint64_t seed = 0;
    for (Cells *from : {&E, &I})
      for (Cells *to : {&E, &I}) {
        bool is_E = from == &E;
        add(from->name() + to->name(), Projection(*from, *to,
                                                  {.connect = fixed_probability(0.02),
                                                   .weight = is_E ? w_E : w_I,
                                                   .synapse = exponential(is_E ? 5_ms : 10_ms),
                                                   .output = is_E ? excites : inhibits,
                                                   .seed = ++seed}));
      }
  }
};

/// Runs 2 s and compares the excitatory cells of all but the first 300 ms with what is expected.
bool fires(EINet &net, const char *name, double hz, double cv, Tensor &spikes) {
  LoopOverTime over_time(net);
  spikes = over_time(2_s).out["E"].leaf().rows(3000, 20000);
  std::printf("%s: %.1f Hz, CV of the intervals %.2f\n", name, mean_rate(spikes), mean_cv(spikes, 8));
  return std::abs(mean_rate(spikes) / hz - 1) < 0.15 && std::abs(mean_cv(spikes, 8) / cv - 1) < 0.15;
}

int main(int argc, char **argv) {
  EINet cuba_net(11_nA, 1.62_nA, -9_nA, cuba(), cuba()); // rest at -49 mV, above the threshold
  EINet coba_net(20_nA, 0.6_uS, 6.7_uS, coba(0_mV), coba(-80_mV));
  Tensor of_cuba, of_coba;
  // Expected: a plain C++ program of these equations with other wirings. In the first network cells are driven to fire,
  // and inhibition holds them back; in the second they would rest, and cells take turns in being more active.
  bool right = fires(cuba_net, "CUBA", 5.5, 0.62, of_cuba);
  right &= fires(coba_net, "COBA", 20.5, 1.75, of_coba);
  if (argc > 1)
    save_tensors(argv[1], {{"cuba", of_cuba.rows(0, 5000)}, {"coba", of_coba.rows(0, 5000)}});
  return right ? 0 : 1;
}
