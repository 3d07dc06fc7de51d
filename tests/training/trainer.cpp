// SPDX-License-Identifier: Apache-2.0
// Trainer: what an update reads and leaves, evaluation, and going on from a file to the bit.
#include "models/layers/dense.h"
#include "models/layers/dropout.h"
#include "models/layers/lstm_cell.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/sgd.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <unistd.h>

using namespace overtime;

namespace {

Loss squares() {
  return each_step([](Value out, Value target) { return (out - target) * (out - target); });
}

bool same_bits(const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

struct Net {
  explicit Net(const TrainerOptions &options = {}, const LoopOptions &run = {.cache = false})
      : loop(net, run), train(loop, squares(), AdamW({{.rate = 0.01, .weight_decay = 0.1}}), options) {
    loop.reset_state(4);
  }
  Sequential net{{"l1", LSTMCell(3, 6)}, {"l2", Dense(6, 2)}};
  LoopOverTime loop;
  Trainer train;
};

const Tensor x = Tensor::normal({7, 4, 3}, 0, 1, 1), y = Tensor::normal({7, 4, 2}, 0, 1, 2);

/// A file that goes when the test ends.
struct Scratch {
  explicit Scratch(const std::string &name)
      : path((std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + name)).string()) {}
  ~Scratch() { std::filesystem::remove(path); }
  std::string path;
};

struct Gain : Layer {
  Gain() : Layer(Shape{3}) {}
  Param tau = param("tau", 20_ms), each = param("each", 1.0), fixed = param("fixed", 2.0);
  State v = state("v", 0.0);
  Value update(Value in) override { return v = 0.5 * v + in * fixed * each * (10_ms / tau); }
};

} // namespace

TEST_CASE("training lowers the loss, and an evaluation is the loss that the next update begins with", "[training]") {
  Net net;
  double first = net.train(x, y), last = 0;
  for (int k = 0; k < 60; ++k) {
    double before = net.train.loss(x, y);
    last = net.train(x, y);
    if (k % 20 == 0)
      CHECK(before == Approx(last).epsilon(1e-5));
  }
  CHECK(last < 0.7 * first);
  CHECK(net.train.updates() == 61);
}

TEST_CASE("the optimizer of the documentation trains", "[training]") {
  struct MyMomentum : Optimizer {
    explicit MyMomentum(const OptimizerOptions &options = {}) : Optimizer(options, {"v"}) {}
    Value updated(const Value &p, const Value &gradient, Moments &moments) override {
      State &v = moments["v"];
      v = 0.9 * v + gradient;
      return p - learning_rate() * v;
    }
  };
  auto weights = [](auto optimizer) {
    Dense layer(3, 2, {.W = Tensor::full({3, 2}, 0.1, f64)});
    LoopOverTime loop(layer, {.cache = false});
    loop.reset_state(4);
    Trainer train(loop, squares(), std::move(optimizer));
    for (int k = 0; k < 5; ++k)
      train(x, y);
    return layer.W.value();
  };
  CHECK(same_bits(weights(MyMomentum({.rate = 0.01})), weights(Momentum({{.rate = 0.01}, 0.9}))));
}

TEST_CASE("a parameter with a unit, one that became an array, and one that stays are trained right", "[training]") {
  Gain model;
  model.each.set_value(Tensor::of({1, 2, 3}));
  LoopOverTime loop(model, {.real = f64, .cache = false});
  Trainer train(loop, squares(), SGD({.rate = 0.1}), {.wrt = {model.tau, model.each}});
  Tensor in = Tensor::normal({5, 3}, 0, 1, 1, f64), out = Tensor::normal({5, 3}, 0, 1, 2, f64);
  loop.reset_state();
  GradientResult g = value_and_grad(loop, squares(), {.wrt = {model.tau, model.each}})(in, out);
  CHECK(train(in, out) == g.loss);
  CHECK(model.tau.value()[0] == Approx(20 - 0.1 * g[model.tau][0]).epsilon(1e-14));
  for (std::int64_t k = 0; k < 3; ++k)
    CHECK(model.each.value()[k] == Approx(double(k + 1) - 0.1 * g[model.each][k]).epsilon(1e-14));
  CHECK(model.fixed.value()[0] == 2);
}

