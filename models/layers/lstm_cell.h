// SPDX-License-Identifier: Apache-2.0
// LSTMCell: long short-term memory.
#pragma once

#include "models/initializers.h"
#include "models/layers/activation.h"

namespace overtime {

struct LSTMCellOptions {
  Activation activation = tanh;
  Init Wi = xavier_normal(), Wh = xavier_normal(), b = 0.0;
};

/// Hochreiter & Schmidhuber 1997 with the forget gate of Gers, Schmidhuber & Cummins 2000, whose bias has 1 added
/// (Jozefowicz, Zaremba & Sutskever 2015). Gates lie side by side in the order i, g, f, o:
///
///   [i, g, f, o] = x Wi + h Wh + b
///   c = sigmoid(f + 1) c + sigmoid(i) activation(g)
///   h = sigmoid(o) activation(c)
///
/// | symbol | meaning            | shape       | initial       |
/// |--------|--------------------|-------------|---------------|
/// | Wi     | weights of x       | [n_in, 4 n] | xavier_normal |
/// | Wh     | weights of h       | [n, 4 n]    | xavier_normal |
/// | b      | bias               | [4 n]       | 0             |
///
/// x [n_in] or [B, n_in]; returns h. State: state = [h, c], [2 n] or [B, 2 n], 0.
class LSTMCell : public Layer {
public:
  LSTMCell(std::int64_t n_in, std::int64_t n_out, const LSTMCellOptions &options = {}, At at = At::current())
      : Layer(Shape{2 * detail::checked_size(n_out, "n_out", at)}), n_in(detail::checked_size(n_in, "n_in", at)),
        n(n_out), Wi(weight("Wi", {n_in, 4 * n_out}, options.Wi, at)),
        Wh(weight("Wh", {n_out, 4 * n_out}, options.Wh, at)), b(weight("b", {4 * n_out}, options.b, at)),
        activation(options.activation), built(at) {}

  const std::int64_t n_in, n;
  Param Wi, Wh, b;
  State state = Layer::state("state", 0.0);

  using Layer::update;
  Value update(Value x) override {
    detail::check_width(*this, x, n_in, built);
    Value h = slice(state, 0, n), c = slice(state, n, 2 * n);
    Value gates = matmul(x, Wi) + b + matmul(h, Wh);
    Value i = slice(gates, 0, n), g = slice(gates, n, 2 * n);
    Value f = slice(gates, 2 * n, 3 * n), o = slice(gates, 3 * n, 4 * n);
    c = sigmoid(f + 1) * c + sigmoid(i) * activation(g);
    h = sigmoid(o) * activation(c);
    state = concat({h, c});
    return h;
  }

private:
  Activation activation;
  At built;
};

} // namespace overtime
