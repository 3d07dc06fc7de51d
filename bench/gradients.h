// SPDX-License-Identifier: Apache-2.0
// The networks whose gradients are timed, as the peers have them in bench/peers.
#pragma once

#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "models/losses/classification.h"
#include "models/surrogates.h"

namespace bench {

using Arrays = std::map<std::string, overtime::Tensor>;

/// RNN 100 -> 20, relu, 20 -> 2.
inline overtime::Sequential small_rnn(const Arrays &data) {
  auto cell = [&](std::int64_t n_in, std::int64_t n_out, const std::string &number) {
    return overtime::RNNCell(n_in, n_out,
                             {.activation = overtime::tanh,
                              .Wi = data.at("wi" + number),
                              .Wh = data.at("wh" + number),
                              .b = data.at("b" + number)});
  };
  return {{"l1", cell(100, 20, "1")}, {"l2", overtime::relu}, {"l3", cell(20, 2, "2")}};
}

inline overtime::LSTMCell lstm(const Arrays &data) {
  const overtime::Shape &weights = data.at("wi").shape();
  return {weights[0], weights[1] / 4, {.Wi = data.at("wi"), .Wh = data.at("wh"), .b = data.at("b")}};
}

/// Recurrent spiking neurons with a fast sigmoid as slope (Zenke & Ganguli 2018), and leaky readouts of their spikes:
///   v = 0.95 v + x W1 + s WR - s,  s = [v >= 1],  o = 0.9 o + s W2
class SpikingNet : public overtime::Layer {
public:
  explicit SpikingNet(const Arrays &data)
      : Layer(overtime::Shape{data.at("wr").shape()[0]}), W1(weight("W1", data.at("w1").shape(), data.at("w1"))),
        WR(weight("WR", data.at("wr").shape(), data.at("wr"))), W2(weight("W2", data.at("w2").shape(), data.at("w2"))),
        o(state("o", 0.0, overtime::Shape{data.at("w2").shape()[1]})) {}

  overtime::Param W1, WR, W2;
  overtime::State v = state("v", 0.0), s = state("s", 0.0), o;

  using Layer::update;
  overtime::Value update(overtime::Value x) override {
    v = 0.95 * v + matmul(x, W1) + matmul(s, WR) - s;
    s = overtime::spike(v - 1.0, overtime::surrogate::inv_square_grad(10));
    o = 0.9 * o + matmul(s, W2);
    return o;
  }
};

/// The mean of the squares of all outputs.
inline overtime::Loss mean_square() {
  return overtime::each_step([](overtime::Value out, overtime::Value) { return mean(out * out); });
}

} // namespace bench
