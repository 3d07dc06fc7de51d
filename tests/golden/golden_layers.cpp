// SPDX-License-Identifier: Apache-2.0
// Recurrent layers and Dense against BrainPy's: outputs and states of each step.
#include "models/layers/dense.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/reservoir.h"
#include "models/layers/rnn_cell.h"
#include "models/readout/ridge_regression.h"
#include "tests/golden/golden_test.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

void set_weights(const Model &model, const Case &c) {
  for (const auto &[path, param] : model.params()) {
    std::string key = path;
    std::replace(key.begin(), key.end(), '.', '_'); // l1.Wi is l1_Wi
    param.set_value(c.input(key));
  }
}

void check_sequence(const std::string &name, Sequential model, double f64_relative) {
  Case c = load(name);
  set_weights(model, c);
  std::int64_t batch = c.in.at("x").shape()[1];
  for (DType real : {f64, f32}) {
    LoopOverTime over_time(model, {.out_vars = model["l1"].var("state"), .real = real, .cache = false});
    over_time.reset_state(batch);
    for (const char *layer : {"l1", "l3"})
      if (c.has_input(std::string(layer) + "_state0"))
        model[layer].var("state").set_value(c.input(std::string(layer) + "_state0"));
    LoopResult r = over_time(c.input("x").to(real));
    auto tolerance = [&](const std::string &column) {
      return real == f64 ? Tolerance{.relative = f64_relative} : f32_tolerance(c, column);
    };
    INFO(name << " in " << name_of(real));
    CHECK(difference("out", r.out.leaf(), c.expected("out"), tolerance("out")) == "");
    CHECK(difference("state", r.vars.leaf(), c.expected("l1_state"), tolerance("l1_state")) == "");
    for (std::string layer : {"l1", "l3"})
      if (std::string column = "final_" + layer + "_state"; c.f64.contains(column))
        CHECK(difference(column, model[layer].var("state").value(), c.expected(column), tolerance(column)) == "");
  }
}

constexpr double sums_in_another_order = 1e-12; // at most 128 products of numbers near 1

} // namespace

TEST_CASE("the reference page's network gives BrainPy's outputs and states", "[golden]") {
  check_sequence("rnn_seed", {{"l1", RNNCell(100, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}}, sums_in_another_order);
}

TEST_CASE("RNNCell starts from given states", "[golden]") {
  check_sequence("rnn_small", {{"l1", RNNCell(5, 7)}, {"l2", relu}, {"l3", RNNCell(7, 4)}}, sums_in_another_order);
}

TEST_CASE("GRUCell: gate order z, r, a, reset before the product", "[golden]") {
  check_sequence("gru", {{"l1", GRUCell(6, 10)}, {"l3", Dense(10, 3)}}, sums_in_another_order);
}

TEST_CASE("LSTMCell: gate order i, g, f, o, forget bias 1", "[golden]") {
  check_sequence("lstm", {{"l1", LSTMCell(6, 10)}, {"l3", Dense(10, 3)}}, sums_in_another_order);
}

TEST_CASE("Reservoir gives BrainPy's states, and ridge regression its readout", "[golden]") {
  Case c = load("reservoir_ridge");
  for (DType real : {f64, f32}) {
    INFO(name_of(real));
    auto tolerance = [&](const std::string &column, double relative) {
      return real == f64 ? Tolerance{.relative = relative} : f32_tolerance(c, column);
    };
    Reservoir reservoir(3, 40, {.Win = c.input("Win"), .Wrec = c.input("Wrec")});
    LoopOverTime over_time(reservoir, {.real = real, .cache = false});
    over_time.reset_state(1);
    Tensor h = over_time(c.input("x").to(real)).out;
    CHECK(difference("h", h, c.expected("h"), tolerance("h", sums_in_another_order)) == "");
    Tensor y = c.input("y").reshape({120, 1, 1});
    // The condition of X^T X + I is of the order of 100, and the oracle solves it in another way.
    CHECK(difference("ridge_w", ridge_regression(h, y, 1.0), c.expected("ridge_w"), tolerance("ridge_w", 1e-11)) == "");
  }
}
