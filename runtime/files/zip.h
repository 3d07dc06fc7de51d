// SPDX-License-Identifier: Apache-2.0
// The .zip container (APPNOTE 6.3, zip64 included) as far as .npz needs it: one disk, stored or deflated members.
#ifndef OVERTIME_RUNTIME_FILES_ZIP_H
#define OVERTIME_RUNTIME_FILES_ZIP_H

#include "runtime/files/file.h"
#include "runtime/files/member_reader.h"

namespace overtime::detail {

/// One line of an archive's directory.
struct ZipMember {
  char *name;
  uint16_t flags, method;
  uint32_t crc;
  uint64_t packed, size;
  uint64_t offset; ///< of the local header
};

constexpr uint16_t zip_stored = 0, zip_deflated = 8;

/// An archive that is open for reading. All of the directory is checked before anything is believed.
class ZipArchive {
public:
  ZipArchive() = default;
  ~ZipArchive();
  ZipArchive(const ZipArchive &) = delete;
  ZipArchive &operator=(const ZipArchive &) = delete;

  int open(const Place &place);
  size_t count() const { return count_; }
  const ZipMember &member(size_t index) const { return members_[index]; }
  /// Makes `reader` read a member's unpacked bytes; MemberReader::finish gives the CRC to compare with the member's.
  int open_member(size_t index, MemberReader *reader, const Place &place) const;

private:
  int find_directory(uint64_t *offset, uint64_t *bytes, uint64_t *count, const Place &place) const;
  int read_members(const unsigned char *directory, uint64_t bytes, uint64_t count, const Place &place);

  InputFile file_;
  uint64_t directory_ = 0; ///< offset; members lie before it
  ZipMember *members_ = nullptr;
  size_t count_ = 0;
  char *names_ = nullptr;
};

/// Writes an archive member by member.
class ZipWriter {
public:
  explicit ZipWriter(bool deflate) : deflate_(deflate) {}
  ~ZipWriter();
  ZipWriter(const ZipWriter &) = delete;
  ZipWriter &operator=(const ZipWriter &) = delete;

  int open(const Place &place) { return file_.open(place); }
  /// A member of `size` bytes in all, given by calls of write().
  int begin_member(const char *name, uint64_t size, const Place &place);
  int write(const void *from, size_t bytes, const Place &place);
  int end_member(const Place &place);
  /// Writes the directory and puts the file in its place.
  int commit(const Place &place);

  /// Sizes and offsets from here on use zip64 fields; tests set it lower.
  uint64_t zip64_from = 0xffffffff;

private:
  int write_local_header(const ZipMember &member, const Place &place);
  int write_directory_entry(const ZipMember &member, const Place &place);
  int deflate_some(const void *from, size_t bytes, int flush, const Place &place);
  bool long_sizes(const ZipMember &member) const;

  OutputFile file_;
  bool deflate_, deflating_ = false;
  z_stream stream_ = {};
  ZipMember *members_ = nullptr;
  size_t count_ = 0, room_ = 0;
};

} // namespace overtime::detail
#endif
