// SPDX-License-Identifier: Apache-2.0
// Lesson 15: a network of excitatory and inhibitory cells (Vogels & Abbott 2005), put together from populations and
// projections; a delay is one part more.
#include "models/initializers.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/synapses/exponential.h"

#include <cstdio>

using namespace overtime;

namespace {

LIF cells(std::int64_t n) {
  LIF lif(n, {.tau_ref = 5_ms});
  lif.V_rest.set_value(-60);
  lif.V_reset.set_value(-60);
  lif.V_th.set_value(-50);
  lif.tau.set_value(20);
  lif.I.set_value(20);
  lif.V.set_initial(uniform(-60, -50));
  return lif;
}

struct EINet : Network {
  LIF E = child("E", cells(3200)), I = child("I", cells(800));

  Projection from_E(LIF &to, std::uint64_t seed) {
    return Projection(E, to,
                      {.connect = fixed_probability(0.02),
                       .weight = 0.6,
                       .delay = Delay(0.5_ms),
                       .synapse = exponential(5_ms),
                       .output = coba(0_mV),
                       .seed = seed});
  }
  Projection from_I(LIF &to, std::uint64_t seed) {
    return Projection(I, to,
                      {.connect = fixed_probability(0.02),
                       .weight = 6.7,
                       .synapse = exponential(10_ms),
                       .output = coba(-80_mV),
                       .seed = seed});
  }
  Projection EE = child("EE", from_E(E, 1)), EI = child("EI", from_E(I, 2));
  Projection IE = child("IE", from_I(E, 3)), II = child("II", from_I(I, 4));
};

} // namespace

int main() {
  EINet net;
  std::printf("EE is a %s\n", net.EE.weights.how().c_str());
  LoopOverTime over_time(net);
  Tensor spikes = over_time(500_ms).out["E"].leaf(); // [5000, 3200]
  double rate = mean_rate(spikes);
  std::printf("excitatory cells fire at %.1f Hz\n", rate);
  return rate > 10 && rate < 30 ? 0 : 1;
}
