// SPDX-License-Identifier: Apache-2.0
// Activation: the function a layer applies, given by name, {.activation = tanh}, or as a lambda.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// A function of one Value. An overloaded name such as tanh resolves to the function on Values.
class Activation {
public:
  Activation(Value (*function)(Operand)) : function_([function](Value x) { return function(x); }) {}
  template <class F>
    requires std::is_invocable_r_v<Value, F, Value>
  Activation(F function) : function_(std::move(function)) {}

  Value operator()(const Value &x) const { return function_(x); }

private:
  std::function<Value(Value)> function_;
};

namespace detail {
/// Data of another width than the layer was built for is an error that names the layer and both widths.
inline void check_width(const Model &layer, const Value &x, std::int64_t width, const std::source_location &built) {
  Shape shape = x.shape();
  if (!shape.empty() && shape.back() == width)
    return;
  std::string given =
      shape.empty() ? "a single number" : std::to_string(shape.back()) + " (shape " + to_string(shape) + ")";
  throw Error(ErrorKind::Shape, "'" + layer.path() + "' expects width " + std::to_string(width) + ", got " + given,
              x.where())
      .note("'" + layer.path() + "' is built here", built);
}

/// Widths that a layer can have.
inline std::int64_t checked_size(std::int64_t size, const char *what, const std::source_location &at) {
  if (size < 1)
    throw Error(ErrorKind::Value, std::string(what) + " must be at least 1, got " + std::to_string(size), at);
  return size;
}
} // namespace detail

} // namespace overtime
