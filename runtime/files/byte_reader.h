// SPDX-License-Identifier: Apache-2.0
// Reads one file, or one stored or deflated member of an archive, from its first byte to its last.
#ifndef OVERTIME_RUNTIME_FILES_BYTE_READER_H
#define OVERTIME_RUNTIME_FILES_BYTE_READER_H

#include "runtime/files/file.h"

#include <zlib.h>

namespace overtime::detail {

class ByteReader {
public:
  ByteReader() = default;
  ~ByteReader();
  ByteReader(const ByteReader &) = delete;
  ByteReader &operator=(const ByteReader &) = delete;

  /// Bytes [offset, offset + size) of a file as they are; the range must lie within the file.
  void open_stored(const InputFile &file, uint64_t offset, uint64_t size);
  /// A deflated range of `packed` bytes that is said to give `size` bytes.
  int open_deflated(const InputFile &file, uint64_t offset, uint64_t packed, uint64_t size, const Place &place);

  uint64_t size() const { return size_; } ///< of all there is to read, unpacked
  /// The next `bytes` bytes; fewer are an error.
  int read(void *to, size_t bytes, const Place &place);
  /// Fails when something is left to read; *crc is the CRC-32 of all that was read.
  int finish(uint32_t *crc, const Place &place);

private:
  int inflate_some(unsigned char *to, size_t bytes, const Place &place);
  int refill(const Place &place);

  const InputFile *file_ = nullptr;
  uint64_t offset_ = 0; ///< of the next byte in the file
  uint64_t packed_ = 0; ///< bytes left in the file
  uint64_t size_ = 0, done_ = 0;
  uint32_t crc_ = 0;
  bool deflated_ = false, ended_ = false;
  z_stream stream_ = {};
  unsigned char buffer_[16384];
};

} // namespace overtime::detail
#endif
