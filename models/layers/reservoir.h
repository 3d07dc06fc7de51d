// SPDX-License-Identifier: Apache-2.0
// Reservoir: a recurrent layer of fixed random weights, for echo-state networks.
#pragma once

#include "models/initializers.h"
#include "models/layers/activation.h"

#include <optional>

namespace overtime {

struct ReservoirOptions {
  Init leaky_rate = 0.3;
  Activation activation = tanh;
  bool external = false; ///< the activation is of the whole sum
  Init Win = sparse(0.1, normal(0.0, 0.1)), Wrec = sparse(0.1, normal(0.0, 0.1));
  std::optional<Init> b = {}; ///< a bias, none unless given
};

/// Jaeger, Lukosevicius, Popovici & Siewert 2007, Neural Netw. 20, eq. 3, in discrete time:
///
///   h = (1 - a) h + a activation(x Win + h Wrec + b)
///   h = activation((1 - a) h + a (x Win + h Wrec + b))      {.external = true}
///
/// | symbol        | meaning             | shape     | initial                       |
/// |---------------|---------------------|-----------|-------------------------------|
/// | leaky_rate, a | share of the new    | []        | 0.3                           |
/// | Win           | weights of x        | [n_in, n] | one in ten, normal(0, 0.1)    |
/// | Wrec          | weights of h        | [n, n]    | one in ten, normal(0, 0.1)    |
/// | b             | bias                | [n]       | absent; BrainPy never adds it |
///
/// x [n_in] or [B, n_in]; returns h. State: state = h, [n] or [B, n], 0. The weights are not trainable. What makes a
/// good reservoir is above all the spectral radius of Wrec: `{.Wrec = spectral_radius(0.9, sparse(0.1, normal()))}`.
class Reservoir : public Layer {
public:
  Reservoir(std::int64_t n_in, std::int64_t n_out, const ReservoirOptions &options = {}, At at = At::current())
      : Layer(Shape{detail::checked_size(n_out, "n_out", at)}), n_in(detail::checked_size(n_in, "n_in", at)),
        leaky_rate(param("leaky_rate", options.leaky_rate, at)), Win(param("Win", options.Win, Shape{n_in, n_out}, at)),
        Wrec(param("Wrec", options.Wrec, Shape{n_out, n_out}, at)), activation(options.activation),
        external(options.external), built(at) {
    if (options.b)
      b.emplace(param("b", *options.b, Shape{n_out}, at));
  }

  const std::int64_t n_in;
  Param leaky_rate, Win, Wrec;
  std::optional<Param> b;
  State state = Layer::state("state", 0.0);

  using Layer::update;
  Value update(Value x) override {
    detail::check_width(*this, x, n_in, built);
    Value drive = matmul(x, Win) + matmul(state, Wrec);
    if (b)
      drive = drive + *b;
    state = external ? activation((1 - leaky_rate) * state + leaky_rate * drive)
                     : (1 - leaky_rate) * state + leaky_rate * activation(drive);
    return state;
  }

private:
  Activation activation;
  bool external;
  At built;
};

} // namespace overtime
