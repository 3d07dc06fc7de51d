// SPDX-License-Identifier: Apache-2.0
// Reads the directory of a zip archive and finds the bytes of its members.
#include "runtime/files/zip.h"

#include "runtime/abi.h"
#include "runtime/files/zip_bytes.h"

#include <stdlib.h>

namespace overtime::detail {
namespace {

constexpr uint64_t longest_comment = 0xffff;
constexpr uint64_t most_deflate = 1032; // no deflated byte gives more (zlib's technical notes)

int fail(const Place &place, const char *what) { return place.fail(OVERTIME_BAD_FORMAT, "damaged archive: %s", what); }

/// Replaces the 32-bit fields of an entry that say so by those of its zip64 extra field.
bool read_zip64_extra(const unsigned char *extra, size_t bytes, ZipMember *member) {
  uint64_t *wanted[] = {&member->size, &member->packed, &member->offset};
  bool any = member->size == word_limit || member->packed == word_limit || member->offset == word_limit;
  while (any && bytes >= 4) {
    size_t length = u16(extra + 2);
    if (length > bytes - 4)
      return false;
    if (u16(extra) == zip64_extra) {
      const unsigned char *next = extra + 4, *end = next + length;
      for (uint64_t *value : wanted) {
        if (*value != word_limit)
          continue;
        if (end - next < 8)
          return false;
        *value = u64(next);
        next += 8;
      }
      return true;
    }
    extra += 4 + length;
    bytes -= 4 + length;
  }
  return true;
}

/// The last record of an archive, from its last bytes; its comment must reach to the end of the file.
const unsigned char *find_end(const unsigned char *tail, size_t bytes) {
  for (size_t comment = 0; comment + end_bytes <= bytes; ++comment) {
    const unsigned char *end = tail + bytes - end_bytes - comment;
    if (u32(end) == end_signature && u16(end + 20) == comment)
      return end;
  }
  return nullptr;
}

struct Directory {
  uint64_t offset, bytes, count;
  uint64_t limit; ///< where the record behind it starts
};

int read_end64(const InputFile &file, uint64_t end, Directory *directory, const Place &place) {
  unsigned char locator[locator_bytes], record[end64_bytes];
  if (end < locator_bytes + end64_bytes)
    return OVERTIME_OK;
  if (int status = file.read_at(end - locator_bytes, locator, locator_bytes, place))
    return status;
  if (u32(locator) != locator_signature)
    return OVERTIME_OK; // the fields just happen to be full
  uint64_t at = u64(locator + 8);
  if (u32(locator + 4) != 0 || u32(locator + 16) != 1 || at > end - locator_bytes - end64_bytes)
    return fail(place, "its zip64 locator points nowhere");
  if (int status = file.read_at(at, record, end64_bytes, place))
    return status;
  bool fits = u32(record) == end64_signature && u64(record + 4) == end - locator_bytes - at - 12 &&
              u32(record + 16) == 0 && u32(record + 20) == 0 && u64(record + 24) == u64(record + 32);
  if (!fits)
    return fail(place, "its zip64 record contradicts itself");
  *directory = {u64(record + 48), u64(record + 40), u64(record + 32), at};
  return OVERTIME_OK;
}

int read_end(const InputFile &file, const unsigned char *record, uint64_t at, Directory *directory,
             const Place &place) {
  if (u16(record + 4) != 0 || u16(record + 6) != 0 || u16(record + 8) != u16(record + 10))
    return fail(place, "it claims to be one of several");
  *directory = {u32(record + 16), u32(record + 12), u16(record + 10), at};
  bool full = directory->offset == word_limit || directory->bytes == word_limit || directory->count == short_limit;
  if (full || directory->offset + directory->bytes != at) // writers may add a zip64 record that is not needed
    if (int status = read_end64(file, at, directory, place))
      return status;
  if (directory->offset > directory->limit || directory->bytes != directory->limit - directory->offset ||
      directory->count > directory->bytes / entry_bytes)
    return fail(place, "its directory does not fit into the file");
  return OVERTIME_OK;
}

} // namespace

ZipArchive::~ZipArchive() {
  free(members_);
  free(names_);
}

int ZipArchive::find_directory(uint64_t *offset, uint64_t *bytes, uint64_t *count, const Place &place) const {
  uint64_t most = end_bytes + longest_comment;
  size_t tail_bytes = static_cast<size_t>(file_.size() < most ? file_.size() : most);
  auto *tail = static_cast<unsigned char *>(malloc(tail_bytes + 1));
  if (!tail)
    return place.fail_no_memory(tail_bytes);
  int status = file_.read_at(file_.size() - tail_bytes, tail, tail_bytes, place);
  const unsigned char *end = status ? nullptr : find_end(tail, tail_bytes);
  Directory directory = {};
  if (end)
    status = read_end(file_, end, file_.size() - static_cast<uint64_t>(tail + tail_bytes - end), &directory, place);
  else if (!status)
    status = place.fail(OVERTIME_BAD_FORMAT, "not a .npz archive, or its end is missing");
  free(tail);
  *offset = directory.offset;
  *bytes = directory.bytes;
  *count = directory.count;
  return status;
}

int ZipArchive::open(const Place &place) {
  if (int status = file_.open(place))
    return status;
  uint64_t bytes = 0, count = 0;
  if (int status = find_directory(&directory_, &bytes, &count, place))
    return status;
  auto *directory = static_cast<unsigned char *>(malloc(bytes + 1));
  members_ = static_cast<ZipMember *>(calloc(count + 1, sizeof(ZipMember)));
  names_ = static_cast<char *>(malloc(bytes + 1)); // an entry is longer than its name and the 0 behind it
  int status = OVERTIME_OK;
  if (!directory || !members_ || !names_)
    status = place.fail_no_memory(bytes);
  if (!status)
    status = file_.read_at(directory_, directory, bytes, place);
  if (!status)
    status = read_members(directory, bytes, count, place);
  free(directory);
  return status;
}

int ZipArchive::read_members(const unsigned char *directory, uint64_t bytes, uint64_t count, const Place &place) {
  const unsigned char *entry = directory, *end = directory + bytes;
  char *name = names_;
  for (; count_ < count; ++count_) {
    uint64_t left = static_cast<uint64_t>(end - entry);
    if (left < entry_bytes || u32(entry) != entry_signature)
      return fail(place, "a line of its directory is missing");
    uint64_t name_bytes = u16(entry + 28), extra_bytes = u16(entry + 30), comment_bytes = u16(entry + 32);
    uint64_t length = entry_bytes + name_bytes + extra_bytes + comment_bytes;
    if (length > left)
      return fail(place, "a line of its directory is cut off");
    const unsigned char *text = entry + entry_bytes;
    if (name_bytes == 0 || memchr(text, 0, name_bytes))
      return fail(place, "a member has no proper name");
    memcpy(name, text, name_bytes);
    name[name_bytes] = 0;
    ZipMember &member = members_[count_];
    member = {name,           u16(entry + 8), u16(entry + 10), u32(entry + 16), u32(entry + 20), u32(entry + 24),
              u32(entry + 42)};
    if (!read_zip64_extra(text + name_bytes, extra_bytes, &member))
      return fail(place, "the zip64 field of a member is cut off");
    name += name_bytes + 1;
    entry += length;
  }
  return entry == end ? int(OVERTIME_OK) : fail(place, "its directory is longer than its lines");
}

int ZipArchive::open_member(size_t index, MemberReader *reader, const Place &place) const {
  const ZipMember &member = members_[index];
  constexpr uint16_t encrypted = 1;
  if (member.flags & encrypted)
    return place.fail(OVERTIME_BAD_FORMAT, "encrypted members are not supported");
  if (member.method != zip_stored && member.method != zip_deflated)
    return place.fail(OVERTIME_BAD_FORMAT, "compression method %u is not supported, expected stored or deflated",
                      member.method);
  bool plausible =
      member.method == zip_stored ? member.packed == member.size : member.size / most_deflate <= member.packed;
  if (!plausible)
    return place.fail(OVERTIME_BAD_FORMAT, "%llu bytes cannot come out of %llu packed ones",
                      static_cast<unsigned long long>(member.size), static_cast<unsigned long long>(member.packed));
  unsigned char local[local_bytes];
  if (member.offset > directory_ || directory_ - member.offset < local_bytes)
    return place.fail(OVERTIME_BAD_FORMAT, "it does not lie within the file");
  if (int status = file_.read_at(member.offset, local, local_bytes, place))
    return status;
  uint64_t name_bytes = strlen(member.name), begin = member.offset + local_bytes + u16(local + 26) + u16(local + 28);
  if (u32(local) != local_signature || u16(local + 8) != member.method || u16(local + 26) != name_bytes)
    return place.fail(OVERTIME_BAD_FORMAT, "its local header contradicts the directory");
  if (begin > directory_ || member.packed > directory_ - begin)
    return place.fail(OVERTIME_BAD_FORMAT, "it does not lie within the file");
  auto *name = static_cast<char *>(malloc(name_bytes));
  if (!name)
    return place.fail_no_memory(name_bytes);
  int status = file_.read_at(member.offset + local_bytes, name, name_bytes, place);
  if (!status && memcmp(name, member.name, name_bytes) != 0)
    status = place.fail(OVERTIME_BAD_FORMAT, "its local header has another name");
  free(name);
  if (status)
    return status;
  if (member.method == zip_deflated)
    return reader->open_deflated(file_, begin, member.packed, member.size, place);
  reader->open_stored(file_, begin, member.size);
  return OVERTIME_OK;
}

} // namespace overtime::detail
