// SPDX-License-Identifier: Apache-2.0
// What is measured of a classifier: how often it is right.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Share of the labels whose class has the largest of the K numbers of its row. out [.., K], such as logits; labels
/// [..], or without the first axis of out, which is time then, and the last step counts. So it serves as FitOptions's
/// metric of each_step and last_step alike. Of equal numbers the first counts; a row with a NaN is wrong, a label that
/// is no class as well. Errors: other shapes, no labels.
struct Accuracy {
  double operator()(const Tensor &out, const Tensor &labels,
                    std::source_location at = std::source_location::current()) const;
};
inline constexpr Accuracy accuracy;

} // namespace overtime
