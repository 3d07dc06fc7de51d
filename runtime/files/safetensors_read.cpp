// SPDX-License-Identifier: Apache-2.0
// Opens safetensors files and reads their arrays.
#include "runtime/files/safetensors.h"

#include "runtime/abi.h"
#include "runtime/files/sha256.h"

#include <stdlib.h>
#include <string.h>

namespace overtime::detail {
namespace {

constexpr size_t length_bytes = 8; // before the header

struct Dtype {
  const char *name;
  uint32_t bits;
  StoredElement element; ///< dtype -1: not read
};

constexpr Dtype dtypes[] = {{"F32", 32, {'f', 4, OVERTIME_F32}}, {"F64", 64, {'f', 8, OVERTIME_F64}},
                            {"F16", 16, {'f', 2, OVERTIME_F32}}, {"BF16", 16, {'g', 2, OVERTIME_F32}},
                            {"I64", 64, {'i', 8, OVERTIME_I64}}, {"I32", 32, {'i', 4, OVERTIME_I64}},
                            {"I16", 16, {'i', 2, OVERTIME_I64}}, {"I8", 8, {'i', 1, OVERTIME_I64}},
                            {"U32", 32, {'u', 4, OVERTIME_I64}}, {"U16", 16, {'u', 2, OVERTIME_I64}},
                            {"U8", 8, {'u', 1, OVERTIME_I64}},   {"BOOL", 8, {'b', 1, OVERTIME_BOOL}},
                            {"U64", 64, {'u', 8, -1}},           {"C64", 64, {'c', 8, -1}},
                            {"F8_E4M3", 8, {'f', 1, -1}},        {"F8_E5M2", 8, {'f', 1, -1}},
                            {"F8_E8M0", 8, {'f', 1, -1}}};

/// NULL for one that is newer than this code; its arrays are not read either.
const Dtype *find_dtype(const char *name) {
  for (const Dtype &dtype : dtypes)
    if (strcmp(dtype.name, name) == 0)
      return &dtype;
  return nullptr;
}

unsigned long long printable(uint64_t n) { return n; }

/// Where an array lies; where two begin at the same place, all but one are empty.
int compare_places(const void *a, const void *b) {
  auto *one = *static_cast<const SafetensorsEntry *const *>(a),
       *other = *static_cast<const SafetensorsEntry *const *>(b);
  if (one->begin != other->begin)
    return one->begin < other->begin ? -1 : 1;
  return one->end < other->end ? -1 : one->end > other->end;
}

} // namespace

int SafetensorsFile::open(const Place &place) {
  if (int status = file_.open(place))
    return status;
  if (file_.size() < length_bytes)
    return place.fail(OVERTIME_BAD_FORMAT, "not a safetensors file: only %llu bytes long", printable(file_.size()));
  uint64_t bytes = 0;
  if (int status = file_.read_at(0, &bytes, length_bytes, place))
    return status;
  if (bytes > longest_safetensors_header || bytes > file_.size() - length_bytes)
    return place.fail(OVERTIME_BAD_FORMAT,
                      "not a safetensors file, or its end is missing: its first 8 bytes claim a header of %llu bytes",
                      printable(bytes));
  data_ = length_bytes + bytes;
  char *text = static_cast<char *>(malloc(bytes + 1)); // never of no bytes, which may give NULL
  if (!text)
    return place.fail_no_memory(bytes);
  int status = file_.read_at(length_bytes, text, bytes, place);
  if (status)
    free(text);
  else
    status = header_.parse(text, bytes, place);
  if (!status)
    status = check_layout(place);
  if (!status)
    status = check_sizes(place);
  return status ? status : check_digest(place);
}

/// The arrays lie one behind the other, from the first byte of the data to the last.
int SafetensorsFile::check_layout(const Place &place) const {
  size_t room = (count() + 1) * sizeof(SafetensorsEntry *);
  auto **sorted = static_cast<const SafetensorsEntry **>(malloc(room));
  if (!sorted)
    return place.fail_no_memory(room);
  for (size_t k = 0; k < count(); ++k)
    sorted[k] = &header_.entry(k);
  qsort(sorted, count(), sizeof *sorted, compare_places);
  uint64_t at = 0;
  int status = OVERTIME_OK;
  for (size_t k = 0; k < count() && !status; ++k) {
    if (sorted[k]->begin != at)
      status = Place{place.path, place.message, sorted[k]->name}.fail(
          OVERTIME_BAD_FORMAT, "the safetensors header is damaged: it begins at byte %llu of the data, expected %llu",
          printable(sorted[k]->begin), printable(at));
    at = sorted[k]->end;
  }
  free(sorted);
  uint64_t data_bytes = file_.size() - data_;
  if (!status && at != data_bytes)
    status = place.fail(OVERTIME_BAD_FORMAT, "its arrays have %llu bytes of data, the file holds %llu", printable(at),
                        printable(data_bytes));
  return status;
}

int SafetensorsFile::check_sizes(const Place &place) const {
  for (size_t k = 0; k < count(); ++k) {
    const SafetensorsEntry &entry = header_.entry(k);
    const Dtype *dtype = find_dtype(entry.dtype);
    Place about{place.path, place.message, entry.name};
    int64_t elements = 0;
    if (!count_elements(entry.rank, header_.shape(entry), &elements))
      return about.fail(OVERTIME_BAD_FORMAT, "the shape has more elements than any memory holds");
    uint64_t bytes = entry.end - entry.begin,
             expected = dtype ? static_cast<uint64_t>(elements) * (dtype->bits / 8) : 0;
    if (dtype && bytes != expected)
      return about.fail(OVERTIME_BAD_FORMAT, "its dtype and shape ask for %llu bytes of elements, its offsets for %llu",
                        printable(expected), printable(bytes));
  }
  return OVERTIME_OK;
}

int SafetensorsFile::check_digest(const Place &place) const {
  if (!header_.digest())
    return OVERTIME_OK;
  constexpr size_t block = 1 << 20;
  char *bytes = static_cast<char *>(malloc(block));
  if (!bytes)
    return place.fail_no_memory(block);
  Sha256 sum;
  uint64_t digits = length_bytes + header_.digest_at(), digits_end = digits + Sha256::hex_digits;
  int status = OVERTIME_OK;
  for (uint64_t at = 0; at < file_.size() && !status;) {
    size_t size = file_.size() - at < block ? static_cast<size_t>(file_.size() - at) : block;
    status = file_.read_at(at, bytes, size, place);
    uint64_t from = at > digits ? at : digits, to = at + size < digits_end ? at + size : digits_end;
    if (from < to)
      memset(bytes + (from - at), '0', static_cast<size_t>(to - from));
    sum.add(bytes, size);
    at += size;
  }
  free(bytes);
  char found[Sha256::hex_digits];
  sum.finish(found);
  if (!status && memcmp(found, header_.digest(), sizeof found) != 0)
    status = place.fail(OVERTIME_BAD_FORMAT, "the file is damaged: its SHA-256 is %.16s..., its metadata says %.16s...",
                        found, header_.digest());
  return status;
}

int SafetensorsFile::read(size_t index, overtime_host_array *array, const Place &place) const {
  const SafetensorsEntry &entry = header_.entry(index);
  const Dtype *dtype = find_dtype(entry.dtype);
  if (!dtype || dtype->element.dtype < 0)
    return place.fail(OVERTIME_BAD_FORMAT,
                      "dtype '%.20s' is not supported; expected F16 BF16 F32 F64 I8 I16 I32 I64 U8 U16 U32 or BOOL "
                      "(convert before saving)",
                      entry.dtype);
  ByteReader reader;
  reader.open_stored(file_, data_ + entry.begin, entry.end - entry.begin);
  return read_elements(reader, dtype->element, entry.rank, header_.shape(entry), array, place);
}

} // namespace overtime::detail
