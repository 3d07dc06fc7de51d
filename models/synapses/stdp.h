// SPDX-License-Identifier: Apache-2.0
// Spike-timing dependent plasticity of pairs of spikes.
#pragma once

#include "models/synapses/learning.h"

namespace overtime {

/// Which pairs of spikes count.
enum class Pairs {
  All,    ///< each spike with all before it
  Nearest ///< with the last one before it
};

struct STDPOptions {
  Init A_plus = 0.005, A_minus = 0.00525, tau_plus = 20_ms, tau_minus = 20_ms;
  Quantity w_min = {0.0, {}}, w_max = {1.0, {}}; ///< in the unit of the weights
  double mu = 0.0;                               ///< how changes depend on the weight; 0: not
  Pairs pairs = Pairs::All;
};
/// Pairs of spikes change a weight (Song, Miller & Abbott 2000, Nature Neuroscience 3, 919-926, eq. 1), by way of one
/// trace for each source and one for each target (Morrison, Diesmann & Gerstner 2008, section 4.1):
///
///   dx/dt = -x / tau_plus,   dy/dt = -y / tau_minus
///   a spike of the source arrives:   w -= A_minus W f_minus(w) y;   then x += 1
///   the target has fired:            w += A_plus W f_plus(w) x;     then y += 1
///
/// W is w_max - w_min, and w stays between them. f_minus = ((w - w_min) / W)^mu and f_plus = ((w_max - w) / W)^mu
/// (Guetig, Aharonov, Rotter & Sompolinsky 2003, J. Neurosci. 23, eq. 2). With mu = 0 changes do not depend on the
/// weight, with mu = 1 they are in proportion to what is left to the bound; then a step costs as much as its spikes
/// have synapses, and with another mu as much as there are synapses. With Pairs::Nearest a trace becomes 1 rather than
/// growing by it.
///
/// A spike counts for its source when it arrives, after the delay, and for its target in the step after it. Two spikes
/// that meet in one step change nothing. What a spike transmits is the weight after the changes of its step.
///
/// | symbol    | meaning                                       | default | unit        |
/// |-----------|-----------------------------------------------|---------|-------------|
/// | A_plus    | potentiation by a pair without time between   | 0.005   | W           |
/// | A_minus   | depression by a pair without time between     | 0.00525 | W           |
/// | tau_plus  | how long before the target a source counts    | 20      | ms          |
/// | tau_minus | how long after the target a source counts     | 20      | ms          |
/// | w_min, w_max | bounds                                     | 0, 1    | the weights' |
/// | mu        | dependence on the weight: 0 none, 1 linear    | 0       | 1           |
class STDP : public LearningRule {
public:
  explicit STDP(const LearningPlace &place, const STDPOptions &o = {}, At at = At::current())
      : A_plus(param("A_plus", o.A_plus)), A_minus(param("A_minus", o.A_minus)),
        tau_plus(param("tau_plus", o.tau_plus, ms)), tau_minus(param("tau_minus", o.tau_minus, ms)),
        x(state("x", 0.0, Shape{place.sources})), y(state("y", 0.0, Shape{place.targets})), unit_{1.0, place.unit},
        low_(in_unit(o.w_min, place.unit, at)), high_(in_unit(o.w_max, place.unit, at)), mu_(o.mu), pairs_(o.pairs) {
    if (!(low_ < high_))
      throw Error(ErrorKind::Value,
                  "stdp: w_min is " + std::to_string(low_) + ", not below w_max, " + std::to_string(high_), at);
    if (!(mu_ >= 0.0))
      throw Error(ErrorKind::Value, "stdp: mu is at least 0, got " + std::to_string(mu_), at);
  }
  Param A_plus, A_minus, tau_plus, tau_minus;
  State x, y; ///< traces of the sources [N] and targets [M]

  void equations() override {
    ddt(x) = -x / tau_plus;
    ddt(y) = -y / tau_minus;
  }
  Value learn(const Value &weights, const LearningStep &step) override {
    integrate();
    Value next = changed(weights, step.at_pre, A_minus * y, low_);
    next = changed(next, step.at_post, A_plus * x, high_);
    x = after(step.pre, x);
    y = after(step.post, y);
    return next;
  }

private:
  using Change = std::function<Value(const Value &, const Value &, const WeightChange &)>;

  /// Weights that have gone by a part [N] or [M] of W toward a bound.
  Value changed(const Value &w, const Change &change, const Value &part, double bound) const {
    if (mu_ == 1.0)
      return change(w, part, {.low = low_, .high = high_, .toward = bound});
    double W = bound == low_ ? low_ - high_ : high_ - low_;
    if (mu_ == 0.0)
      return change(w, part * (W * unit_), {.low = low_, .high = high_});
    Value left = (bound - w / unit_) / W; // not below 0: rounding may have put a weight beyond the bound
    Value by = change(full_like(w, 0.0 * unit_), part * (W * unit_), {}) * pow(maximum(left, 0.0), mu_);
    return minimum(maximum(w + by, low_ * unit_), high_ * unit_);
  }
  Value after(const Value &spikes, const Value &trace) const {
    return pairs_ == Pairs::All ? trace + as_real(spikes) : where(as_real(spikes) > 0, 1.0, trace);
  }
  static double in_unit(const Quantity &bound, const Unit &unit, const At &at) {
    if (bound.unit.dimensionless() || bound.unit.same_dimension(unit))
      return bound.unit.dimensionless() ? bound.value * bound.unit.scale : bound.in(unit);
    throw Error(ErrorKind::Unit,
                "stdp: w_min and w_max count in [" + bound.unit.str() + "], the weights in [" + unit.str() + "]", at);
  }

  Quantity unit_;
  double low_, high_, mu_;
  Pairs pairs_;
};

inline LearningFactory stdp(const STDPOptions &options = {},
                            std::source_location at = std::source_location::current()) {
  return [=](const LearningPlace &place) { return std::make_unique<STDP>(place, options, at); };
}

} // namespace overtime
