// SPDX-License-Identifier: Apache-2.0
// Reads elements into memory: widens integers and halves, makes truth values 0 or 1.
#include "runtime/files/elements.h"

#include "runtime/abi.h"
#include "runtime/memory.h"

#include <stdlib.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are read as they lie in the file");

namespace overtime::detail {
namespace {

template <class From, class To, class Widen>
void widen_all(const unsigned char *raw, size_t count, void *to, Widen widen) {
  for (size_t k = 0; k < count; ++k) {
    From value;
    memcpy(&value, raw + k * sizeof(From), sizeof(From));
    static_cast<To *>(to)[k] = widen(value);
  }
}

template <class From> void widen_integers(const unsigned char *raw, size_t count, void *to) {
  widen_all<From, int64_t>(raw, count, to, [](From value) { return static_cast<int64_t>(value); });
}

/// The bits of the f32 that equals a half of IEEE 754 (binary16). As bits, so that a NaN keeps its own.
uint32_t single_of_half(uint16_t half) {
  uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
  if (exponent == 31) // infinity, NaN
    return sign | 0x7f800000 | fraction << 13;
  if (exponent != 0)
    return sign | (exponent + 127 - 15) << 23 | fraction << 13;
  if (fraction == 0)
    return sign;
  uint32_t shift = static_cast<uint32_t>(__builtin_clz(fraction)) - 21; // subnormal: its first 1 becomes the hidden one
  return sign | (127 - 14 - shift) << 23 | (fraction << shift & 0x3ff) << 13;
}

void widen(const StoredElement &stored, const unsigned char *raw, size_t count, void *to) {
  if (stored.kind == 'f')
    return widen_all<uint16_t, uint32_t>(raw, count, to, single_of_half);
  if (stored.kind == 'g') // bfloat16 is the upper half of an f32
    return widen_all<uint16_t, uint32_t>(raw, count, to, [](uint16_t value) { return uint32_t(value) << 16; });
  bool is_signed = stored.kind == 'i';
  switch (stored.bytes) {
  case 1:
    return is_signed ? widen_integers<int8_t>(raw, count, to) : widen_integers<uint8_t>(raw, count, to);
  case 2:
    return is_signed ? widen_integers<int16_t>(raw, count, to) : widen_integers<uint16_t>(raw, count, to);
  default:
    return is_signed ? widen_integers<int32_t>(raw, count, to) : widen_integers<uint32_t>(raw, count, to);
  }
}

int read_widened(ByteReader &from, const StoredElement &stored, overtime_host_array *array, const Place &place) {
  unsigned char raw[8192];
  size_t per_block = sizeof raw / stored.bytes, size = overtime_dtype_size(array->dtype);
  auto *to = static_cast<unsigned char *>(array->data);
  for (uint64_t left = static_cast<uint64_t>(array->elements); left > 0;) {
    size_t count = left < per_block ? static_cast<size_t>(left) : per_block;
    if (int status = from.read(raw, count * stored.bytes, place))
      return status;
    widen(stored, raw, count, to);
    to += count * size;
    left -= count;
  }
  return OVERTIME_OK;
}

int read_as_they_are(ByteReader &from, overtime_host_array *array, const Place &place) {
  if (int status = from.read(array->data, array->bytes, place))
    return status;
  if (array->dtype == OVERTIME_BOOL) { // compiled code relies on 0 and 1; NumPy takes any other byte for true
    auto *flags = static_cast<unsigned char *>(array->data);
    for (uint64_t k = 0; k < array->bytes; ++k)
      flags[k] = flags[k] != 0;
  }
  return OVERTIME_OK;
}

} // namespace

bool count_elements(int32_t rank, const int64_t *shape, int64_t *elements) {
  int64_t product = 1;
  bool empty = false;
  for (int32_t k = 0; k < rank; ++k) {
    if (shape[k] < 0)
      return false;
    empty |= shape[k] == 0;
    if (shape[k] != 0 && (__builtin_mul_overflow(product, shape[k], &product) || product > int64_t(1) << 59))
      return false;
  }
  *elements = empty ? 0 : product;
  return true;
}

int read_elements(ByteReader &from, const StoredElement &stored, int32_t rank, const int64_t *shape,
                  overtime_host_array *array, const Place &place) {
  *array = {};
  array->dtype = stored.dtype;
  array->rank = rank;
  if (rank > 0)
    memcpy(array->shape, shape, static_cast<size_t>(rank) * sizeof *shape);
  if (!count_elements(rank, shape, &array->elements))
    return place.fail(OVERTIME_BAD_FORMAT, "the shape has more elements than any memory holds");
  array->bytes = static_cast<uint64_t>(array->elements) * overtime_dtype_size(array->dtype);
  array->data = overtime_allocate(array->bytes);
  if (!array->data)
    return place.fail_no_memory(array->bytes);
  int status = stored.bytes == overtime_dtype_size(stored.dtype) ? read_as_they_are(from, array, place)
                                                                 : read_widened(from, stored, array, place);
  if (status)
    overtime_host_array_free(array);
  return status;
}

int check_array(const overtime_named_array &array, uint64_t *bytes, const Place &place) {
  if (overtime_dtype_size(array.dtype) == 0)
    return place.fail(OVERTIME_BAD_FORMAT, "dtype %d is no overtime_dtype", array.dtype);
  int64_t elements = 0;
  if (array.rank < 0 || array.rank > OVERTIME_MAX_RANK || !count_elements(array.rank, array.shape, &elements))
    return place.fail(OVERTIME_BAD_FORMAT, "no array can have this shape (rank %d)", array.rank);
  if (elements > 0 && !array.data)
    return place.fail(OVERTIME_NULL_ARGUMENT, "the array's data is NULL");
  *bytes = static_cast<uint64_t>(elements) * overtime_dtype_size(array.dtype);
  return OVERTIME_OK;
}

} // namespace overtime::detail

extern "C" void overtime_host_array_free(overtime_host_array *array) {
  if (!array)
    return;
  free(array->data);
  *array = {};
}
