// SPDX-License-Identifier: Apache-2.0
// Accuracy: rows whose largest number is at the label.
#include "models/measures/accuracy.h"

#include <cmath>

namespace overtime {

/// The place of the largest of n numbers from `first` on; -1 when one of them is NaN.
static std::int64_t largest(const Tensor &numbers, std::int64_t first, std::int64_t n) {
  std::int64_t place = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    if (std::isnan(numbers[first + k]))
      return -1;
    if (numbers[first + k] > numbers[first + place])
      place = k;
  }
  return place;
}

double Accuracy::operator()(const Tensor &out, const Tensor &labels, std::source_location at) const {
  auto fits = [&](std::size_t skipped) {
    const Shape &shape = out.shape();
    return shape.size() > skipped &&
           Shape(shape.begin() + static_cast<std::ptrdiff_t>(skipped), shape.end() - 1) == labels.shape();
  };
  bool last_step = !fits(0);
  if ((last_step && !fits(1)) || out.size() == 0)
    throw Error(ErrorKind::Shape,
                "accuracy wants labels [..] of outputs [.., K], or of the last step of outputs [T, .., K]; got " +
                    to_string(labels.shape()) + " and " + to_string(out.shape()),
                at);
  std::int64_t classes = out.shape().back(), right = 0;
  std::int64_t first = last_step ? out.size() - labels.size() * classes : 0;
  for (std::int64_t k = 0; k < labels.size(); ++k)
    right += static_cast<double>(largest(out, first + k * classes, classes)) == labels[k];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

} // namespace overtime
