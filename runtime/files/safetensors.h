// SPDX-License-Identifier: Apache-2.0
// The safetensors format, and the digest that Overtime adds to it.
//
// A file is: the length N of the header in 8 bytes, little-endian; N bytes of JSON, an object that gives for each array
// its dtype, shape and [begin, end) in the data, and under "__metadata__" texts by key; the data, without gaps.
// Overtime writes two texts: "overtime.format", "1", and "overtime.sha256", the digest of all of the file with zeros in
// place of its own 64 digits. Each of them demands the other, so that no damage to a key takes the check away. Files
// of other programs have neither.
#ifndef OVERTIME_RUNTIME_FILES_SAFETENSORS_H
#define OVERTIME_RUNTIME_FILES_SAFETENSORS_H

#include "runtime/files/elements.h"

namespace overtime::detail {

/// One line of a header. The name, the dtype and the shape are the header's.
struct SafetensorsEntry {
  const char *name, *dtype;
  size_t shape_at; ///< the first of its dimensions among those of all arrays
  int32_t rank;
  uint64_t begin, end; ///< of its elements, behind the header
};

constexpr uint64_t longest_safetensors_header = 100'000'000; // as other readers have it
constexpr const char *safetensors_metadata_key = "__metadata__", *format_key = "overtime.format", *format_version = "1",
                     *digest_key = "overtime.sha256";

/// What a header says.
class SafetensorsHeader {
public:
  SafetensorsHeader() = default;
  ~SafetensorsHeader();
  SafetensorsHeader(const SafetensorsHeader &) = delete;
  SafetensorsHeader &operator=(const SafetensorsHeader &) = delete;

  /// Takes over the text, which malloc gave, and decodes it in place: names and dtypes point into it.
  int parse(char *text, size_t bytes, const Place &place);

  size_t count() const { return count_; }
  const SafetensorsEntry &entry(size_t index) const { return entries_[index]; }
  const int64_t *shape(const SafetensorsEntry &entry) const { return dimensions_ + entry.shape_at; }
  /// The 64 digits of the digest; NULL when the file has none.
  const char *digest() const { return digest_; }
  size_t digest_at() const { return digest_at_; } ///< of its digits in the header

private:
  friend class SafetensorsParser;
  int add(const SafetensorsEntry &entry, const Place &place);
  int add_dimension(int64_t size, const Place &place);

  char *text_ = nullptr;
  SafetensorsEntry *entries_ = nullptr;
  int64_t *dimensions_ = nullptr;
  size_t count_ = 0, room_ = 0, dimension_count_ = 0, dimension_room_ = 0;
  const char *digest_ = nullptr;
  size_t digest_at_ = 0;
};

/// A file that is open for reading. All of its header is checked before anything is believed.
class SafetensorsFile {
public:
  int open(const Place &place);
  size_t count() const { return header_.count(); }
  const char *name(size_t index) const { return header_.entry(index).name; }
  int read(size_t index, overtime_host_array *array, const Place &place) const;

private:
  int check_layout(const Place &place) const;
  int check_sizes(const Place &place) const;
  int check_digest(const Place &place) const;

  InputFile file_;
  SafetensorsHeader header_;
  uint64_t data_ = 0; ///< where it begins
};

/// Writes a file with a digest; names are different and not empty.
int write_safetensors(const overtime_named_array *arrays, size_t count, const Place &place);

} // namespace overtime::detail
#endif
