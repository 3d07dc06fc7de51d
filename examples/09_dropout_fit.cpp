// SPDX-License-Identifier: Apache-2.0
// Lesson 9: shared arguments. fit = true reaches every layer of a model; dropout acts on it.
#include "models/layers/dense.h"
#include "models/layers/dropout.h"

#include <cmath>
#include <cstdio>

using namespace overtime;

static double share_of_zeros(const Tensor &y) {
  std::int64_t zeros = 0;
  for (std::int64_t k = 0; k < y.size(); ++k)
    zeros += y[k] == 0.0;
  return static_cast<double>(zeros) / static_cast<double>(y.size());
}

int main() {
  Sequential model{{"hidden", Dense(20, 50)}, {"dropout", Dropout(0.8)}};
  Tensor x = Tensor::uniform({100, 8, 20});

  auto run = [&](bool fit, std::uint64_t seed) -> Tensor {
    LoopOverTime over_time(model, {.shared_arg = {{"fit", fit}}, .seed = seed});
    over_time.reset_state(8);
    return over_time(x).out;
  };
  Tensor predicted = run(false, 1), fitted = run(true, 1), again = run(true, 1), other = run(true, 2);

  std::int64_t changed = 0, differ = 0;
  for (std::int64_t k = 0; k < fitted.size(); ++k) {
    changed += fitted[k] != again[k];
    differ += (fitted[k] == 0.0) != (other[k] == 0.0);
  }
  std::printf("fit = false: %4.1f %% of the outputs are zero\n", 100 * share_of_zeros(predicted));
  std::printf("fit = true:  %4.1f %% of the outputs are zero, expected 20\n", 100 * share_of_zeros(fitted));
  std::printf("the same seed again: %lld of %lld differ; another seed: %.1f %% of the choices differ, expected 32\n",
              static_cast<long long>(changed), static_cast<long long>(fitted.size()),
              100.0 * static_cast<double>(differ) / static_cast<double>(fitted.size()));
  bool right = share_of_zeros(predicted) == 0.0 && std::abs(share_of_zeros(fitted) - 0.2) < 0.02 && changed == 0;
  return right ? 0 : 1;
}
