// SPDX-License-Identifier: Apache-2.0
// Reads .npy arrays: the header, then the elements; turns Fortran order into C order.
#include "runtime/files/npy.h"

#include "runtime/abi.h"
#include "runtime/memory.h"

#include <stdlib.h>
#include <string.h>

namespace overtime::detail {
namespace {

unsigned long long printable(uint64_t n) { return n; }

int read_header(ByteReader &from, NpyHeader *header, uint64_t *header_bytes, const Place &place) {
  constexpr uint32_t longest = 65536; // NumPy's own headers have some 100 bytes
  unsigned char start[12];
  if (from.size() < 10)
    return place.fail(OVERTIME_BAD_FORMAT, "not a .npy array: only %llu bytes long", printable(from.size()));
  if (int status = from.read(start, 10, place))
    return status;
  if (memcmp(start, "\x93NUMPY", 6) != 0)
    return place.fail(OVERTIME_BAD_FORMAT, "not a .npy array: it does not start with \\x93NUMPY");
  if (start[6] < 1 || start[6] > 3 || start[7] != 0)
    return place.fail(OVERTIME_BAD_FORMAT, ".npy version %d.%d is not supported, expected 1.0, 2.0 or 3.0", start[6],
                      start[7]);
  uint32_t length = static_cast<uint32_t>(start[8] | start[9] << 8), prefix = 10;
  if (start[6] > 1) {
    if (int status = from.read(start + 10, 2, place))
      return status;
    length |= static_cast<uint32_t>(start[10]) << 16 | static_cast<uint32_t>(start[11]) << 24;
    prefix = 12;
  }
  if (length > longest || length > from.size() - prefix)
    return place.fail(OVERTIME_BAD_FORMAT, "the .npy header claims %u bytes", length);
  char *text = static_cast<char *>(malloc(length + 1));
  if (!text)
    return place.fail_no_memory(length);
  int status = from.read(text, length, place);
  if (!status)
    status = parse_npy_header(text, length, header, place);
  free(text);
  *header_bytes = prefix + uint64_t(length);
  return status;
}

/// Copies `from`, whose first index moves fastest, to `to`, whose last one does.
template <class T> void reorder(const overtime_host_array &array, const T *from, T *to) {
  int64_t index[OVERTIME_MAX_RANK] = {}, stride[OVERTIME_MAX_RANK];
  int64_t step = 1;
  for (int32_t k = 0; k < array.rank; ++k) {
    stride[k] = step;
    step *= array.shape[k];
  }
  int64_t source = 0;
  for (int64_t k = 0; k < array.elements; ++k) {
    to[k] = from[source];
    for (int32_t d = array.rank - 1; d >= 0; --d) {
      source += stride[d];
      if (++index[d] < array.shape[d])
        break;
      source -= stride[d] * array.shape[d];
      index[d] = 0;
    }
  }
}

int make_c_order(overtime_host_array *array, const Place &place) {
  if (array->rank < 2 || array->elements < 2)
    return OVERTIME_OK;
  void *ordered = overtime_allocate(array->bytes);
  if (!ordered)
    return place.fail_no_memory(array->bytes);
  switch (overtime_dtype_size(array->dtype)) {
  case 1:
    reorder(*array, static_cast<const uint8_t *>(array->data), static_cast<uint8_t *>(ordered));
    break;
  case 4:
    reorder(*array, static_cast<const uint32_t *>(array->data), static_cast<uint32_t *>(ordered));
    break;
  default:
    reorder(*array, static_cast<const uint64_t *>(array->data), static_cast<uint64_t *>(ordered));
  }
  free(array->data);
  array->data = ordered;
  return OVERTIME_OK;
}

} // namespace

int read_npy(ByteReader &from, overtime_host_array *array, const Place &place) {
  NpyHeader header = {};
  uint64_t header_bytes = 0;
  if (int status = read_header(from, &header, &header_bytes, place))
    return status;
  uint64_t stored = static_cast<uint64_t>(header.elements) * header.element.bytes;
  if (stored != from.size() - header_bytes) // before any allocation: a lying header costs no memory
    return place.fail(OVERTIME_BAD_FORMAT, "its header asks for %llu bytes of elements, there are %llu",
                      printable(stored), printable(from.size() - header_bytes));
  int status = read_elements(from, header.element, header.rank, header.shape, array, place);
  if (!status && header.fortran_order)
    status = make_c_order(array, place);
  if (status)
    overtime_host_array_free(array);
  return status;
}

} // namespace overtime::detail
