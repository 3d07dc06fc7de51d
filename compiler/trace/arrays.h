// SPDX-License-Identifier: Apache-2.0
// Tensors as the interpreter's arrays and back. Private to compiler/trace.
#pragma once

#include "compiler/reference/Interpreter.h"
#include "compiler/trace/host/tensor.h"

namespace overtime::detail {

reference::Array to_array(const Tensor &tensor);
/// Reals become `real`.
Tensor to_tensor(const reference::Array &array, DType real);

} // namespace overtime::detail
