// SPDX-License-Identifier: Apache-2.0
// How files store the elements of arrays, and what they become in memory.
#ifndef OVERTIME_RUNTIME_FILES_ELEMENTS_H
#define OVERTIME_RUNTIME_FILES_ELEMENTS_H

#include "runtime/files/byte_reader.h"

namespace overtime::detail {

/// A type of element in a file.
struct StoredElement {
  char kind; ///< 'f' IEEE 754, 'g' bfloat16, 'i' and 'u' integers, 'b' truth values
  uint32_t bytes;
  int32_t dtype; ///< overtime_dtype in memory, which holds every value exactly
};

/// The number of elements of a shape; false when a dimension is negative or the product of the others exceeds 2^59,
/// so that sizes in bytes cannot overflow.
bool count_elements(int32_t rank, const int64_t *shape, int64_t *elements);

/// Reads the elements of an array, in the order in which they lie; on success the caller owns array->data. `from` must
/// hold as many: a lying header must not cost memory.
int read_elements(ByteReader &from, const StoredElement &stored, int32_t rank, const int64_t *shape,
                  overtime_host_array *array, const Place &place);

/// Bytes of the elements of an array to be written, if it is one that can be.
int check_array(const overtime_named_array &array, uint64_t *bytes, const Place &place);

} // namespace overtime::detail
#endif
