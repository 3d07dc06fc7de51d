// SPDX-License-Identifier: Apache-2.0
// Gradients of random stateful models: against central differences, and the same bits for any remat and any threads.
#include "tests/trace/random_gradients.h"

#include <catch2/catch.hpp>

using namespace overtime::test;

TEST_CASE("gradients of random models are those of central differences", "[gradient]") {
  GradientCounts &counts = gradient_counts();
  check_random_models(50, gradient_failure_of);
  INFO(counts.compared << " derivatives compared, " << counts.zero << " of them 0; " << counts.rough
                       << " without a difference to compare with");
  CHECK(counts.compared - counts.zero > 5 * counts.rough);
  WARN(counts.compared << " derivatives compared, " << counts.zero << " of them 0; " << counts.rough << " not");
}