TEST_CASE("each call begins from the initial states, or goes on where the call before stopped", "[training]") {
  auto losses = [](bool continues) {
    Net net({.continues = continues});
    net.train.optimizer().rate.set_value(1e-30); // the parameters stay
    net.train(x, y);
    return net.train(x, y);
  };
  Net whole;
  Tensor twice = Tensor::zeros({14, 4, 3}), target = Tensor::zeros({14, 4, 2});
  for (std::int64_t k = 0; k < twice.size(); ++k)
    twice.set(k, x[k % x.size()]);
  for (std::int64_t k = 0; k < target.size(); ++k)
    target.set(k, y[k % y.size()]);
  double first = losses(false);
  CHECK(first == Approx(whole.train.loss(x, y)).epsilon(1e-6)); // sums in f64, over the steps
  CHECK((first + losses(true)) / 2 == Approx(whole.train.loss(twice, target)).epsilon(1e-6));
}

TEST_CASE("evaluation leaves states and time alone", "[training]") {
  for (bool continues : {false, true}) {
    Net net({.continues = continues});
    net.train(x, y);
    auto before = net.loop.state_dict();
    std::int64_t samples = continues ? 4 : 9; // whoever begins anew may have another batch
    net.train.loss(Tensor::normal({3, samples, 3}), Tensor::zeros({3, samples, 2}));
    net.train.predict(x);
    for (const auto &[key, array] : before)
      CHECK(same_bits(net.loop.state_dict().at(key), array));
    CHECK(net.loop.i0() == 7);
    CHECK(net.loop.target().batch() == 4);
  }
}

TEST_CASE("dropout acts in an update, otherwise in each, and not in an evaluation", "[training]") {
  Sequential net{{"l1", Dense(3, 64)}, {"drop", Dropout(0.5)}, {"l2", Dense(64, 2)}};
  LoopOverTime loop(net, {.cache = false});
  loop.reset_state(4);
  Trainer train(loop, squares(), SGD({.rate = 1e-30}));
  double one = train(x, y), two = train(x, y);
  CHECK(one != two);
  CHECK(train.loss(x, y) == train.loss(x, y));
  CHECK(train.loss(x, y) != one);
}

TEST_CASE("training that is saved and resumed has the bits of one that was not", "[training]") {
  for (bool continues : {false, true}) {
    Net whole({.continues = continues}), first({.continues = continues}), second({.continues = continues});
    second.train.load_state_dict(whole.train.state_dict()); // the same weights at first
    first.train.load_state_dict(whole.train.state_dict());
    for (int k = 0; k < 6; ++k)
      whole.train(x, y);
    for (int k = 0; k < 3; ++k)
      first.train(x, y);
    Scratch file("resumed.npz");
    first.train.save(file.path);
    second.train(x, y); // is overwritten
    second.train.load(file.path);
    for (int k = 0; k < 3; ++k)
      second.train(x, y);
    for (const auto &[key, array] : whole.train.state_dict()) {
      INFO(key);
      CHECK(same_bits(second.train.state_dict().at(key), array));
    }
  }
}

TEST_CASE("errors of a Trainer name what is wrong", "[training]") {
  Net net;
  CHECK_THROWS_WITH(Trainer(net.loop, Loss{}, SGD()), Catch::Contains("the loss has no function"));
  CHECK_THROWS_WITH(Trainer(net.loop, squares(), SGD(), {.clip_norm = -1}), Catch::Contains("clip_norm"));
  CHECK_THROWS_WITH(Trainer(net.loop, squares(), SGD(), {.wrt = {net.net["l1"].var("state")}}),
                    Catch::Contains("is no parameter"));
  Gain fixed;
  LoopOverTime loop(fixed, {.cache = false});
  CHECK_THROWS_WITH(Trainer(loop, squares(), SGD()), Catch::Contains("no trainable parameter"));
  CHECK_THROWS_WITH(net.train(x, Tensor::zeros({6, 4, 2})), Catch::Contains("expected [7, ...] as the data"));
  CHECK_THROWS_WITH(net.train.loss(x, Tensor::zeros({6, 4, 2})), Catch::Contains("7"));
  StateDict dict = net.train.state_dict();
  dict.erase("updates");
  CHECK_THROWS_WITH(net.train.load_state_dict(dict), Catch::Contains("'updates'"));
  dict = net.train.state_dict();
  dict.erase("optimizer.m.l1.Wh");
  CHECK_THROWS_WITH(net.train.load_state_dict(dict), Catch::Contains("missing: 'm.l1.Wh'"));
  dict = net.train.state_dict();
  dict["target.l1.Wh"] = Tensor::zeros({1, 2});
  CHECK_THROWS_WITH(net.train.load_state_dict(dict), Catch::Contains("'l1.Wh' takes"));
}
