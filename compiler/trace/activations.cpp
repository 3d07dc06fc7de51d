// SPDX-License-Identifier: Apache-2.0
// Activations, written with the operators. Definitions: jax.nn.
#include "compiler/trace/value.h"

#include <numbers>

namespace overtime {

Value sigmoid(Operand x) { return 1 / (1 + exp(-x)); }
Value relu(Operand x) { return maximum(x, 0); }
Value relu6(Operand x) { return minimum(maximum(x, 0), 6); }
Value leaky_relu(Operand x, double slope) { return where(x >= 0, x, slope * x); }
Value elu(Operand x, double alpha) { return where(x > 0, x, alpha * expm1(minimum(x, 0))); }
Value selu(Operand x) { return 1.0507009873554805 * elu(x, 1.6732632423543772); }
Value gelu(Operand x) {
  double root = std::numbers::sqrt2 * std::numbers::inv_sqrtpi; // sqrt(2 / pi)
  return 0.5 * x * (1 + tanh(root * (x + 0.044715 * cube(x))));
}
Value silu(Operand x) { return x * sigmoid(x); }
/// max(x, 0) + log(1 + exp(-|x|)): no overflow.
Value softplus(Operand x) { return maximum(x, 0) + log1p(exp(-abs(x))); }
Value soft_sign(Operand x) { return x / (1 + abs(x)); }
Value hard_tanh(Operand x) { return minimum(maximum(x, -1), 1); }
Value hard_sigmoid(Operand x) { return relu6(x + 3) / 6; }
Value mish(Operand x) { return x * tanh(softplus(x)); }

Value softmax(Operand x, int axis) {
  Value e = exp(x - max(x, axis, true));
  return e / sum(e, axis, true);
}
Value log_softmax(Operand x, int axis) {
  Value shifted = x - max(x, axis, true);
  return shifted - log(sum(exp(shifted), axis, true));
}

} // namespace overtime
