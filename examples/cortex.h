// SPDX-License-Identifier: Apache-2.0
// The cells of lessons 18 and 19: pyramidal cells and interneurons of a cortex, as integrate-and-fire neurons.
#pragma once

#include "models/initializers.h"
#include "models/neurons/lif.h"

namespace overtime::lesson {

/// C dV/dt = -gL (V + 70 mV) + I, with tau = C / gL and R = 1 / gL; Brunel & Wang 2001, J. Comput. Neurosci. 11, 63-85.
inline LIF cortical(std::int64_t n, double V_reset, const Quantity &tau, const Quantity &R, const Quantity &tau_ref) {
  LIF lif(n, {.tau_ref = tau_ref});
  lif.V_rest.set_value(-70);
  lif.V_reset.set_value(V_reset);
  lif.V_th.set_value(-50);
  lif.tau.set_value(tau);
  lif.R.set_value(R);
  lif.V.set_initial(uniform(-70, -50));
  return lif;
}
/// 0.5 nF, 25 nS.
inline LIF pyramidal(std::int64_t n, double V_reset) { return cortical(n, V_reset, 20_ms, 40 * MOhm, 2_ms); }
/// 0.2 nF, 20 nS.
inline LIF interneurons(std::int64_t n, double V_reset) { return cortical(n, V_reset, 10_ms, 50 * MOhm, 1_ms); }

} // namespace overtime::lesson
