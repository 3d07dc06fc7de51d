// SPDX-License-Identifier: Apache-2.0
// Value: a number that exists while a step is traced, and the operators and functions on it.
#pragma once

#include "compiler/trace/host/error.h"
#include "compiler/trace/host/tensor.h"
#include "compiler/trace/host/unit.h"

#include <memory>
#include <optional>
#include <source_location>
#include <vector>

namespace overtime {

class Variable; // State, Param, Input: compiler/trace/variable.h
namespace detail {
class Trace;
template <class> inline constexpr bool never = false;
} // namespace detail

/// A handle to one SSA value of the step being traced: a scalar (shape []) or a tensor of static shape. It is valid
/// until the trace ends. Arithmetic on Values writes the dialect; nothing is computed here.
class Value {
public:
  Value() = default;

  Shape shape() const;
  std::int64_t rank() const { return static_cast<std::int64_t>(shape().size()); }
  DType dtype() const;
  const Unit &unit() const { return unit_; }
  /// Where in the user's source it was made.
  SourceLocation where() const { return at_; }

  template <class T = void> explicit operator bool() const {
    static_assert(detail::never<T>, "a traced Value has no truth value while tracing: write where(condition, a, b)");
    return false;
  }

private:
  friend class detail::Trace;
  void *handle_ = nullptr;
  std::weak_ptr<detail::Trace> trace_; // a value outlives its trace when a model keeps it
  std::uint32_t scope_ = 0;            // the region of the step that it was made in
  Unit unit_;
  SourceLocation at_;
};

/// What an operator takes: a Value, a variable's current value, a plain number, or a quantity. It remembers where it
/// was written, so that an error names the user's line and column without macros.
class Operand {
public:
  using At = std::source_location;
  Operand(const Value &v, At at = At::current()) : value_(v), at_(at) {}
  Operand(const Variable &v, At at = At::current());
  Operand(double number, At at = At::current()) : literal_(Quantity{number, {}}), at_(at) {}
  Operand(float number, At at = At::current()) : literal_(Quantity{number, {}}), at_(at) {}
  Operand(int number, At at = At::current()) : literal_(Quantity{double(number), {}}), at_(at) {}
  Operand(const Quantity &q, At at = At::current()) : literal_(q), at_(at) {}

