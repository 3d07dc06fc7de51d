// SPDX-License-Identifier: Apache-2.0
// RefractoryNeuron: what the integrate-and-fire models share, a refractory period and the time of the last spike.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// LIF cells(100, {.tau_ref = 5_ms}); a number counts in ms, an array holds one length for each neuron.
struct RefractoryOptions {
  Init tau_ref = 0 * ms;
};

/// A neuron whose potential stays where it is for a time tau_ref after a spike. Other states go on.
///
/// | symbol  | meaning                                | default | unit |
/// |---------|----------------------------------------|---------|------|
/// | tau_ref | length of the refractory period        | 0: none | ms   |
///
/// States: spike (bool); t_last_spike [ms], the time at the beginning of the step in which the neuron fired last;
/// steps_since_spike, counted in f32 runs, where the difference of two times is not exact.
class RefractoryNeuron : public Neuron {
public:
  using Neuron::update;

  Param tau_ref;
  State spike = state("spike", false);
  State t_last_spike, steps_since_spike;

protected:
  RefractoryNeuron(std::int64_t n, const Quantity &input_unit, const RefractoryOptions &options, At at,
                   const Quantity &never = -1e7 * ms)
      : Neuron(n, input_unit, at), tau_ref(param("tau_ref", options.tau_ref, ms, at)),
        t_last_spike(state("t_last_spike", never, at)), steps_since_spike(state("steps_since_spike", 1e9, at)) {}

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

  /// Records the spikes of this step.
  Value fire(const Value &fired) {
    spike = fired;
    t_last_spike = where(fired, t(), t_last_spike);
    if (holds && real() == f32)
      steps_since_spike = where(fired, 0, steps_since_spike);
    return fired;
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
  bool holds = false; // while this step is traced
};

} // namespace overtime
