// SPDX-License-Identifier: Apache-2.0
// SpikeTimeGroup: neurons that fire at times given beforehand.
#pragma once

#include "compiler/overtime.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace overtime {

/// Neuron indices[s] fires at times[s] [ms]: in the step from t to t + dt with t <= times[s] < t + dt, up to the
/// rounding of t. A neuron fires once in a step, also where two of its times lie in it; times before the first step are
/// over.
///
/// Param: times [n, K], the times of each neuron in ascending order, K the most that a neuron has. A step compares all
/// of them. States: spike; passed, how many times lie behind. Input I is not used. Returns spike.
class SpikeTimeGroup : public Neuron {
public:
  /// Errors: as many indices as times; an index outside [0, n); a time that is not finite.
  SpikeTimeGroup(std::int64_t n, const std::vector<std::int64_t> &indices, const std::vector<double> &times,
                 At at = At::current())
      : Neuron(n, Quantity{1, dimensionless}, at), times(param("times", table(n, indices, times, at), ms, at)) {}

  Param times;
  State spike = state("spike", false);
  State passed = state("passed", -1.0);

  using Neuron::update;
  Value update() override {
    constexpr double slack = 1e-2; // of a step: more than the rounding of t
    Value begin = count_before(t() - slack * dt());
    Value before = where(passed < 0, begin, passed);
    passed = count_before(t() + (1 - slack) * dt());
    return spike = passed > before;
  }

private:
  Value count_before(const Value &time) {
    Value each = sum(as_real(times < time), 1);
    return passed.shape().size() == 1 ? each : broadcast_to(each, passed.shape());
  }

  /// Neurons with fewer times than others have infinite ones behind them.
  static Tensor table(std::int64_t n, const std::vector<std::int64_t> &indices, const std::vector<double> &times,
                      const At &at) {
    if (indices.size() != times.size())
      throw Error(ErrorKind::Shape,
                  std::to_string(indices.size()) + " indices for " + std::to_string(times.size()) + " times of spikes",
                  at);
    std::vector<std::vector<double>> of(static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
    std::size_t most = 1;
    for (std::size_t s = 0; s < times.size(); ++s) {
      if (indices[s] < 0 || indices[s] >= n)
        throw Error(ErrorKind::Value,
                    "spike " + std::to_string(s) + " is of neuron " + std::to_string(indices[s]) + ", the group has " +
                        std::to_string(n),
                    at);
      if (!std::isfinite(times[s]))
        throw Error(ErrorKind::Value, "the time of spike " + std::to_string(s) + " is not finite", at);
      auto &neuron = of[static_cast<std::size_t>(indices[s])];
      neuron.push_back(times[s]);
      most = std::max(most, neuron.size());
    }
    Tensor all = Tensor::full({n, static_cast<std::int64_t>(most)}, std::numeric_limits<double>::infinity(), f64);
    for (std::size_t k = 0; k < of.size(); ++k) {
      std::sort(of[k].begin(), of[k].end());
      for (std::size_t s = 0; s < of[k].size(); ++s)
        all.set(static_cast<std::int64_t>(k * most + s), of[k][s]);
    }
    return all;
  }
};

} // namespace overtime
