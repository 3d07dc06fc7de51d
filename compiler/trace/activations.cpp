// SPDX-License-Identifier: Apache-2.0
// Activations, written with the operators. Definitions: jax.nn.
#include "compiler/trace/value.h"

#include <numbers>

namespace overtime {

Value sigmoid(Operand x) { return 1 / (1 + exp(-x)); }
Value relu(Operand x) { return maximum(x, 0); }
Value relu6(Operand x) { return minimum(maximum(x, 0), 6); }
Value log_sigmoid(Operand x) { return -softplus(-x); }
Value leaky_relu(Operand x, double slope) { return where(x >= 0, x, slope * x); }
Value leaky_relu(Operand x) { return leaky_relu(x, 0.01); }
Value prelu(Operand x, Operand slope) { return where(x >= 0, x, slope * x); }
Value prelu(Operand x) { return prelu(x, 0.25); }
Value rrelu(Operand x) { return rrelu(x, 1.0 / 8, 1.0 / 3); }
Value elu(Operand x, double alpha) { return where(x > 0, x, alpha * expm1(minimum(x, 0))); }
Value elu(Operand x) { return elu(x, 1.0); }
Value celu(Operand x, double alpha) { return where(x > 0, x, alpha * expm1(minimum(x, 0) / alpha)); }
Value celu(Operand x) { return elu(x, 1.0); }
Value selu(Operand x) { return 1.0507009873554805 * elu(x, 1.6732632423543772); }
Value gelu(Operand x) {
  double root = std::numbers::sqrt2 * std::numbers::inv_sqrtpi; // sqrt(2 / pi)
  return 0.5 * x * (1 + tanh(root * (x + 0.044715 * cube(x))));
}
Value silu(Operand x) { return x * sigmoid(x); }
Value swish(Operand x) { return silu(x); }
Value hard_silu(Operand x) { return x * hard_sigmoid(x); }
Value hard_swish(Operand x) { return hard_silu(x); }
/// max(x, 0) + log(1 + exp(-|x|)) does not overflow. -|x| is written as x - 2 max(x, 0), so that the slopes of both
/// terms at +0 and -0 go together. Beyond 20 the definition gives x.
Value softplus(Operand x) {
  Value positive = maximum(x, 0);
  return where(x > 20, x, positive + log1p(exp(x - 2 * positive)));
}
Value soft_sign(Operand x) { return x / (1 + abs(x)); }
Value hard_tanh(Operand x) { return minimum(maximum(x, -1), 1); }
Value hard_sigmoid(Operand x) { return relu6(x + 3) / 6; }
Value mish(Operand x) { return x * tanh(softplus(x)); }
Value hard_shrink(Operand x, double lambda) { return where(abs(x) > lambda, x, 0); }
Value hard_shrink(Operand x) { return hard_shrink(x, 0.5); }
Value soft_shrink(Operand x, double lambda) { return where(x > lambda, x - lambda, where(x < -lambda, x + lambda, 0)); }
Value soft_shrink(Operand x) { return soft_shrink(x, 0.5); }
Value tanh_shrink(Operand x) { return x - tanh(x); }

// The shift by the largest number changes no result, so that it has no part in the gradient.
Value softmax(Operand x, int axis) {
  Value e = exp(x - stop_gradient(max(x, axis, true)));
  return e / sum(e, axis, true);
}
Value softmax(Operand x) { return softmax(x, -1); }
Value log_softmax(Operand x, int axis) {
  Value shifted = x - stop_gradient(max(x, axis, true));
  return shifted - log(sum(exp(shifted), axis, true));
}
Value log_softmax(Operand x) { return log_softmax(x, -1); }
Value softmin(Operand x, int axis) { return softmax(-x, axis); }
Value softmin(Operand x) { return softmin(x, -1); }
Value glu(Operand x) { return glu(x, -1); }
Value normalize(Operand x, int axis, double epsilon) {
  Value centred = x - mean(x, axis, true);
  return centred / sqrt(mean(square(centred), axis, true) + epsilon);
}
Value normalize(Operand x) { return normalize(x, -1); }

} // namespace overtime
