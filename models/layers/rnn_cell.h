// SPDX-License-Identifier: Apache-2.0
// RNNCell: the simple recurrent layer.
#pragma once

#include "models/initializers.h"
#include "models/layers/activation.h"

namespace overtime {

struct RNNCellOptions {
  Activation activation = relu;
  Init Wi = xavier_normal(), Wh = xavier_normal(), b = 0.0;
};

/// Elman 1990, Cogn. Sci. 14, with relu unless told:
///
///   h = activation(x Wi + h Wh + b)
///
/// | symbol | meaning            | shape     | initial        |
/// |--------|--------------------|-----------|----------------|
/// | Wi     | weights of x       | [n_in, n] | xavier_normal  |
/// | Wh     | weights of h       | [n, n]    | xavier_normal  |
/// | b      | bias               | [n]       | 0              |
///
/// x [n_in] or [B, n_in]; returns h. State: state = h, [n] or [B, n], 0.
class RNNCell : public Layer {
public:
  RNNCell(std::int64_t n_in, std::int64_t n_out, const RNNCellOptions &options = {}, At at = At::current())
      : Layer(Shape{detail::checked_size(n_out, "n_out", at)}), n_in(detail::checked_size(n_in, "n_in", at)),
        Wi(weight("Wi", {n_in, n_out}, options.Wi, at)), Wh(weight("Wh", {n_out, n_out}, options.Wh, at)),
        b(weight("b", {n_out}, options.b, at)), activation(options.activation), built(at) {}

  const std::int64_t n_in;
  Param Wi, Wh, b;
  State state = Layer::state("state", 0.0);

  using Layer::update;
  Value update(Value x) override {
    detail::check_width(*this, x, n_in, built);
    state = activation(matmul(x, Wi) + matmul(state, Wh) + b);
    return state;
  }

private:
  Activation activation;
  At built;
};

} // namespace overtime
