// SPDX-License-Identifier: Apache-2.0
// Dense: a linear layer.
#pragma once

#include "models/initializers.h"
#include "models/layers/activation.h"

#include <optional>

namespace overtime {

struct DenseOptions {
  bool bias = true;
  Init W = xavier_normal(), b = 0.0;
};

/// y = x W + b on the last axis.
///
/// | symbol | meaning | shape         | initial       |
/// |--------|---------|---------------|---------------|
/// | W      | weights | [n_in, n_out] | xavier_normal |
/// | b      | bias    | [n_out]       | 0             |
///
/// x [.., n_in]; returns [.., n_out]. No state.
class Dense : public Layer {
public:
  Dense(std::int64_t n_in, std::int64_t n_out, const DenseOptions &options = {}, At at = At::current())
      : Layer(Shape{detail::checked_size(n_out, "n_out", at)}), n_in(detail::checked_size(n_in, "n_in", at)),
        W(weight("W", {n_in, n_out}, options.W, at)), built(at) {
    if (options.bias)
      b.emplace(weight("b", {n_out}, options.b, at));
  }

  const std::int64_t n_in;
  Param W;
  std::optional<Param> b;

  using Layer::update;
  Value update(Value x) override {
    detail::check_width(*this, x, n_in, built);
    Value y = matmul(x, W);
    return b ? y + *b : y;
  }

private:
  At built;
};

} // namespace overtime
