// SPDX-License-Identifier: Apache-2.0
// Arrays shared with NumPy, PyTorch, JAX and others without a copy, by DLPack.
#pragma once

#include "compiler/trace/host/tensor.h"

#include <source_location>

struct DLManagedTensor; // of dlpack.h, any version that has it

namespace overtime {

/// The numbers for another library, which owns the result and calls its deleter; they live at least until then. bool is
/// kDLBool.
DLManagedTensor *to_dlpack(const Tensor &tensor);

/// The numbers of another library, which are given back when the last copy of the Tensor goes. Takes `array` over, also
/// when it throws. An array that is not dense and row-major, or whose elements are not on a boundary of their size, is
/// copied. An error for memory of a GPU, and for elements other than f32, f64, i32, i64, u16 and bool.
Tensor from_dlpack(DLManagedTensor *array, std::source_location at = std::source_location::current());

} // namespace overtime
