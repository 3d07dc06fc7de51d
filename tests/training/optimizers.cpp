// SPDX-License-Identifier: Apache-2.0
// Optimizers and schedules against PyTorch's (data/optimizers.py) and, for what it lacks, against the equations.
#include "models/optimizers/adagrad.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/lars.h"
#include "models/optimizers/schedules.h"
#include "models/optimizers/sgd.h"

#include "models/layers/dense.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

const std::map<std::string, Tensor> &recorded() {
  static const auto arrays = load_tensors(OVERTIME_TRAINING_DATA "/optimizers.npz");
  return arrays;
}

Loss squares() {
  return each_step([](Value out, Value target) { return (out - target) * (out - target); });
}

double distance(const Tensor &a, const Tensor &b) {
  double most = 0;
  for (std::int64_t k = 0; k < b.size(); ++k)
    most = std::max(most, std::abs(a[k] - b[k]));
  return most;
}

struct Regression {
  explicit Regression(std::unique_ptr<Optimizer> optimizer, TrainerOptions options = {})
      : layer(3, 4, {.bias = false, .W = recorded().at("W")}), loop(layer, {.real = f64, .cache = false}),
        train(loop, squares(), std::move(optimizer), std::move(options)) {}
  Dense layer;
  LoopOverTime loop;
  Trainer train;
  std::vector<double> losses;

  Tensor run(std::int64_t updates = 25) {
    loop.reset_state(5);
    for (std::int64_t k = 0; k < updates; ++k)
      losses.push_back(train(recorded().at("x"), recorded().at("y")));
    return layer.W.value();
  }
};

template <class Kind, class Options> std::unique_ptr<Optimizer> make(const Options &options) {
  return std::make_unique<Kind>(options);
}

} // namespace

TEST_CASE("25 updates of every optimizer are PyTorch's", "[training]") {
  auto check = [](const std::string &name, std::unique_ptr<Optimizer> optimizer) {
    INFO(name);
    Regression regression(std::move(optimizer));
    CHECK(distance(regression.run(), recorded().at("W_" + name)) < 1e-12);
    const Tensor &losses = recorded().at("loss_" + name);
    for (std::int64_t k = 0; k < losses.size(); ++k)
      CHECK(regression.losses[static_cast<std::size_t>(k)] == Approx(losses[k]).epsilon(1e-12));
    CHECK(regression.train.updates() == 25);
  };
  check("sgd", make<SGD>(OptimizerOptions{.rate = 0.1}));
  check("sgd_decay", make<SGD>(OptimizerOptions{.rate = 0.1, .weight_decay = 0.05}));
  check("momentum", make<Momentum>(MomentumOptions{{.rate = 0.05}, 0.8}));
  check("nesterov", make<Nesterov>(MomentumOptions{{.rate = 0.05}, 0.8}));
  check("adam", make<Adam>(AdamOptions{{.rate = 0.03}, 0.8, 0.99}));
  check("adam_decay", make<Adam>(AdamOptions{{.rate = 0.03, .weight_decay = 0.1}}));
  check("amsgrad", make<Adam>(AdamOptions{{.rate = 0.2}, 0.5, 0.6, 1e-8, true}));
  check("adamw", make<AdamW>(AdamOptions{{.rate = 0.03, .weight_decay = 0.1}}));
  check("adagrad", make<Adagrad>(AdagradOptions{{.rate = 0.2}}));
  check("adadelta", make<Adadelta>(AdadeltaOptions{.rate = 0.7, .rho = 0.85}));
  check("rmsprop", make<RMSProp>(RMSPropOptions{{.rate = 0.02}}));
  check("rmsprop_centered", make<RMSProp>(RMSPropOptions{{.rate = 0.02}, 0.99, 1e-8, 0.5, true}));
}

TEST_CASE("25 updates by every schedule that PyTorch has are its own", "[training]") {
  auto check = [](const std::string &name, const Schedule &schedule) {
    INFO(name);
    Regression regression(make<SGD>(OptimizerOptions{.rate = 0.1, .schedule = schedule}));
    CHECK(distance(regression.run(), recorded().at("W_" + name)) < 1e-12);
  };
  check("step", schedule::step(4, 0.5));
  check("multi_step", schedule::multi_step({3, 9, 10}, 0.3));
  check("exponential", schedule::exponential(0.9));
  check("cosine_annealing", schedule::cosine_annealing(24, 0.001));
  check("warm_restarts", schedule::warm_restarts(3, 2, 0.01));
  check("polynomial_decay", schedule::polynomial_decay(0, 20, 2));
}

