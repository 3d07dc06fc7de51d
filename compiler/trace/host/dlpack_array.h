// SPDX-License-Identifier: Apache-2.0
// DLPack's arrays on their way in and out, wherever they lie. Private to compiler/trace.
#pragma once

#include "compiler/trace/host/dlpack.h"

#include "runtime/dlpack.h"

namespace overtime::detail {

/// A dense array at an address of a device; `numbers` keeps it alive.
DLManagedTensor *export_array(const Shape &shape, DType dtype, dlpack::Device device, std::shared_ptr<void> numbers);

/// An array that was taken over.
class ImportedArray {
public:
  ImportedArray(DLManagedTensor *array, SourceLocation at);

  const Shape &shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  dlpack::Device device() const { return owner_->array.device; }
  bool is_dense() const { return dlpack::is_dense(owner_->array); }
  const dlpack::Array &array() const { return owner_->array; }
  /// Its first element; given back when the last copy goes.
  std::shared_ptr<void> numbers() const;

private:
  std::shared_ptr<dlpack::ManagedArray> owner_;
  Shape shape_;
  DType dtype_ = DType::F32;
};

} // namespace overtime::detail
