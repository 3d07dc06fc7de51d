// SPDX-License-Identifier: Apache-2.0
// Reads a stored or deflated member of a zip archive, with zlib, and counts every byte on the way.
#ifndef OVERTIME_RUNTIME_FILES_MEMBER_READER_H
#define OVERTIME_RUNTIME_FILES_MEMBER_READER_H

#include "runtime/files/byte_reader.h"

#include <zlib.h>

namespace overtime::detail {

class MemberReader : public ByteReader {
public:
  MemberReader();
  ~MemberReader();

  /// A deflated range of `packed` bytes that is said to give `size` bytes.
  int open_deflated(const InputFile &file, uint64_t offset, uint64_t packed, uint64_t size, const Place &place);
  /// Fails when something is left to read; *crc is the CRC-32 of all that was read.
  int finish(uint32_t *crc, const Place &place);

private:
  int unpack(unsigned char *to, size_t bytes, const Place &place);
  int inflate_some(unsigned char *to, size_t bytes, const Place &place);
  int refill(const Place &place);

  uint32_t crc_ = 0;
  bool deflated_ = false, ended_ = false;
  z_stream stream_ = {};
  unsigned char buffer_[16384];
};

} // namespace overtime::detail
#endif
