// SPDX-License-Identifier: Apache-2.0
// The handwritten digits of lessons 13 and 14, and the learning curve that both save.
#pragma once

#include "compiler/overtime.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace lesson {

using overtime::Tensor;

/// Images [n, 8, 8] of pixels from 0 to 16, and which digit each shows, [n].
struct Digits {
  Tensor images, labels;
};

/// Those of `all` that `picked` lists.
inline Digits picked_from(const Digits &all, const std::vector<std::int64_t> &picked) {
  std::int64_t n = std::ssize(picked);
  Digits part{Tensor({n, 8, 8}, overtime::f32), Tensor({n}, overtime::i64)};
  for (std::int64_t k = 0; k < n; ++k) {
    std::int64_t from = picked[static_cast<std::size_t>(k)];
    part.labels.set(k, all.labels[from]);
    for (std::int64_t pixel = 0; pixel < 64; ++pixel)
      part.images.set(64 * k + pixel, all.images[64 * from + pixel]);
  }
  return part;
}

/// The 1797 images of data/digits.npz in three parts: 1257 to train on, 180 to choose by, such as the epoch to stop at,
/// and 360 for the test. They are drawn at random, the same in every run: the file is in no random order, and as it is,
/// the last images are harder than the first.
struct Split {
  Digits train, validation, test;

  Split() {
    auto file = overtime::load_tensors(DIGITS_FILE);
    Digits all{file.at("images"), file.at("labels")};
    Tensor draws = Tensor::uniform({all.labels.size()}, 0, 1, /*seed=*/1);
    std::vector<std::int64_t> order(static_cast<std::size_t>(draws.size()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return draws[a] < draws[b]; });
    train = picked_from(all, {order.begin(), order.begin() + 1257});
    validation = picked_from(all, {order.begin() + 1257, order.begin() + 1437});
    test = picked_from(all, {order.begin() + 1437, order.end()});
  }
};

/// What `fit` reported, as arrays for `overtime plot --x epoch --var loss,validation`.
inline std::map<std::string, Tensor> curve_of(const std::vector<overtime::Epoch> &epochs) {
  Tensor number({std::ssize(epochs)}, overtime::f64);
  Tensor loss = number.clone(), validation = number.clone(), accuracy = number.clone();
  for (std::int64_t k = 0; k < number.size(); ++k) {
    const overtime::Epoch &epoch = epochs[static_cast<std::size_t>(k)];
    number.set(k, static_cast<double>(epoch.number));
    loss.set(k, epoch.loss);
    validation.set(k, epoch.validation_loss.value());
    accuracy.set(k, epoch.metric.value());
  }
  return {{"epoch", number}, {"loss", loss}, {"validation", validation}, {"accuracy", accuracy}};
}

} // namespace lesson
