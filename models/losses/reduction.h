// SPDX-License-Identifier: Apache-2.0
// What all losses share: how many numbers become one, and which shapes and units go together.
#pragma once

#include "compiler/overtime.h"

namespace overtime::loss {

/// What a loss makes of the losses of all elements (or rows, where it says so).
enum class Reduction {
  Mean, ///< their mean, a number
  Sum,  ///< their sum, a number
  None  ///< themselves, for instance to weigh them
};

namespace detail {
Value reduced(const Value &losses, Reduction reduction);

/// An error that names both shapes unless they are one, or the target is one number: broadcasting would pair what does
/// not belong together, such as [B, 1] and [B].
void check_shapes(const Operand &out, const Operand &target, const char *loss);

/// An error unless both are dimensionless.
void check_plain(const Operand &out, const Operand &target, const char *loss);

/// out - target, of such shapes.
Value difference(const Operand &out, const Operand &target, const char *loss);
} // namespace detail

} // namespace overtime::loss
