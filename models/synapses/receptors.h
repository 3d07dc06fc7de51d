// SPDX-License-Identifier: Apache-2.0
// Receptors that saturate: NMDA, AMPA and GABAa. Their states are at the sources.
#pragma once

#include "models/synapses/synapse.h"

namespace overtime {

struct NMDAOptions {
  Init tau_decay = 100_ms, tau_rise = 2_ms, a = 0.5 / ms;
};
/// Slow and saturating (Wang 2002, Neuron 36, 955-968); mg_block() is its usual output:
///
///   dg/dt = -g / tau_decay + a x (1 - g),   dx/dt = -x / tau_rise;   then x += spikes
///
/// | symbol    | meaning       | default | unit |
/// |-----------|---------------|---------|------|
/// | tau_decay | time of decay | 100     | ms   |
/// | tau_rise  | time of rise  | 2       | ms   |
/// | a         | rate of rise  | 0.5     | 1/ms |
class NMDA : public Synapse {
public:
  explicit NMDA(const SynapsePlace &place, const NMDAOptions &o = {})
      : Synapse(place), tau_decay(param("tau_decay", o.tau_decay, ms)), tau_rise(param("tau_rise", o.tau_rise, ms)),
        a(param("a", o.a, 1 / ms)) {}
  Param tau_decay, tau_rise, a;
  State g = state("g", 0.0), x = state("x", 0.0);
  void equations() override {
    ddt(g) = -g / tau_decay + a * x * (1 - g);
    ddt(x) = -x / tau_rise;
  }
  Value conductance(const Arrivals &arrivals) override {
    integrate();
    x = arrivals.add(x);
    return g;
  }
};

struct ReceptorOptions {
  Init alpha = 0.98 / ms, beta = 0.18 / ms, T = 0.5, T_dur = 0.5_ms;
};
/// A pulse of transmitter opens channels (Destexhe, Mainen & Sejnowski 1998, Methods in Neuronal Modeling, chapter 1):
///
///   dg/dt = alpha T (1 - g) - beta g,   T for a time T_dur after a spike, else 0
///
/// | symbol | meaning                    | default AMPA, GABAa | unit |
/// |--------|----------------------------|---------------------|------|
/// | alpha  | rate of opening            | 0.98, 0.53          | 1/ms |
/// | beta   | rate of closing            | 0.18, 0.18          | 1/ms |
/// | T      | transmitter in a pulse     | 0.5, 1              | mM   |
/// | T_dur  | length of a pulse          | 0.5, 1              | ms   |
class Receptor : public Synapse {
public:
  explicit Receptor(const SynapsePlace &place, const ReceptorOptions &o = {})
      : Synapse(place), alpha(param("alpha", o.alpha, 1 / ms)), beta(param("beta", o.beta, 1 / ms)), T(param("T", o.T)),
        T_dur(param("T_dur", o.T_dur, ms)) {}
  Param alpha, beta, T, T_dur;
  State g = state("g", 0.0), arrival = state("arrival", -1e7 * ms);
  void equations() override { ddt(g) = alpha * transmitter * (1 - g) - beta * g; }
  Value conductance(const Arrivals &arrivals) override {
    arrival = where(arrivals.events, t(), arrival);
    transmitter = where(t() - arrival < T_dur, T, 0);
    integrate();
    return g;
  }

protected:
  Value transmitter;
};

struct BioNMDAOptions {
  Init alpha1 = 2 / ms, beta1 = 0.01 / ms, alpha2 = 1 / ms, beta2 = 0.5 / ms, T = 1.0, T_dur = 0.5_ms;
};
/// A pulse opens channels in two steps, as BrainPy has it:
///
///   dx/dt = alpha2 T (1 - x) - beta2 x,   dg/dt = alpha1 x (1 - g) - beta1 g
///
/// with T for a time T_dur after a spike; defaults 2, 0.01, 1, 0.5 [1/ms], T 1, T_dur 0.5 ms.
class BioNMDA : public Synapse {
public:
  explicit BioNMDA(const SynapsePlace &place, const BioNMDAOptions &o = {})
      : Synapse(place), alpha1(param("alpha1", o.alpha1, 1 / ms)), beta1(param("beta1", o.beta1, 1 / ms)),
        alpha2(param("alpha2", o.alpha2, 1 / ms)), beta2(param("beta2", o.beta2, 1 / ms)), T(param("T", o.T)),
        T_dur(param("T_dur", o.T_dur, ms)) {}
  Param alpha1, beta1, alpha2, beta2, T, T_dur;
  State g = state("g", 0.0), x = state("x", 0.0), arrival = state("arrival", -1e7 * ms);
  void equations() override {
    ddt(g) = alpha1 * x * (1 - g) - beta1 * g;
    ddt(x) = alpha2 * transmitter * (1 - x) - beta2 * x;
  }
  Value conductance(const Arrivals &arrivals) override {
    arrival = where(arrivals.events, t(), arrival);
    transmitter = where(t() - arrival < T_dur, T, 0);
    integrate();
    return g;
  }

private:
  Value transmitter;
};

inline SynapseKind nmda(const NMDAOptions &options = {}) {
  return {[options](const SynapsePlace &place) { return std::make_unique<NMDA>(place, options); }, false};
}
inline SynapseKind ampa(const ReceptorOptions &options = {}) {
  return {[options](const SynapsePlace &place) { return std::make_unique<Receptor>(place, options); }, false};
}
inline SynapseKind gabaa(const ReceptorOptions &options = {
                             .alpha = 0.53 / ms, .beta = 0.18 / ms, .T = 1.0, .T_dur = 1_ms}) {
  return ampa(options);
}
inline SynapseKind bio_nmda(const BioNMDAOptions &options = {}) {
  return {[options](const SynapsePlace &place) { return std::make_unique<BioNMDA>(place, options); }, false};
}

} // namespace overtime
