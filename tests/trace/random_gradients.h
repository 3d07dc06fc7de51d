// SPDX-License-Identifier: Apache-2.0
// The check of a random model's gradient, and what it has counted.
#pragma once

#include "tests/trace/random_model.h"

#include <atomic>

namespace overtime::test {

/// Directional derivatives of all models so far.
struct GradientCounts {
  std::atomic<int> compared, zero, rough; // rough: near a kink or a jump, or too curved for differences
};
/// In memory that the processes of failure_apart share.
GradientCounts &gradient_counts();

/// "" when the gradient of a loss over a program's outputs and states is right; else as failure_of.
std::string gradient_failure_of(const Program &program);

} // namespace overtime::test
