// SPDX-License-Identifier: Apache-2.0
// Twenty updates of a recurrent network against BrainPy's.
#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/sgd.h"
#include "tests/golden/golden_test.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;
using namespace overtime::golden;

namespace {

/// `frozen`: every update is the first.
template <class Kind, class Options> void check_updates(const std::string &name, const Options &options, bool frozen) {
  Case c = load(name);
  for (DType real : {f64, f32}) {
    INFO(name << " in " << name_of(real));
    Sequential model{{"l1", RNNCell(4, 8, {.activation = tanh})}, {"l3", Dense(8, 2)}};
    auto key = [](std::string path) {
      std::ranges::replace(path, '.', '_');
      return path;
    };
    for (const auto &[path, param] : model.params())
      param.set_value(c.input(key(path)));
    LoopOverTime loop(model, {.real = real, .cache = false});
    loop.reset_state(c.in.at("x").shape()[1]);
    Trainer train(loop, each_step([](Value out, Value target) { return (out - target) * (out - target); }),
                  Kind(options));
    Tensor losses = Tensor::zeros({20}, f64);
    for (std::int64_t k = 0; k < 20; ++k) {
      losses.set(k, train(c.input("x").to(real), c.input("target").to(real)));
      if (frozen) {
        StateDict dict = train.state_dict();
        dict["updates"] = Tensor(0, i64);
        train.load_state_dict(dict);
      }
    }
    auto tolerance = [&](const std::string &column) {
      return real == f64 ? Tolerance{.relative = 1e-12} : f32_tolerance(c, column);
    };
    CHECK(difference("loss", losses, c.expected("loss"), tolerance("loss")) == "");
    for (const auto &[path, param] : model.params()) {
      std::string column = "final_" + key(path);
      CHECK(difference(column, param.value(), c.expected(column), tolerance(column)) == "");
    }
  }
}

} // namespace

TEST_CASE("updates by SGD are BrainPy's", "[golden][training]") {
  check_updates<SGD>("opt_sgd", OptimizerOptions{.rate = 0.1}, false);
}

// BrainPy 2.4 counts no updates, so that all of them have the bias corrections of the first, and adds epsilon to a root
// that it does not correct.
TEST_CASE("updates by Adam are BrainPy's where its count stands still", "[golden][training]") {
  check_updates<Adam>("opt_adam", AdamOptions{{.rate = 0.01}, 0.9, 0.999, 1e-8 / std::sqrt(1 - 0.999)}, true);
}
