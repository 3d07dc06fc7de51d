// SPDX-License-Identifier: Apache-2.0
// SpikingNeuron: what the integrate-and-fire models share: spikes, with a gradient or without, the reset after them,
// and a refractory period.
#pragma once

#include "models/surrogates.h"

namespace overtime {

/// What becomes of the potential after a spike.
enum class Reset {
  Hard, ///< V = V_reset
  Soft  ///< V -= V_th - V_reset: what is above the threshold stays
};

/// LIF cells(100, {.tau_ref = 5_ms}); a number counts in ms, an array holds one length for each neuron.
///
/// LIF cells(100, {.surrogate = surrogate::inv_square_grad()}); can be trained through its spikes: `spike` is a real, 0
/// or 1, whose derivative by (V - V_th) / mV is the surrogate's, and gradients pass through the reset too.
struct SpikingOptions {
  Init tau_ref = 0 * ms;
  Surrogate surrogate = {};        ///< without one spikes are truth values and have no gradient
  std::optional<Reset> reset = {}; ///< hard unless given; soft in LIF and GIF with a surrogate, as in BrainPy
  bool detach_reset = false;       ///< what a spike does to the neuron itself counts as independent of the potential
};

/// A neuron that fires when its potential reaches a threshold, and whose potential stays where it is for a time tau_ref
/// after a spike. Other states go on.
///
/// | symbol  | meaning                                | default | unit |
/// |---------|----------------------------------------|---------|------|
/// | tau_ref | length of the refractory period        | 0: none | ms   |
///
/// States: spike (bool; real with a surrogate); t_last_spike [ms], the time at the beginning of the step in which the
/// neuron fired last; steps_since_spike, counted in f32 runs, where the difference of two times is not exact.
class SpikingNeuron : public Neuron {
public:
  using Neuron::update;

  Param tau_ref;
  State spike, t_last_spike, steps_since_spike;

protected:
  /// `trained` is the reset with a surrogate unless the options say another.
  SpikingNeuron(std::int64_t n, const Quantity &input_unit, const SpikingOptions &options, Reset trained, At at,
                const Quantity &never = -1e7 * ms)
      : Neuron(n, input_unit, at), tau_ref(param("tau_ref", options.tau_ref, ms, at)),
        spike(state("spike", options.surrogate ? Init(0.0) : Init(false), at)),
        t_last_spike(state("t_last_spike", never, at)), steps_since_spike(state("steps_since_spike", 1e9, at)),
        surrogate(options.surrogate), reset_kind(options.reset.value_or(options.surrogate ? trained : Reset::Hard)),
        detach_reset(options.detach_reset) {}

  /// The potential of this step: `next`, or `old` while refractory, that is while t - t_last_spike <= tau_ref. With
  /// tau_ref = 0 that is never within a run, but until the time of the last spike in a loop that begins before it.
  Value held(const Value &old, const Value &next) {
    // Nothing to trace without periods. The loop notes what decided while tracing, and traces again when a later call
    // finds another tau_ref or spikes to come.
    holds = any_period(tau_ref.value()) || reaches_now(t_last_spike);
    if (!holds)
      return next;
    // f64 compares as BrainPy does, whose published runs depend on it.
    if (real() != f32)
      return where(t() - t_last_spike <= tau_ref, old, next);
    // In f32 a period of whole steps would last longer or shorter depending on how the times were rounded. Counted in
    // steps, with half of one as slack, all periods are equally long at any time.
    steps_since_spike = steps_since_spike + 1;
    return where(steps_since_spike <= floor(tau_ref / dt() + 1e-3) + 0.5, old, next);
  }

  /// Records and returns the spikes of this step: V >= threshold. The surrogate's argument is (V - threshold) / scale.
  Value fire(const Value &v, const Value &threshold, const Operand &scale = mV) {
    Value fired = surrogate ? overtime::spike((v - threshold) / scale, surrogate) : v >= threshold;
    spike = fired;
    t_last_spike = where(fired, t(), t_last_spike);
    if (holds && real() == f32)
      steps_since_spike = where(fired, 0, steps_since_spike);
    return fired;
  }

  /// `then` where the neuron fired, else x; to a gradient x + (then - x) fired, the line between them.
  Value after_spike(const Value &fired, const Operand &then, const Value &x) const {
    Value next = where(fired, then, x);
    return surrogate && !detach_reset ? with_gradient_of(next, x + (then - x) * fired) : next;
  }

  /// The potential after the reset.
  Value after_reset(const Value &fired, const Value &v, const Value &threshold, const Operand &V_reset) const {
    return reset_kind == Reset::Hard ? after_spike(fired, V_reset, v) : lowered(fired, v, threshold - V_reset);
  }
  /// A potential that is lowered by `step` at a spike.
  Value lowered(const Value &fired, const Value &v, const Value &step) const {
    if (!surrogate)
      return where(fired, v - step, v);
    return v - step * (detach_reset ? stop_gradient(fired) : fired);
  }

  /// The count goes on where the last call stopped; when time does not, or nobody counted, it follows from the times.
  void before_run(const RunStart &start) override {
    if (start.real == f32 && (any_period(tau_ref.value()) || start.reaches(t_last_spike)))
      start.count_steps(steps_since_spike, t_last_spike);
  }

private:
  static bool any_period(const Tensor &periods) {
    for (std::int64_t k = 0; k < periods.size(); ++k)
      if (periods[k] > 0)
        return true;
    return false;
  }
  Surrogate surrogate;
  Reset reset_kind;
  bool detach_reset;
  bool holds = false; // while this step is traced
};

} // namespace overtime
