// SPDX-License-Identifier: Apache-2.0
// Runs functions of the dyn dialect slowly and obviously, as traced: what compiled programs are tested against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class StringRef;
}
namespace mlir {
class ModuleOp;
namespace func {
class FuncOp;
}
} // namespace mlir

namespace overtime::reference {

/// An argument or result, row-major; a scalar has shape []. Real arrays are in `values`. Int and Bool arrays are exact
/// in `ints`; their `values` are the same numbers as double, and may stand for an empty `ints` in an argument.
struct Array {
  enum class Kind { Real, Int, Bool };

  std::vector<std::int64_t> shape;
  std::vector<double> values;
  std::vector<std::int64_t> ints;
  Kind kind = Kind::Real;

  static Array real(std::vector<std::int64_t> shape, std::vector<double> values) {
    return {std::move(shape), std::move(values), {}, Kind::Real};
  }
  static Array integer(std::vector<std::int64_t> shape, std::vector<std::int64_t> ints) {
    return {std::move(shape), {}, std::move(ints), Kind::Int};
  }
  static Array boolean(std::vector<std::int64_t> shape, std::vector<std::int64_t> ints) {
    return {std::move(shape), {}, std::move(ints), Kind::Bool};
  }
};

struct Options {
  /// Rounds f32 values after each operation. Otherwise all arithmetic is double, for f32 programs too, but for the time
  /// of a loop, arith.truncf and dyn.random, whose results are f32 numbers by definition.
  bool roundToF32 = false;
};

/// Runs function `name` of a module on arguments in order and returns its results. A module that does not verify, an
/// unknown function, arguments that do not fit and operations without a rule give nullopt and one line in `error`.
std::optional<std::vector<Array>> interpret(mlir::ModuleOp module, llvm::StringRef name, std::vector<Array> args,
                                            std::string *error, Options options = {});

} // namespace overtime::reference
