// SPDX-License-Identifier: Apache-2.0
// GRUCell: the gated recurrent unit.
#pragma once

#include "models/initializers.h"
#include "models/layers/activation.h"

namespace overtime {

struct GRUCellOptions {
  Activation activation = tanh;
  Init Wi = orthogonal(), Wh = orthogonal(), b = 0.0;
};

/// Cho et al. 2014, arXiv 1406.1078, eqs. 5-8, with the reset gate applied before the product (their form) and z
/// weighing the new activation. Gates lie side by side in the order z, r, a:
///
///   z = sigmoid(x Wi_z + h Wh_z + b_z),   r = sigmoid(x Wi_r + h Wh_r + b_r)
///   a = activation(x Wi_a + (r h) Wh_a + b_a)
///   h = (1 - z) h + z a
///
/// | symbol | meaning            | shape       | initial    |
/// |--------|--------------------|-------------|------------|
/// | Wi     | weights of x       | [n_in, 3 n] | orthogonal |
/// | Wh     | weights of h       | [n, 3 n]    | orthogonal |
/// | b      | bias               | [3 n]       | 0          |
///
/// x [n_in] or [B, n_in]; returns h. State: state = h, [n] or [B, n], 0.
class GRUCell : public Layer {
public:
  GRUCell(std::int64_t n_in, std::int64_t n_out, const GRUCellOptions &options = {}, At at = At::current())
      : Layer(Shape{detail::checked_size(n_out, "n_out", at)}), n_in(detail::checked_size(n_in, "n_in", at)), n(n_out),
        Wi(weight("Wi", {n_in, 3 * n_out}, options.Wi, at)), Wh(weight("Wh", {n_out, 3 * n_out}, options.Wh, at)),
        b(weight("b", {3 * n_out}, options.b, at)), activation(options.activation), built(at) {}

  const std::int64_t n_in, n;
  Param Wi, Wh, b;
  State state = Layer::state("state", 0.0);

  using Layer::update;
  Value update(Value x) override {
    detail::check_width(*this, x, n_in, built);
    Value h = state;
    Value from_x = matmul(x, Wi) + b;
    // z and r share one product; a needs r first.
    Value zr = sigmoid(slice(from_x, 0, 2 * n) + matmul(h, slice(Wh, 0, 2 * n)));
    Value z = slice(zr, 0, n), r = slice(zr, n, 2 * n);
    Value a = activation(slice(from_x, 2 * n, 3 * n) + matmul(r * h, slice(Wh, 2 * n, 3 * n)));
    state = (1 - z) * h + z * a;
    return state;
  }

private:
  Activation activation;
  At built;
};

} // namespace overtime
