// SPDX-License-Identifier: Apache-2.0
// Arrays shared with NumPy, PyTorch, JAX and others without a copy, by DLPack.
#include "compiler/trace/host/dlpack_array.h"

#include <cstdint>
#include <cstring>

namespace overtime {
namespace {

constexpr std::pair<DType, dlpack::Type> types[] = {
    {DType::F32, {dlpack::real, 32, 1}},    {DType::F64, {dlpack::real, 64, 1}},
    {DType::I64, {dlpack::integer, 64, 1}}, {DType::I32, {dlpack::integer, 32, 1}},
    {DType::U16, {dlpack::natural, 16, 1}}, {DType::Bool, {dlpack::boolean, 8, 1}}};

/// What an exported array is made of.
struct Exported {
  dlpack::ManagedArray managed;
  Shape shape, strides;
  std::shared_ptr<void> numbers;
};

DType dtype_of(const dlpack::Type &type, SourceLocation at) {
  for (const auto &[dtype, known] : types)
    if (type.code == known.code && type.bits == known.bits && type.lanes == 1)
      return dtype;
  throw Error(ErrorKind::DType,
              "a DLPack array has elements of code " + std::to_string(type.code) + ", " + std::to_string(type.bits) +
                  " bits and " + std::to_string(type.lanes) +
                  " lanes; expected f32, f64, i32, i64, u16 or bool: convert it before it is handed over",
              at);
}

/// Copies the elements from axis `axis` on, from behind the strides to one after the other.
void gather(const dlpack::Array &from, std::size_t size, int axis, const char *source, char *&to) {
  if (axis == from.rank) {
    std::memcpy(to, source, size);
    to += size;
    return;
  }
  for (std::int64_t k = 0; k < from.shape[axis]; ++k)
    gather(from, size, axis + 1, source + k * from.strides[axis] * static_cast<std::int64_t>(size), to);
}

bool is_aligned(const void *data, std::size_t boundary) {
  return reinterpret_cast<std::uintptr_t>(data) % boundary == 0;
}

} // namespace

DLManagedTensor *detail::export_array(const Shape &shape, DType dtype, dlpack::Device device,
                                      std::shared_ptr<void> numbers) {
  auto *made = new Exported{{}, shape, Shape(shape.size()), std::move(numbers)};
  std::int64_t stride = 1;
  for (std::size_t d = shape.size(); d-- > 0; stride *= shape[d])
    made->strides[d] = stride;
  dlpack::Type type = {};
  for (const auto &[known, its] : types)
    if (known == dtype)
      type = its;
  made->managed.array = {
      made->numbers.get(),  device, static_cast<std::int32_t>(shape.size()), type, made->shape.data(),
      made->strides.data(), 0};
  made->managed.context = made;
  made->managed.deleter = [](dlpack::ManagedArray *managed) { delete static_cast<Exported *>(managed->context); };
  return reinterpret_cast<DLManagedTensor *>(&made->managed);
}

detail::ImportedArray::ImportedArray(DLManagedTensor *given, SourceLocation at) {
  if (!given)
    throw Error(ErrorKind::Usage, "a DLPack array is NULL", at);
  owner_ = std::shared_ptr<dlpack::ManagedArray>(reinterpret_cast<dlpack::ManagedArray *>(given),
                                                 [](dlpack::ManagedArray *managed) {
                                                   if (managed->deleter)
                                                     managed->deleter(managed);
                                                 });
  dtype_ = dtype_of(owner_->array.type, at);
  shape_.assign(owner_->array.shape, owner_->array.shape + owner_->array.rank);
}

std::shared_ptr<void> detail::ImportedArray::numbers() const {
  return {owner_, static_cast<char *>(owner_->array.data) + owner_->array.byte_offset};
}

DLManagedTensor *to_dlpack(const Tensor &tensor) {
  Tensor kept = tensor; // shares the numbers
  auto owner = std::make_shared<Tensor>(std::move(kept));
  return detail::export_array(tensor.shape(), tensor.dtype(), {dlpack::host, 0}, {owner, owner->data()});
}

Tensor from_dlpack(DLManagedTensor *given, std::source_location at) {
  detail::ImportedArray array(given, at);
  if (std::int32_t type = array.device().type; type != dlpack::host && type != dlpack::pinned_host)
    throw Error(ErrorKind::Device,
                "a DLPack array lies on a device of type " + std::to_string(type) +
                    ", and a Tensor is on the host; DeviceTensor::from_dlpack takes memory of a GPU",
                at);
  std::shared_ptr<void> numbers = array.numbers();
  if (array.is_dense() && is_aligned(numbers.get(), size_of(array.dtype())))
    return Tensor::over(array.shape(), array.dtype(), std::move(numbers));
  Tensor copy(array.shape(), array.dtype());
  if (array.is_dense()) {
    std::memcpy(copy.data(), numbers.get(), copy.bytes());
  } else {
    auto *to = static_cast<char *>(copy.data());
    gather(array.array(), size_of(array.dtype()), 0, static_cast<const char *>(numbers.get()), to);
  }
  return copy;
}

} // namespace overtime
