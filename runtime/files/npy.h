// SPDX-License-Identifier: Apache-2.0
// The .npy format: a header that describes one array, then its elements.
#ifndef OVERTIME_RUNTIME_FILES_NPY_H
#define OVERTIME_RUNTIME_FILES_NPY_H

#include "runtime/files/elements.h"

namespace overtime::detail {

struct NpyHeader {
  StoredElement element;
  bool fortran_order;
  int32_t rank;
  int64_t shape[OVERTIME_MAX_RANK];
  int64_t elements;
};

/// Parses the text of a header, a Python dictionary of 'descr', 'fortran_order' and 'shape'.
int parse_npy_header(const char *text, size_t bytes, NpyHeader *header, const Place &place);

/// Reads one array, all of `from`; on success the caller owns array->data.
int read_npy(ByteReader &from, overtime_host_array *array, const Place &place);

/// Header bytes of an array to be written, at most max_npy_header.
constexpr size_t max_npy_header = 1024;
int format_npy_header(const overtime_named_array &item, char *header, size_t *header_bytes, uint64_t *data_bytes,
                      const Place &place);

} // namespace overtime::detail
#endif
