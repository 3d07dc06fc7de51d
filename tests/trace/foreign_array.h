// SPDX-License-Identifier: Apache-2.0
// An array of another library, as DLPack hands it over: it counts how often it is given back.
#pragma once

#include "compiler/trace/host/dlpack.h"
#include "runtime/dlpack.h"

namespace overtime::test {

struct ForeignArray {
  Shape shape, strides;
  dlpack::ManagedArray managed;
  int given_back = 0;

  ForeignArray(void *data, Shape shape_, dlpack::Type type, Shape strides_ = {},
               dlpack::Device device = {dlpack::host, 0})
      : shape(std::move(shape_)), strides(std::move(strides_)) {
    managed.array = {data, device,       static_cast<std::int32_t>(shape.size()),
                     type, shape.data(), strides.empty() ? nullptr : strides.data(),
                     0};
    managed.context = this;
    managed.deleter = [](dlpack::ManagedArray *self) { ++static_cast<ForeignArray *>(self->context)->given_back; };
  }
  ForeignArray(const ForeignArray &) = delete;
  DLManagedTensor *handed_over() { return reinterpret_cast<DLManagedTensor *>(&managed); }
};

inline const dlpack::ManagedArray &managed(const DLManagedTensor *array) {
  return *reinterpret_cast<const dlpack::ManagedArray *>(array);
}
inline void give_back(DLManagedTensor *array) {
  auto *own = reinterpret_cast<dlpack::ManagedArray *>(array);
  own->deleter(own);
}

inline constexpr dlpack::Type f32_type{dlpack::real, 32, 1}, f64_type{dlpack::real, 64, 1};

} // namespace overtime::test