  bool is_literal() const { return literal_.has_value(); }
  const Quantity &literal() const { return *literal_; }
  const Value &value() const { return value_; }
  SourceLocation where() const { return at_; }

private:
  Value value_;
  std::optional<Quantity> literal_;
  SourceLocation at_;
};

// Arithmetic, with NumPy's broadcasting. + and - want one unit on both sides; * and / make new ones.
Value operator+(Operand a, Operand b);
Value operator-(Operand a, Operand b);
Value operator*(Operand a, Operand b);
Value operator/(Operand a, Operand b);
Value operator-(Operand a);

// Comparisons give bool; both sides in one unit.
Value operator<(Operand a, Operand b);
Value operator<=(Operand a, Operand b);
Value operator>(Operand a, Operand b);
Value operator>=(Operand a, Operand b);
Value operator==(Operand a, Operand b);
Value operator!=(Operand a, Operand b);
Value operator&&(Operand a, Operand b);
Value operator||(Operand a, Operand b);
Value operator!(Operand a);
// Exact matches, so that the deleted truth value of a Value makes no second candidate.
inline Value operator&&(const Value &a, const Value &b) { return operator&&(Operand(a), Operand(b)); }
inline Value operator||(const Value &a, const Value &b) { return operator||(Operand(a), Operand(b)); }
inline Value operator!(const Value &a) { return operator!(Operand(a)); }

/// 1 where x >= 0, else 0, as a real; gradients take `slope` for its derivative by x, which is 0 otherwise.
/// models/surrogates.h has the usual slopes.
Value spike(Operand x, Operand slope);

/// The numbers of `value`, of which gradients take the derivative of `other`, by whatever it depends on. A
/// straight-through estimator, for instance: `with_gradient_of(round(x), x)`.
Value with_gradient_of(Operand value, Operand other);
/// x, whose derivative counts as 0.
Value stop_gradient(Operand x);

/// Element of a where the condition holds, of b elsewhere.
Value where(Operand condition, Operand a, Operand b);
Value minimum(Operand a, Operand b);
Value maximum(Operand a, Operand b);

// Functions of dimensionless arguments.
Value exp(Operand x);
Value expm1(Operand x);  ///< exp(x) - 1 without cancellation near 0
Value exprel(Operand x); ///< (exp(x) - 1) / x, exactly 1 at 0
Value log(Operand x);
Value log1p(Operand x);
Value tanh(Operand x);
Value sinh(Operand x);
Value cosh(Operand x);
Value sin(Operand x);
Value cos(Operand x);
Value erf(Operand x);
Value pow(Operand x, Operand exponent); ///< a literal integer exponent becomes products

// Functions that keep or transform the unit.
Value abs(Operand x);
Value sqrt(Operand x);   ///< unit with even powers
Value square(Operand x); ///< x * x
Value cube(Operand x);   ///< x * x * x
Value floor(Operand x);
Value ceil(Operand x);
Value round(Operand x); ///< half to even

// Activations (jax.nn's definitions). Those that take more than x have an overload without it, so that the name alone,
// as in {"l2", softmax} or {.activation = leaky_relu}, is a function of x.
Value sigmoid(Operand x);     ///< 1 / (1 + exp(-x))
Value log_sigmoid(Operand x); ///< -softplus(-x)
Value relu(Operand x);        ///< max(x, 0)
Value relu6(Operand x);       ///< min(max(x, 0), 6)
Value leaky_relu(Operand x, double slope);
Value leaky_relu(Operand x);                        ///< slope 0.01
Value prelu(Operand x, Operand slope);              ///< x where x >= 0, else slope * x; the slope may be a Param
Value prelu(Operand x);                             ///< slope 0.25
Value rrelu(Operand x, double lower, double upper); ///< leaky_relu of slopes drawn from U(lower, upper) at every step
Value rrelu(Operand x);                             ///< slopes from U(1/8, 1/3)
Value elu(Operand x, double alpha);                 ///< x where x > 0, else alpha (exp(x) - 1)
Value elu(Operand x);                               ///< alpha 1
Value celu(Operand x, double alpha);                ///< x where x > 0, else alpha (exp(x / alpha) - 1)
Value celu(Operand x);                              ///< alpha 1
Value selu(Operand x);
Value gelu(Operand x);       ///< tanh form
Value silu(Operand x);       ///< x * sigmoid(x)
Value swish(Operand x);      ///< silu
Value hard_silu(Operand x);  ///< x * hard_sigmoid(x)
Value hard_swish(Operand x); ///< hard_silu
Value softplus(Operand x);   ///< log(1 + exp(x)), and x itself beyond 20
Value soft_sign(Operand x);  ///< x / (1 + |x|)
Value hard_tanh(Operand x);
Value hard_sigmoid(Operand x);               ///< relu6(x + 3) / 6
Value mish(Operand x);                       ///< x * tanh(softplus(x))
Value hard_shrink(Operand x, double lambda); ///< 0 where |x| <= lambda, else x
Value hard_shrink(Operand x);                ///< lambda 0.5
Value soft_shrink(Operand x, double lambda); ///< 0 where |x| <= lambda, else x closer to 0 by lambda
Value soft_shrink(Operand x);                ///< lambda 0.5
Value tanh_shrink(Operand x);                ///< x - tanh(x)
Value softmax(Operand x, int axis);
Value softmax(Operand x); ///< along the last axis
Value log_softmax(Operand x, int axis);
Value log_softmax(Operand x);
Value softmin(Operand x, int axis); ///< softmax(-x)
Value softmin(Operand x);
Value glu(Operand x, int axis); ///< first half of an axis times the sigmoid of the second
Value glu(Operand x);
Value normalize(Operand x, int axis, double epsilon = 1e-5); ///< (x - mean) / sqrt(variance + epsilon)
Value normalize(Operand x);                                  ///< along the last axis
/// 1 at the place that x names, counted from 0, and 0 elsewhere, on a new last axis of length `classes`; all 0 where x
/// is none of them.
Value one_hot(Operand x, std::int64_t classes);
Value identity(Operand x);

// Shapes. Negative axes count from the end.
Value matmul(Operand a, Operand b); ///< [.., K] x [K, N]; a vector counts as one row
Value sum(Operand x, std::optional<int> axis = {}, bool keep_axis = false);
Value mean(Operand x, std::optional<int> axis = {}, bool keep_axis = false);
Value max(Operand x, std::optional<int> axis = {}, bool keep_axis = false);
Value min(Operand x, std::optional<int> axis = {}, bool keep_axis = false);
Value concat(const std::vector<Value> &parts, int axis = -1, std::source_location at = std::source_location::current());
Value slice(Operand x, std::int64_t begin, std::int64_t end, int axis = -1); ///< [begin, end) of one axis
Value reshape(Operand x, const Shape &shape);
Value transpose(Operand x); ///< swaps the last two axes
Value broadcast_to(Operand x, const Shape &shape);
Value as_real(Operand x); ///< bool or integer to the run's real type

} // namespace overtime
