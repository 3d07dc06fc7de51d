// SPDX-License-Identifier: Apache-2.0
// Parses a small module and runs its function @f in the reference interpreter.
#pragma once

#include "compiler/reference/Interpreter.h"

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace overtime::reference {

struct Outcome {
  std::optional<std::vector<Array>> results;
  std::string error;
  const Array &operator[](std::size_t k) const { return results.value().at(k); }
};

/// The text is that of a module named model.mlir in messages.
Outcome run(llvm::StringRef text, std::vector<Array> args = {}, Options options = {});

/// Runs `func @f(TYPES) -> RESULT { BODY return %y : RESULT }` on arguments %a, %b, ...
Outcome runBody(llvm::StringRef types, llvm::StringRef result, llvm::StringRef body, std::vector<Array> args = {},
                Options options = {});

/// A scalar argument.
inline Array number(double value) { return Array::real({}, {value}); }
inline Array count(std::int64_t value) { return Array::integer({}, {value}); }

} // namespace overtime::reference
