// SPDX-License-Identifier: Apache-2.0
// Synapses whose conductance is a sum of exponentials of the time since each spike.
#pragma once

#include "models/synapses/synapse.h"

namespace overtime {

/// g jumps by the weight of a spike and decays (Dayan & Abbott 2001, section 5.8):
///
///   dg/dt = -g / tau;   g += weights of the spikes of the step, after the decay
///
/// | symbol | meaning       | default | unit |
/// |--------|---------------|---------|------|
/// | tau    | time of decay | 8       | ms   |
class Exponential : public Synapse {
public:
  explicit Exponential(const SynapsePlace &place, const Init &time = 8_ms)
      : Synapse(place), tau(param("tau", time, ms)), g(state("g", 0.0, place.unit)) {}
  Param tau;
  State g;
  void equations() override { ddt(g) = -g / tau; }
  Value conductance(const Arrivals &arrivals) override {
    integrate();
    g = arrivals.add(g);
    return g;
  }
};

/// A difference of two exponentials: h jumps, and g follows it. As in BrainPy 2.4 the peak depends on the two times:
///
///   dg/dt = -g / tau_decay + h,   dh/dt = -h / tau_rise;   then h += weights of the spikes
///
/// so that a spike acts from the next step on.
///
/// | symbol    | meaning       | default | unit |
/// |-----------|---------------|---------|------|
/// | tau_decay | time of decay | 10      | ms   |
/// | tau_rise  | time of rise  | 1       | ms   |
class DualExponential : public Synapse {
public:
  explicit DualExponential(const SynapsePlace &place, const Init &decay = 10_ms, const Init &rise = 1_ms)
      : Synapse(place), tau_decay(param("tau_decay", decay, ms)), tau_rise(param("tau_rise", rise, ms)),
        g(state("g", 0.0, place.unit)), h(state("h", 0.0, Quantity{1.0, place.unit.unit / ms.unit})) {}
  Param tau_decay, tau_rise;
  State g, h;
  void equations() override {
    ddt(g) = -g / tau_decay + h;
    ddt(h) = -h / tau_rise;
  }
  Value conductance(const Arrivals &arrivals) override {
    integrate();
    h = arrivals.add(h * ms) / ms;
    return g;
  }
};

inline SynapseKind exponential(const Init &tau = 8_ms) {
  return {[tau](const SynapsePlace &place) { return std::make_unique<Exponential>(place, tau); }};
}
inline SynapseKind dual_exponential(const Init &tau_decay = 10_ms, const Init &tau_rise = 1_ms) {
  return {[=](const SynapsePlace &place) { return std::make_unique<DualExponential>(place, tau_decay, tau_rise); }};
}
/// t exp(-t / tau): dual_exponential with equal times.
inline SynapseKind alpha(const Init &tau = 10_ms) { return dual_exponential(tau, tau); }

} // namespace overtime
