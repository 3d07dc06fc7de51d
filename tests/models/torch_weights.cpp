// SPDX-License-Identifier: Apache-2.0
// Layers with weights of PyTorch compute what PyTorch computes; data/torch_weights.py wrote both.
#include "models/layers/dense.h"
#include "models/layers/from_torch.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;
using Catch::Matchers::Contains;

namespace {

StateDict file(const std::string &name) {
  return load_tensors(std::string(OVERTIME_MODEL_TEST_DATA) + "/torch_" + name + ".safetensors");
}

/// The largest difference from PyTorch's numbers, which are f32 themselves.
double difference(Model &model, const Tensor &x, const Tensor &expected, DType real) {
  LoopOverTime over_time(model, {.real = real});
  over_time.reset_state(x.shape()[1]);
  Tensor y = over_time(x.to(real)).out.leaf();
  REQUIRE(y.shape() == expected.shape());
  double most = 0;
  for (std::int64_t k = 0; k < y.size(); ++k)
    most = std::max(most, std::abs(y[k] - expected[k]));
  return most;
}

void check_same(Model &model, const std::string &output) {
  StateDict outputs = file("outputs");
  // Numbers below 1 in some ten operations of f32.
  CHECK(difference(model, outputs.at("x"), outputs.at(output), f64) < 5e-7);
  CHECK(difference(model, outputs.at("x"), outputs.at(output), f32) < 1e-6);
}

Sequential net() {
  return {{"rnn", RNNCell(3, 4, {.activation = tanh})},
          {"lstm", LSTMCell(4, 5)},
          {"stack", Sequential{{"l0", LSTMCell(5, 3)}, {"l1", LSTMCell(3, 3)}}},
          {"readout", Dense(3, 2)}};
}

std::string error_of(Model &model, const StateDict &torch, const TorchOptions &options) {
  StateDict before = model.state_dict();
  try {
    load_torch(model, torch, options);
  } catch (const Error &error) {
    CHECK_THAT(error.what(), Contains("torch_weights.cpp"));
    for (const auto &[key, array] : model.state_dict())
      for (std::int64_t k = 0; k < array.size(); ++k)
        CHECK(array[k] == before.at(key)[k]);
    return error.what();
  }
  return "no error";
}

} // namespace

TEST_CASE("a net of RNN, LSTM, stacked LSTM and Linear computes what PyTorch's computes", "[models]") {
  Sequential model = net();
  LoadResult result = load_torch(model, file("weights"), {.prefix = "net"});
  CHECK((result.missing_keys.empty() && result.unexpected_keys.empty()));
  check_same(model, "net");
}

TEST_CASE("single modules have weights without the number of a layer, and may have no bias", "[models]") {
  RNNCell rnn(3, 4, {.activation = tanh});
  load_torch(rnn, file("weights"), {.prefix = "net.rnn"});
  check_same(rnn, "rnn");
  LSTMCell cell(3, 4, {.b = 5});
  load_torch(cell, file("weights"), {.prefix = "cell"});
  check_same(cell, "cell");
  Dense linear(3, 2, {.b = 5}), without(3, 2, {.bias = false});
  load_torch(linear, file("weights"), {.prefix = "linear"});
  load_torch(without, file("weights"), {.prefix = "linear"});
  check_same(linear, "linear");
  check_same(without, "linear");
}

TEST_CASE("part of a net takes what fits", "[models]") {
  Sequential model{{"rnn", RNNCell(3, 4, {.activation = tanh})}, {"lstm", LSTMCell(4, 5)}, {"more", Dense(5, 5)}};
  Tensor before = model["more"].var("W").value();
  LoadResult result = load_torch(model, file("weights"), {.prefix = "net", .warn = false});
  CHECK(result.missing_keys == std::vector<std::string>{"net.more.weight"});
  CHECK(result.unexpected_keys.size() == 6);
  CHECK(model["more"].var("W").value()[3] == before[3]);
  Sequential same{{"rnn", RNNCell(3, 4, {.activation = tanh})}, {"lstm", LSTMCell(4, 5)}};
  load_torch(same, file("weights"), {.prefix = "net", .warn = false});
  check_same(same, "lstm");
}

TEST_CASE("weights that do not fit are errors that name keys, layers and shapes", "[models]") {
  StateDict weights = file("weights");
  GRUCell gru(3, 4);
  CHECK_THAT(error_of(gru, weights, {.prefix = "gru"}), Contains("is a GRUCell") && Contains("PyTorch's GRU"));
  Sequential model = net();
  CHECK_THAT(error_of(model, weights, {}), Contains("missing: 'lstm.weight_ih', 'readout.weight'") &&
                                               Contains("unexpected: 'cell.bias_hh'") && Contains("warn = false"));
  LSTMCell wide(3, 5);
  CHECK_THAT(error_of(wide, weights, {.prefix = "cell"}),
             Contains("'cell.weight_ih' has shape [16, 3]") && Contains("'" + wide.path() + "' PyTorch's is [20, 3]"));
  RNNCell lstm_as_rnn(3, 4);
  CHECK_THAT(error_of(lstm_as_rnn, weights, {.prefix = "cell"}), Contains("PyTorch's is [4, 3]"));
  Dense no_bias(3, 2, {.bias = false});
  CHECK_THAT(error_of(no_bias, weights, {.prefix = "net.readout"}), Contains("unexpected: 'net.readout.bias'"));
  weights.erase("cell.bias_hh");
  LSTMCell cell(3, 4);
  CHECK_THAT(error_of(cell, weights, {.prefix = "cell"}), Contains("missing: 'cell.bias_hh'"));
}
