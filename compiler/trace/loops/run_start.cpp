// SPDX-License-Identifier: Apache-2.0
// Times of events against the time at which a call begins, and steps counted from them.
#include "compiler/trace/trace.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace overtime {

bool detail::reaches(Slot &times, double now, double dt) {
  const Tensor &numbers = times.ensure();
  if (numbers.dtype() != f32)
    return std::ranges::any_of(numbers.values<double>(), [now](double t) { return t >= now; });
  // Where f32 cannot tell a step from the next, the time of the step before looks like this one.
  constexpr float inf = std::numeric_limits<float>::infinity();
  auto start = static_cast<float>(now);
  bool coarse = std::nextafter(start, inf) - start > dt / 4;
  float first = coarse ? std::nextafter(start, inf) : start;
  return std::ranges::any_of(numbers.values<float>(), [first](float t) { return t >= first; });
}

bool RunStart::reaches(const State &times) const { return detail::reaches(*times.slot_, t, dt); }

void RunStart::count_steps(State &steps, const State &times) const {
  constexpr double many = 0x1p23; // f32 counts no farther than twice that, and no period is as long
  const Tensor &last = times.slot_->ensure();
  const Tensor &counted = steps.slot_->ensure();
  double rounding = last.dtype() == f32 ? 0x1p-24 : 0x1p-53;
  std::optional<Tensor> corrected;
  for (std::int64_t k = 0; k < last.size(); ++k) {
    double since = (t - last[k]) / dt - 1, slack = 0.25 + rounding * std::abs(last[k]) / dt;
    bool right = std::abs(counted[k] - since) <= slack || (counted[k] >= many && since >= many);
    if (right)
      continue;
    if (!corrected)
      corrected = counted.clone();
    corrected->set(k, std::round(std::min(since, 2 * many)));
  }
  if (corrected)
    steps.slot_->store(*corrected);
}

} // namespace overtime
