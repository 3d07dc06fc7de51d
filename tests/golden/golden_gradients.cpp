// SPDX-License-Identifier: Apache-2.0
// Gradients through time of recurrent layers against BrainPy's, by every weight and by the data.
#include "models/layers/dense.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "tests/golden/golden_test.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

/// The loss of each case is the mean of the squared outputs, or of the squared differences from the target.
void check_gradients(const std::string &name, Sequential model, bool compares) {
  Case c = load(name);
  std::map<std::string, Monitor> params = model.params();
  auto key = [](std::string path) {
    std::ranges::replace(path, '.', '_');
    return path;
  };
  for (const auto &[path, param] : params)
    param.set_value(c.input(key(path)));
  GradientOptions options{.data = true};
  for (const auto &[path, param] : params)
    options.wrt.push_back(param);
  for (DType real : {f64, f32}) {
    INFO(name << " in " << name_of(real));
    LoopOverTime over_time(model, {.real = real, .cache = false});
    over_time.reset_state(c.in.at("x").shape()[1]);
    for (const char *layer : {"l1", "l3"})
      if (c.has_input(std::string(layer) + "_state0"))
        model[layer].var("state").set_value(c.input(std::string(layer) + "_state0"));
    auto gradient = value_and_grad(over_time, each_step([&](Value out, Value target) {
                                     Value error = compares ? out - target : out;
                                     return mean(error * error);
                                   }),
                                   options);
    GradientResult g = gradient(c.input("x").to(real), c.input("target").to(real));
    auto tolerance = [&](const std::string &column) {
      return real == f64 ? Tolerance{.relative = 1e-9} : f32_tolerance(c, column);
    };
    CHECK(difference("loss", Tensor(g.loss, f64), c.expected("loss"), tolerance("loss")) == "");
    for (const auto &[path, param] : params) {
      std::string column = "grad_" + key(path);
      CHECK(difference(column, g[param], c.expected(column), tolerance(column)) == "");
    }
    if (c.f64.contains("grad_x"))
      CHECK(difference("grad_x", g.data.leaf(), c.expected("grad_x"), tolerance("grad_x")) == "");
  }
}

} // namespace

TEST_CASE("gradients of the reference page's network are BrainPy's", "[golden][gradient]") {
  check_gradients("rnn_seed", {{"l1", RNNCell(100, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}}, false);
  check_gradients("rnn_small", {{"l1", RNNCell(5, 7)}, {"l2", relu}, {"l3", RNNCell(7, 4)}}, true);
}

TEST_CASE("gradients of GRU and LSTM are BrainPy's", "[golden][gradient]") {
  check_gradients("gru", {{"l1", GRUCell(6, 10)}, {"l3", Dense(10, 3)}}, true);
  check_gradients("lstm", {{"l1", LSTMCell(6, 10)}, {"l3", Dense(10, 3)}}, true);
}
