// SPDX-License-Identifier: Apache-2.0
// Trainer::fit: batches, epochs, metrics, early stop, interruption.
#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "models/losses/classification.h"
#include "models/optimizers/adam.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>

using namespace overtime;

namespace {

/// Sequences of two numbers a step; the label is whether the first of them sum to more than the second.
struct Sums {
  explicit Sums(std::int64_t samples, std::uint64_t seed)
      : x(Tensor::normal({6, samples, 2}, 0, 1, seed)), label(Shape{samples}, i64) {
    for (std::int64_t s = 0; s < samples; ++s) {
      double sum = 0;
      for (std::int64_t t = 0; t < 6; ++t)
        sum += x[(t * samples + s) * 2] - x[(t * samples + s) * 2 + 1];
      label.set(s, sum > 0);
    }
  }
  Tensor x, label;
};

Loss two_classes() { return last_step(loss::cross_entropy); }

double accuracy(const Tensor &out, const Tensor &label) {
  std::int64_t samples = label.size(), last = (out.shape()[0] - 1) * samples, right = 0;
  for (std::int64_t s = 0; s < samples; ++s)
    right += (out[(last + s) * 2 + 1] > out[(last + s) * 2]) == (label[s] > 0);
  return double(right) / double(samples);
}

struct Classifier {
  Classifier() : loop(net, {.cache = false}), train(loop, two_classes(), Adam({{.rate = 0.01}})) {
    for (const auto &[path, param] : net.train_vars()) // the same in every run
      param.set_value(Tensor::uniform(param.shape(), -0.3, 0.3, path.size()));
    loop.reset_state(16);
  }
  Sequential net{{"l1", RNNCell(2, 12, {.activation = tanh})}, {"l2", Dense(12, 2)}};
  LoopOverTime loop;
  Trainer train;
};

} // namespace

TEST_CASE("fit learns a rule and reports each epoch", "[training]") {
  Sums seen(150, 1), unseen(100, 2); // 9 batches of 16 and one of 6
  Classifier net;
  std::int64_t calls = 0;
  std::vector<Epoch> epochs = net.train.fit(seen.x, seen.label,
                                            {.epochs = 12,
                                             .batch = 16,
                                             .validation = unseen.x,
                                             .validation_target = unseen.label,
                                             .metric = accuracy,
                                             .progress = [&](std::int64_t done, std::int64_t updates) {
                                               CHECK(updates == 10);
                                               CHECK(done == calls++ % 10 + 1);
                                               return true;
                                             }});
  REQUIRE(epochs.size() == 12);
  CHECK(net.train.updates() == 120);
  CHECK(calls == 120);
  CHECK(epochs.back().number == 12);
  CHECK(epochs.back().loss < 0.5 * epochs.front().loss);
  CHECK(*epochs.back().validation_loss < 0.5 * *epochs.front().validation_loss);
  CHECK(*epochs.back().metric > 0.85);
  CHECK(*epochs.back().validation_loss == net.train.loss(unseen.x, unseen.label));
}

TEST_CASE("fit shuffles by its seed alone", "[training]") {
  Sums seen(40, 1);
  auto loss = [&](bool shuffle, std::uint64_t seed) {
    Classifier net;
    return net.train.fit(seen.x, seen.label, {.epochs = 2, .batch = 8, .shuffle = shuffle, .seed = seed}).back().loss;
  };
  CHECK(loss(true, 1) == loss(true, 1));
  CHECK(loss(true, 1) != loss(true, 2));
  CHECK(loss(true, 1) != loss(false, 1));
}

TEST_CASE("fit stops early and takes back the best parameters", "[training]") {
  Sums seen(32, 1), unseen(32, 2);
  Classifier net;
  net.train.optimizer().rate.set_value(0.3); // overshoots
  std::vector<Epoch> epochs = net.train.fit(
      seen.x, seen.label,
      {.epochs = 100, .batch = 32, .validation = unseen.x, .validation_target = unseen.label, .patience = 3});
  REQUIRE(epochs.size() < 100);
  double best = *epochs[epochs.size() - 4].validation_loss;
  for (const Epoch &epoch : epochs)
    CHECK(best <= *epoch.validation_loss);
  CHECK(net.train.loss(unseen.x, unseen.label) == best);
}

TEST_CASE("fit stops between two updates when it is told to, and keeps what it has", "[training]") {
  Sums seen(64, 1);
  Classifier net;
  InterruptGuard guard;
  net.train.fit(seen.x, seen.label, {.epochs = 5, .batch = 16, .progress = [&](std::int64_t done, std::int64_t) {
                                       if (net.train.updates() == 6 && done == 2)
                                         std::raise(SIGINT);
                                       return !guard.interrupted();
                                     }});
  CHECK(net.train.updates() == 6);
  CHECK(net.train.loss(seen.x, seen.label) < 1);
  Classifier other;
  CHECK(other.train.fit(seen.x, seen.label, {.epochs = 5, .on_epoch = [](const Epoch &e) { return e.number < 2; }})
            .size() == 2);
}

TEST_CASE("errors of fit name what is wrong", "[training]") {
  Sums seen(10, 1);
  Classifier net;
  CHECK_THROWS_WITH(net.train.fit(seen.x, Tensor::zeros({9})), Catch::Contains("the data has 10 samples"));
  CHECK_THROWS_WITH(net.train.fit(seen.x, seen.label, {.batch = 0}), Catch::Contains("a batch and samples"));
  CHECK_THROWS_WITH(net.train.fit(seen.x, seen.label, {.validation = seen.x}), Catch::Contains("come together"));
  net.loop.reset_state();
  CHECK_THROWS_WITH(net.train.fit(seen.x, seen.label), Catch::Contains("call reset_state(batch)"));
}
