// SPDX-License-Identifier: Apache-2.0
// Writes zip archives: headers with fixed dates, so that the same arrays give the same bytes.
#include "runtime/files/zip.h"

#include "runtime/abi.h"
#include "runtime/files/zip_bytes.h"

#include <stdlib.h>

namespace overtime::detail {
namespace {

constexpr uint32_t first_date = 0x21 << 16; // 1 January 1980, 0:00
constexpr uint16_t utf8_names = 1 << 11;
constexpr uint16_t made_on_unix = 3 << 8 | 45;
constexpr uint32_t plain_file = 0100644u << 16;
constexpr size_t largest_input = size_t(1) << 30; // zlib counts in 32 bits

bool is_ascii(const char *text) {
  for (; *text; ++text)
    if (static_cast<unsigned char>(*text) >= 0x80)
      return false;
  return true;
}

uint16_t version_needed(bool zip64) { return zip64 ? 45 : 20; }

} // namespace

ZipWriter::~ZipWriter() {
  if (deflating_)
    deflateEnd(&stream_);
  for (size_t k = 0; k < count_; ++k)
    free(members_[k].name);
  free(members_);
}

/// Decided before the packed size is known, so that the local header has room: deflate adds under 1 in 1000.
bool ZipWriter::long_sizes(const ZipMember &member) const {
  return member.size + member.size / 1000 + 1024 >= zip64_from;
}

int ZipWriter::begin_member(const char *name, uint64_t size, const Place &place) {
  size_t name_bytes = strlen(name);
  if (name_bytes == 0 || name_bytes > short_limit)
    return place.fail(OVERTIME_BAD_FORMAT, "a name in an archive has 1 to 65535 bytes, not %zu", name_bytes);
  if (count_ == room_) {
    size_t room = room_ * 2 + 16;
    auto *members = static_cast<ZipMember *>(realloc(members_, room * sizeof(ZipMember)));
    if (!members)
      return place.fail_no_memory(room * sizeof(ZipMember));
    members_ = members;
    room_ = room;
  }
  ZipMember &member = members_[count_];
  member = {
      strdup(name),    is_ascii(name) ? uint16_t(0) : utf8_names, deflate_ ? zip_deflated : zip_stored, 0, 0, size,
      file_.position()};
  if (!member.name)
    return place.fail_no_memory(name_bytes);
  ++count_;
  if (deflate_) {
    stream_ = {};
    if (deflateInit2(&stream_, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
      return place.fail(OVERTIME_NO_MEMORY, "zlib has not enough memory");
    deflating_ = true;
  }
  return write_local_header(member, place); // with the room it needs; end_member fills it in
}

int ZipWriter::write_local_header(const ZipMember &member, const Place &place) {
  bool zip64 = long_sizes(member);
  size_t name_bytes = strlen(member.name);
  Record r;
  r.add32(local_signature).add16(version_needed(zip64)).add16(member.flags).add16(member.method).add32(first_date);
  r.add32(member.crc).add32(zip64 ? word_limit : member.packed).add32(zip64 ? word_limit : member.size);
  r.add16(name_bytes).add16(zip64 ? 20 : 0);
  Record extra;
  extra.add16(zip64_extra).add16(16).add64(member.size).add64(member.packed);
  bool fresh = file_.position() == member.offset;
  if (!fresh) {
    int status = file_.write_at(member.offset, r.bytes, r.size, place);
    if (!status && zip64)
      status = file_.write_at(member.offset + r.size + name_bytes, extra.bytes, extra.size, place);
    return status;
  }
  int status = file_.append(r.bytes, r.size, place);
  if (!status)
    status = file_.append(member.name, name_bytes, place);
  if (!status && zip64)
    status = file_.append(extra.bytes, extra.size, place);
  return status;
}

int ZipWriter::write(const void *from, size_t bytes, const Place &place) {
  if (bytes == 0)
    return OVERTIME_OK; // `from` may be null, which has a meaning of its own for zlib
  ZipMember &member = members_[count_ - 1];
  const auto *data = static_cast<const unsigned char *>(from);
  member.crc = static_cast<uint32_t>(crc32_z(member.crc, data, bytes));
  if (deflate_)
    return deflate_some(from, bytes, Z_NO_FLUSH, place);
  member.packed += bytes;
  return file_.append(from, bytes, place);
}

int ZipWriter::deflate_some(const void *from, size_t bytes, int flush, const Place &place) {
  unsigned char packed[16384];
  const auto *next = static_cast<const unsigned char *>(from);
  do {
    size_t block = bytes < largest_input ? bytes : largest_input;
    stream_.next_in = const_cast<unsigned char *>(next);
    stream_.avail_in = static_cast<unsigned>(block);
    do {
      stream_.next_out = packed;
      stream_.avail_out = sizeof packed;
      deflate(&stream_, flush);
      size_t out = sizeof packed - stream_.avail_out;
      members_[count_ - 1].packed += out;
      if (int status = file_.append(packed, out, place))
        return status;
    } while (stream_.avail_out == 0);
    next += block;
    bytes -= block;
  } while (bytes > 0);
  return OVERTIME_OK;
}

int ZipWriter::end_member(const Place &place) {
  if (deflate_) {
    if (int status = deflate_some("", 0, Z_FINISH, place))
      return status;
    deflateEnd(&stream_);
    deflating_ = false;
  }
  return write_local_header(members_[count_ - 1], place);
}

int ZipWriter::write_directory_entry(const ZipMember &member, const Place &place) {
  Record extra;
  auto word = [&](uint64_t value) { // the value, or a sign that it is in the extra field
    if (value < zip64_from)
      return value;
    extra.add64(value);
    return uint64_t(word_limit);
  };
  uint64_t size = word(member.size), packed = word(member.packed), offset = word(member.offset);
  bool zip64 = extra.size > 0;
  size_t name_bytes = strlen(member.name);
  Record r;
  r.add32(entry_signature).add16(made_on_unix).add16(version_needed(zip64 || long_sizes(member)));
  r.add16(member.flags).add16(member.method).add32(first_date).add32(member.crc).add32(packed).add32(size);
  r.add16(name_bytes).add16(zip64 ? extra.size + 4 : 0).add16(0).add16(0).add16(0).add32(plain_file).add32(offset);
  int status = file_.append(r.bytes, r.size, place);
  if (!status)
    status = file_.append(member.name, name_bytes, place);
  if (!status && zip64) {
    Record head;
    head.add16(zip64_extra).add16(extra.size);
    status = file_.append(head.bytes, head.size, place);
    if (!status)
      status = file_.append(extra.bytes, extra.size, place);
  }
  return status;
}

int ZipWriter::commit(const Place &place) {
  uint64_t begin = file_.position();
  for (size_t k = 0; k < count_; ++k)
    if (int status = write_directory_entry(members_[k], place))
      return status;
  uint64_t end = file_.position(), bytes = end - begin;
  bool zip64 = begin >= zip64_from || bytes >= zip64_from || count_ >= short_limit;
  Record r;
  if (zip64) {
    r.add32(end64_signature).add64(end64_bytes - 12).add16(made_on_unix).add16(45).add32(0).add32(0);
    r.add64(count_).add64(count_).add64(bytes).add64(begin);
    r.add32(locator_signature).add32(0).add64(end).add32(1);
    if (int status = file_.append(r.bytes, r.size, place))
      return status;
    r.size = 0;
  }
  uint64_t count = zip64 ? short_limit : count_;
  r.add32(end_signature).add16(0).add16(0).add16(count).add16(count);
  r.add32(zip64 ? word_limit : bytes).add32(zip64 ? word_limit : begin).add16(0);
  if (int status = file_.append(r.bytes, r.size, place))
    return status;
  return file_.commit(place);
}

} // namespace overtime::detail