TEST_CASE("other schedules follow their equations", "[training]") {
  auto rates = [](const Schedule &schedule) {
    Tensor k = Tensor::of({0, 1, 4, 5, 6, 9, 10, 11, 25}, f64);
    return for_loop([&](const Tree<Value> &row) { return Tree<Value>(schedule(0.1 + 0 * row.leaf(), row.leaf())); }, k,
                    {.real = f64, .cache = false})
        .leaf();
  };
  auto check = [&](const Schedule &schedule, const std::function<double(double)> &expected) {
    Tensor found = rates(schedule);
    for (double k : {0, 1, 4, 5, 6, 9, 10, 11, 25}) {
      static const std::vector<double> all = {0, 1, 4, 5, 6, 9, 10, 11, 25};
      auto place = std::ranges::find(all, k) - all.begin();
      INFO("k = " << k);
      CHECK(found[place] == Approx(expected(k)).epsilon(1e-13));
    }
  };
  check(schedule::exponential_decay(0.5, 5), [](double k) { return 0.1 * std::pow(0.5, k / 5); });
  check(schedule::exponential_decay(0.5, 5, true), [](double k) { return 0.1 * std::pow(0.5, std::floor(k / 5)); });
  check(schedule::inverse_time_decay(0.5, 5), [](double k) { return 0.1 / (1 + 0.5 * k / 5); });
  check(schedule::inverse_time_decay(0.5, 5, true), [](double k) { return 0.1 / (1 + 0.5 * std::floor(k / 5)); });
  check(schedule::piecewise_constant({5, 10}, {0.3, 0.2, 0.1}), [](double k) {
    return k <= 5 ? 0.3 : k <= 10 ? 0.2 : 0.1;
  });
  check(schedule::warm_restarts(5),
        [](double k) { return 0.05 * (1 + std::cos(std::acos(-1.0) * std::fmod(k, 5) / 5)); });
  check(schedule::warm_up(5), [](double k) { return k < 5 ? 0.1 * (k + 1) / 5 : 0.1; });
  check(schedule::warm_up(5, schedule::exponential(0.9)),
        [](double k) { return k < 5 ? 0.1 * (k + 1) / 5 : 0.1 * std::pow(0.9, k - 5); });
  check(schedule::per_epoch(5, schedule::exponential(0.9)),
        [](double k) { return 0.1 * std::pow(0.9, std::floor(k / 5)); });
  CHECK_THROWS_WITH(schedule::piecewise_constant({1, 2}, {0.1}), Catch::Contains("one value more than boundaries"));
  CHECK_THROWS_WITH(schedule::step(0), Catch::Contains("size is at least 1"));
}

TEST_CASE("gradients are clipped as PyTorch's", "[training]") {
  Regression norm(make<SGD>(OptimizerOptions{.rate = 0.1}), {.clip_norm = 0.2});
  CHECK(distance(norm.run(), recorded().at("W_clip_norm")) < 1e-6); // PyTorch adds 1e-6 to the norm
  Regression value(make<SGD>(OptimizerOptions{.rate = 0.1}), {.clip_value = 0.1});
  CHECK(distance(value.run(), recorded().at("W_clip_value")) < 1e-12);
}

TEST_CASE("LARS follows its equation", "[training]") {
  LARSOptions options{{.rate = 0.5, .weight_decay = 0.01}, 0.9, 0.02, 1e-5};
  Regression regression(make<LARS>(options));
  Regression slope(make<SGD>(OptimizerOptions{.rate = 1})); // one update is minus the gradient
  Tensor p = recorded().at("W").clone(), v(p.shape(), f64);
  for (int k = 0; k < 5; ++k) {
    slope.layer.W.set_value(p);
    Tensor next = slope.run(1);
    double size = 0, length = 0;
    for (std::int64_t j = 0; j < p.size(); ++j) {
      size += p[j] * p[j];
      length += std::pow(p[j] - next[j], 2);
    }
    size = std::sqrt(size), length = std::sqrt(length);
    double ratio = 0.02 * size / (length + 0.01 * size + 1e-5);
    for (std::int64_t j = 0; j < p.size(); ++j) {
      v.set(j, 0.9 * v[j] + 0.5 * ratio * (p[j] - next[j] + 0.01 * p[j]));
      p.set(j, p[j] - v[j]);
    }
  }
  CHECK(distance(regression.run(5), p) < 1e-13);
}

TEST_CASE("an optimizer refuses what cannot be a rate, and parameters twice", "[training]") {
  CHECK_THROWS_WITH(SGD({.rate = 0}), Catch::Contains("a learning rate is positive"));
  CHECK_THROWS_WITH(SGD({.rate = 0.1, .weight_decay = -1}), Catch::Contains("weight_decay is finite and not negative"));
  Dense layer(2, 3);
  SGD optimizer({.rate = 0.1});
  optimizer.train({layer.W});
  CHECK_THROWS_WITH(optimizer.train({layer.W}), Catch::Contains("an optimizer of its own"));
}
