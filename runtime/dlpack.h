// SPDX-License-Identifier: Apache-2.0
// The structures of DLPack, which libraries of arrays hand each other: https://dmlc.github.io/dlpack, version 0.8,
// whose DLManagedTensor all later versions know. Written here, under names of our own, since distributions have
// versions without bool; users pass the DLManagedTensor and DLTensor of their dlpack.h.
#ifndef OVERTIME_RUNTIME_DLPACK_H
#define OVERTIME_RUNTIME_DLPACK_H

#include <stdint.h>

namespace overtime::dlpack {

enum DeviceType : int32_t { host = 1, cuda = 2, pinned_host = 3 };
enum TypeCode : uint8_t { integer = 0, natural = 1, real = 2, boolean = 6 };

struct Device {
  int32_t type; ///< a DeviceType, or one of others
  int32_t number;
};

struct Type {
  uint8_t code; ///< a TypeCode, or one of others
  uint8_t bits;
  uint16_t lanes; ///< 1 for plain numbers
};

struct Array {
  void *data;
  Device device;
  int32_t rank;
  Type type;
  int64_t *shape;
  int64_t *strides; ///< in elements; NULL: dense and row-major
  uint64_t byte_offset;
};

/// An array and how to give it back, which its one owner does.
struct ManagedArray {
  Array array;
  void *context;
  void (*deleter)(ManagedArray *);
};

static_assert(sizeof(void *) != 8 || (sizeof(Array) == 48 && sizeof(ManagedArray) == 64));

/// Whether the elements lie one after the other, the last axis fastest.
inline bool is_dense(const Array &array) {
  if (!array.strides)
    return true;
  int64_t expected = 1;
  for (int32_t d = array.rank - 1; d >= 0; --d) {
    if (array.shape[d] == 0)
      return true;
    if (array.shape[d] != 1 && array.strides[d] != expected)
      return false;
    expected *= array.shape[d];
  }
  return true;
}

} // namespace overtime::dlpack
#endif
