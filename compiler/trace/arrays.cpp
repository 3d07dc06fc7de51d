// SPDX-License-Identifier: Apache-2.0
// Tensors as the interpreter's arrays and back.
#include "compiler/trace/arrays.h"

namespace overtime::detail {

reference::Array to_array(const Tensor &tensor) {
  reference::Array array;
  array.shape = tensor.shape();
  array.kind = tensor.dtype() == DType::Bool ? reference::Array::Kind::Bool
               : is_integer(tensor.dtype())  ? reference::Array::Kind::Int
                                             : reference::Array::Kind::Real;
  for (std::int64_t k = 0; k < tensor.size(); ++k) {
    if (array.kind == reference::Array::Kind::Real)
      array.values.push_back(tensor[k]);
    else
      array.ints.push_back(static_cast<std::int64_t>(tensor[k]));
  }
  return array;
}

Tensor to_tensor(const reference::Array &array, DType real) {
  bool reals = array.kind == reference::Array::Kind::Real;
  Tensor tensor(array.shape, reals ? real : array.kind == reference::Array::Kind::Bool ? DType::Bool : DType::I64);
  for (std::int64_t k = 0; k < tensor.size(); ++k)
    tensor.set(k, reals ? array.values[k] : static_cast<double>(array.ints[k]));
  return tensor;
}

} // namespace overtime::detail
