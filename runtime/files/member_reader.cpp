// SPDX-License-Identifier: Apache-2.0
// Reads a stored or deflated member of a zip archive, with zlib, and counts every byte on the way.
#include "runtime/files/member_reader.h"

#include "runtime/abi.h"

namespace overtime::detail {
namespace {

constexpr size_t largest_output = size_t(1) << 30; // zlib counts in 32 bits

} // namespace

MemberReader::MemberReader() {
  unpack_ = [](ByteReader &reader, void *to, size_t bytes, const Place &place) {
    return static_cast<MemberReader &>(reader).unpack(static_cast<unsigned char *>(to), bytes, place);
  };
}

MemberReader::~MemberReader() {
  if (deflated_)
    inflateEnd(&stream_);
}

int MemberReader::open_deflated(const InputFile &file, uint64_t offset, uint64_t packed, uint64_t size,
                                const Place &place) {
  open_stored(file, offset, size);
  packed_ = packed;
  if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) // negative: no zlib header in a zip
    return place.fail(OVERTIME_NO_MEMORY, "zlib cannot start for lack of memory");
  deflated_ = true;
  return OVERTIME_OK;
}

int MemberReader::unpack(unsigned char *to, size_t bytes, const Place &place) {
  if (int status = deflated_ ? inflate_some(to, bytes, place) : read_stored(to, bytes, place))
    return status;
  crc_ = static_cast<uint32_t>(crc32_z(crc_, to, bytes));
  return OVERTIME_OK;
}

int MemberReader::refill(const Place &place) {
  size_t bytes = packed_ < sizeof buffer_ ? static_cast<size_t>(packed_) : sizeof buffer_;
  if (int status = file_->read_at(offset_, buffer_, bytes, place))
    return status;
  offset_ += bytes;
  packed_ -= bytes;
  stream_.next_in = buffer_;
  stream_.avail_in = static_cast<unsigned>(bytes);
  return OVERTIME_OK;
}

int MemberReader::inflate_some(unsigned char *to, size_t bytes, const Place &place) {
  while (bytes > 0) {
    if (ended_)
      return place.fail(OVERTIME_BAD_FORMAT, "the deflated data ends early");
    if (stream_.avail_in == 0 && packed_ > 0)
      if (int status = refill(place))
        return status;
    unsigned room = static_cast<unsigned>(bytes < largest_output ? bytes : largest_output);
    stream_.next_out = to;
    stream_.avail_out = room;
    int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
      return place.fail(OVERTIME_NO_MEMORY, "zlib has not enough memory");
    if (result != Z_OK && result != Z_STREAM_END)
      return place.fail(OVERTIME_BAD_FORMAT, "the deflated data is damaged");
    ended_ = result == Z_STREAM_END;
    to += room - stream_.avail_out;
    bytes -= room - stream_.avail_out;
  }
  return OVERTIME_OK;
}

int MemberReader::finish(uint32_t *crc, const Place &place) {
  *crc = crc_;
  if (done_ != size_)
    return place.fail(OVERTIME_BAD_FORMAT, "%llu bytes follow its end", static_cast<unsigned long long>(size_ - done_));
  while (deflated_ && !ended_) { // the mark of the end may be all that is left
    if (stream_.avail_in == 0 && packed_ > 0)
      if (int status = refill(place))
        return status;
    unsigned char extra;
    stream_.next_out = &extra;
    stream_.avail_out = 1;
    int result = inflate(&stream_, Z_NO_FLUSH);
    if ((result != Z_OK && result != Z_STREAM_END) || stream_.avail_out == 0)
      return place.fail(OVERTIME_BAD_FORMAT, "the deflated data is damaged at its end");
    ended_ = result == Z_STREAM_END;
  }
  if (packed_ != 0 || stream_.avail_in != 0)
    return place.fail(OVERTIME_BAD_FORMAT, "its packed data is longer than what it unpacks to");
  return OVERTIME_OK;
}

} // namespace overtime::detail
