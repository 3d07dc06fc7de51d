// SPDX-License-Identifier: Apache-2.0
// Reads a range of a file from its first byte to its last.
#ifndef OVERTIME_RUNTIME_FILES_BYTE_READER_H
#define OVERTIME_RUNTIME_FILES_BYTE_READER_H

#include "runtime/files/file.h"

namespace overtime::detail {

class ByteReader {
public:
  ByteReader() = default;
  ByteReader(const ByteReader &) = delete;
  ByteReader &operator=(const ByteReader &) = delete;

  /// Bytes [offset, offset + size) of a file as they are; the range must lie within the file.
  void open_stored(const InputFile &file, uint64_t offset, uint64_t size);

  uint64_t size() const { return size_; } ///< of all there is to read, unpacked
  /// The next `bytes` bytes; fewer are an error.
  int read(void *to, size_t bytes, const Place &place);

protected:
  /// Bytes of the file as they are.
  int read_stored(void *to, size_t bytes, const Place &place);

  /// What gives bytes in place of read_stored. No virtual function: that would need the C++ library.
  int (*unpack_)(ByteReader &reader, void *to, size_t bytes, const Place &place) = nullptr;
  const InputFile *file_ = nullptr;
  uint64_t offset_ = 0; ///< of the next byte in the file
  uint64_t packed_ = 0; ///< bytes left in the file
  uint64_t size_ = 0, done_ = 0;
};

} // namespace overtime::detail
#endif
