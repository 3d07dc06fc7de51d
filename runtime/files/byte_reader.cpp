// SPDX-License-Identifier: Apache-2.0
// Reads a range of a file from its first byte to its last.
#include "runtime/files/byte_reader.h"

#include "runtime/abi.h"

namespace overtime::detail {

void ByteReader::open_stored(const InputFile &file, uint64_t offset, uint64_t size) {
  file_ = &file;
  offset_ = offset;
  packed_ = size_ = size;
}

int ByteReader::read_stored(void *to, size_t bytes, const Place &place) {
  if (int status = file_->read_at(offset_, to, bytes, place))
    return status;
  offset_ += bytes;
  packed_ -= bytes;
  return OVERTIME_OK;
}

int ByteReader::read(void *to, size_t bytes, const Place &place) {
  if (bytes > size_ - done_)
    return place.fail(OVERTIME_BAD_FORMAT, "%llu bytes are missing at its end",
                      static_cast<unsigned long long>(bytes - (size_ - done_)));
  if (int status = unpack_ ? unpack_(*this, to, bytes, place) : read_stored(to, bytes, place))
    return status;
  done_ += bytes;
  return OVERTIME_OK;
}

} // namespace overtime::detail
