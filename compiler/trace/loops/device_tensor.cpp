// SPDX-License-Identifier: Apache-2.0
// Arrays where loops run: on a GPU, or on the host. Shared with other libraries by DLPack.
#include "compiler/trace/loops/device_tensor.h"

#include "compiler/trace/host/dlpack_array.h"
#include "compiler/trace/loops/open_device.h"

namespace overtime {

using detail::open_device;

namespace {

gpu::DevicePointer address(const void *data) { return reinterpret_cast<gpu::DevicePointer>(data); }

void check(bool done, const gpu::Failure &failure, SourceLocation at) {
  if (!done)
    throw Error(ErrorKind::Device, failure.text, at);
}

/// Does one thing on a stream of its own and waits for it.
template <class Work> void on_stream(const gpu::Device &device, SourceLocation at, const Work &work) {
  gpu::Failure failure;
  gpu::Stream stream(device);
  bool done =
      device.enter(failure) && stream.open(failure) && stream.wait_for_default(failure) && work(stream, failure);
  check(stream.handle && stream.wait(failure) && done, failure, at);
}

} // namespace

std::shared_ptr<void> detail::device_memory(std::size_t bytes, int number, SourceLocation at) {
  const gpu::Device &device = open_device(number, at);
  gpu::Failure failure;
  auto owner = std::shared_ptr<gpu::Buffer>(new gpu::Buffer(device), [&device](gpu::Buffer *buffer) {
    gpu::Failure ignored;
    device.enter(ignored); // the thread that ends it need not be the one that made it
    delete buffer;
  });
  check(device.enter(failure) && owner->reserve(bytes > 0 ? bytes : 1, failure), failure, at);
  return {owner, reinterpret_cast<void *>(owner->at)};
}

DeviceTensor::DeviceTensor(const Tensor &host) : shape_(host.shape()), dtype_(host.dtype()) {
  auto owner = std::make_shared<Tensor>(host);
  data_ = {owner, owner->data()};
}

DeviceTensor::DeviceTensor(Shape shape, DType dtype, const Device &device, At at)
    : DeviceTensor(Tensor(Shape{0}, dtype)) {
  if (!device.is_cuda()) {
    *this = DeviceTensor(Tensor(std::move(shape), dtype));
    return;
  }
  shape_ = std::move(shape);
  device_ = device;
  data_ = detail::device_memory(bytes(), device.number(), at);
  on_stream(open_device(device.number(), at), at, [&](gpu::Stream &stream, gpu::Failure &failure) {
    return bytes() == 0 || stream.clear(address(data()), bytes(), failure);
  });
}

std::size_t DeviceTensor::bytes() const { return static_cast<std::size_t>(element_count(shape_)) * size_of(dtype_); }

DeviceTensor DeviceTensor::to(const Device &device, At at) const {
  if (device == device_)
    return *this;
  if (device_.is_cuda() && device.is_cuda())
    return to(cpu(), at).to(device, at);
  if (!device.is_cuda()) {
    Tensor copy(shape_, dtype_);
    on_stream(open_device(device_.number(), at), at, [&](gpu::Stream &stream, gpu::Failure &failure) {
      return stream.download(copy.data(), address(data()), bytes(), failure);
    });
    return copy;
  }
  DeviceTensor copy(shape_, dtype_, device, detail::device_memory(bytes(), device.number(), at));
  on_stream(open_device(device.number(), at), at, [&](gpu::Stream &stream, gpu::Failure &failure) {
    return stream.upload(address(copy.data()), data(), bytes(), failure);
  });
  return copy;
}

Tensor DeviceTensor::host(At at) const {
  DeviceTensor there = to(overtime::cpu(), at);
  return Tensor::over(there.shape_, there.dtype_, there.data_);
}

DeviceTensor DeviceTensor::from_dlpack(DLManagedTensor *given, At at) {
  if (!given || reinterpret_cast<const dlpack::ManagedArray *>(given)->array.device.type != dlpack::cuda)
    return overtime::from_dlpack(given, at);
  detail::ImportedArray array(given, at);
  Device device = cuda(array.device().number, at);
  if (!array.is_dense())
    throw Error(ErrorKind::Usage,
                "a DLPack array of shape " + to_string(array.shape()) + " on " + device.name() +
                    " is not dense and row-major; make it so before it is handed over, as contiguous() does in PyTorch",
                at);
  if (address(array.numbers().get()) % size_of(array.dtype()) != 0)
    throw Error(ErrorKind::Usage, "a DLPack array on " + device.name() + " is not on a boundary of its elements' size",
                at);
  return {array.shape(), array.dtype(), device, array.numbers()};
}

DLManagedTensor *DeviceTensor::to_dlpack() const {
  dlpack::Device where =
      device_.is_cuda() ? dlpack::Device{dlpack::cuda, device_.number()} : dlpack::Device{dlpack::host, 0};
  return detail::export_array(shape_, dtype_, where, data_);
}

} // namespace overtime
