// SPDX-License-Identifier: Apache-2.0
// Arrays where loops run: on a GPU, or on the host. Shared with other libraries by DLPack.
#pragma once

#include "compiler/trace/host/dlpack.h"
#include "compiler/trace/loops/device.h"

#include <memory>

namespace overtime {

namespace detail {
struct LoopData;
}

/// A dense, row-major array in the memory of a device. Copies share the numbers.
class DeviceTensor {
public:
  using At = std::source_location;
  DeviceTensor(const Tensor &host); ///< on the host, shared
  /// Zeros.
  DeviceTensor(Shape shape, DType dtype, const Device &device, At at = At::current());

  /// Numbers of others, row-major in memory of the device, for as long as a copy lives.
  static DeviceTensor over(Shape shape, DType dtype, const Device &device, std::shared_ptr<void> numbers) {
    return {std::move(shape), dtype, device, std::move(numbers)};
  }

  const Shape &shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  const Device &device() const { return device_; }
  std::size_t bytes() const;
  void *data() const { return data_.get(); } ///< an address of the device

  /// A copy on another device; itself on the one where it is.
  DeviceTensor to(const Device &device, At at = At::current()) const;
  Tensor host(At at = At::current()) const; ///< to(cpu())

  /// The numbers of another library, given back when the last copy goes; of a GPU, or as overtime::from_dlpack. Takes
  /// `array` over, also when it throws. On a GPU it must be dense and row-major, and what writes it be done or on the
  /// default stream.
  static DeviceTensor from_dlpack(DLManagedTensor *array, At at = At::current());
  /// For another library, which owns the result and calls its deleter; the numbers live at least until then.
  DLManagedTensor *to_dlpack() const;

private:
  friend struct detail::LoopData;
  DeviceTensor(Shape shape, DType dtype, const Device &device, std::shared_ptr<void> data)
      : shape_(std::move(shape)), dtype_(dtype), device_(device), data_(std::move(data)) {}

  Shape shape_;
  DType dtype_ = DType::F32;
  Device device_;
  std::shared_ptr<void> data_;
};

} // namespace overtime
