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
/// States: spike (bool), t_last_spike [ms], the time at the beginning of the step in which the neuron fired last.
class RefractoryNeuron : public Neuron {
public:
  using Neuron::update;

  Param tau_ref;
  State spike = state("spike", false);
  State t_last_spike;

protected:
  RefractoryNeuron(std::int64_t n, const Quantity &input_unit, const RefractoryOptions &options, At at,
                   const Quantity &never = -1e7 * ms)
      : Neuron(n, input_unit, at), tau_ref(param("tau_ref", options.tau_ref, ms, at)),
        t_last_spike(state("t_last_spike", never, at)) {}

  /// The potential of this step: `next`, or `old` while refractory, that is while t - t_last_spike <= tau_ref.
  Value held(const Value &old, const Value &next) {
    // Without a period there is nothing to trace. The loop notes which numbers decided while tracing, and traces again
    // when a later call finds another tau_ref.
    Tensor numbers = tau_ref.value();
    bool for_each = numbers.rank() > 0;
    if (!for_each && !(numbers[0] > 0))
      return next;
    Value period = tau_ref;
    // In f32 the difference of two times is off by their rounding, so a period of whole steps would last one step more
    // or less depending on t. Counting whole steps, with half a step of slack, makes all periods equally long. f64
    // keeps the comparison as it stands: it is BrainPy's, whose published runs depend on it.
    if (real() == f32)
      period = (floor(tau_ref / dt() + 1e-3) + 0.5) * dt();
    // A neuron without a period is never held, also not at t = t_last_spike of an earlier loop.
    if (for_each)
      period = where(tau_ref > 0, period, -1e30 * ms);
    return where(t() - t_last_spike <= period, old, next);
  }

  /// Records the spikes of this step.
  Value fire(const Value &fired) {
    spike = fired;
    t_last_spike = where(fired, t(), t_last_spike);
    return fired;
  }
};

} // namespace overtime
