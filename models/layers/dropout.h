// SPDX-License-Identifier: Apache-2.0
// Dropout: silences random elements while fitting.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Srivastava et al. 2014, J. Mach. Learn. Res. 15, in the inverted form: while fitting (shared_arg fit = true) each
/// element is kept with probability keep_prob and divided by it, or set to 0; otherwise x passes unchanged. The choice
/// is new at every step and the same for the same seed.
///
/// | symbol    | meaning                       | default  | unit |
/// |-----------|-------------------------------|----------|------|
/// | keep_prob | probability to keep an element | required | 1    |
///
/// x of any shape. No state.
class Dropout : public Layer {
public:
  explicit Dropout(double keep_prob, At at = At::current())
      : keep_prob(param("keep_prob", checked(keep_prob, at), at)) {}

  Param keep_prob;

  using Layer::update;
  Value update(Value x) override {
    if (!fit())
      return x;
    return where(random_uniform("mask", x.shape()) < keep_prob, x / keep_prob, 0);
  }

private:
  static double checked(double p, const At &at) {
    if (p > 0.0 && p <= 1.0)
      return p;
    throw Error(ErrorKind::Value, "keep_prob is a probability above 0 and at most 1, got " + std::to_string(p), at);
  }
};

} // namespace overtime
