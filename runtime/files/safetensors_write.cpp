// SPDX-License-Identifier: Apache-2.0
// Writes safetensors files with a digest, each array on a boundary of its element's size.
#include "runtime/files/safetensors.h"

#include "runtime/abi.h"
#include "runtime/files/json_string.h"
#include "runtime/files/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace overtime::detail {
namespace {

const char *name_of(int32_t dtype) {
  switch (dtype) {
  case OVERTIME_F32:
    return "F32";
  case OVERTIME_F64:
    return "F64";
  case OVERTIME_I64:
    return "I64";
  case OVERTIME_I32:
    return "I32";
  case OVERTIME_U16:
    return "U16";
  default:
    return "BOOL";
  }
}

/// Large elements first: gaps are not allowed, and so every array is aligned all the same. Then by name, so that the
/// same arrays give the same bytes.
int compare_order(const void *a, const void *b) {
  auto *one = *static_cast<const overtime_named_array *const *>(a);
  auto *other = *static_cast<const overtime_named_array *const *>(b);
  size_t size = overtime_dtype_size(one->dtype), other_size = overtime_dtype_size(other->dtype);
  return size != other_size ? (size > other_size ? -1 : 1) : strcmp(one->name, other->name);
}

class Writer {
public:
  Writer(const overtime_named_array *arrays, size_t count, const Place &place)
      : arrays_(arrays), count_(count), place_(place) {}
  ~Writer() {
    free(sorted_);
    free(header_);
  }
  Writer(const Writer &) = delete;
  Writer &operator=(const Writer &) = delete;

  int write();

private:
  Place about(const overtime_named_array &array) const { return {place_.path, place_.message, array.name}; }
  int check_and_sort();
  /// The bytes of the header, written to `to` unless it is NULL.
  size_t compose(char *to);
  int make_header();
  int append(OutputFile *file, const void *from, size_t bytes);

  const overtime_named_array *arrays_;
  size_t count_;
  const Place &place_;
  const overtime_named_array **sorted_ = nullptr;
  char *header_ = nullptr;
  size_t header_bytes_ = 0, digits_at_ = 0;
  Sha256 sum_;
};

int Writer::check_and_sort() {
  size_t room = (count_ + 1) * sizeof(overtime_named_array *);
  sorted_ = static_cast<const overtime_named_array **>(malloc(room));
  if (!sorted_)
    return place_.fail_no_memory(room);
  for (size_t k = 0; k < count_; ++k) {
    uint64_t bytes = 0;
    if (int status = check_array(arrays_[k], &bytes, about(arrays_[k])))
      return status;
    if (!is_utf8(arrays_[k].name, strlen(arrays_[k].name)) || strcmp(arrays_[k].name, safetensors_metadata_key) == 0)
      return about(arrays_[k])
          .fail(OVERTIME_BAD_FORMAT, "no array of a safetensors file can have this name; expected "
                                     "UTF-8, and not '__metadata__'");
    sorted_[k] = &arrays_[k];
  }
  qsort(sorted_, count_, sizeof *sorted_, compare_order);
  return OVERTIME_OK;
}

size_t Writer::compose(char *to) {
  size_t bytes = 0;
  auto put = [&](const char *text) {
    size_t length = strlen(text);
    if (to)
      memcpy(to + bytes, text, length);
    bytes += length;
  };
  auto put_number = [&](uint64_t n) {
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", static_cast<unsigned long long>(n));
    put(digits);
  };
  put("{\"__metadata__\":{\""), put(format_key), put("\":\""), put(format_version);
  put("\",\""), put(digest_key), put("\":\"");
  digits_at_ = bytes;
  for (size_t k = 0; k < Sha256::hex_digits; ++k)
    put("0");
  put("\"}");
  uint64_t begin = 0;
  for (size_t k = 0; k < count_; ++k) {
    const overtime_named_array &array = *sorted_[k];
    uint64_t size = 0;
    check_array(array, &size, place_);
    put(",");
    bytes += encode_json_string(array.name, to ? to + bytes : nullptr);
    put(":{\"dtype\":\""), put(name_of(array.dtype)), put("\",\"shape\":[");
    for (int32_t d = 0; d < array.rank; ++d)
      put(d == 0 ? "" : ","), put_number(static_cast<uint64_t>(array.shape[d]));
    put("],\"data_offsets\":["), put_number(begin), put(","), put_number(begin + size), put("]}");
    begin += size;
  }
  put("}");
  while ((8 + bytes) % OVERTIME_ALIGNMENT != 0)
    put(" ");
  return bytes;
}

int Writer::make_header() {
  header_bytes_ = compose(nullptr);
  if (header_bytes_ > longest_safetensors_header)
    return place_.fail(OVERTIME_BAD_FORMAT, "the names of the arrays make a header of %zu bytes; readers take %llu",
                       header_bytes_, static_cast<unsigned long long>(longest_safetensors_header));
  header_ = static_cast<char *>(malloc(header_bytes_));
  if (!header_)
    return place_.fail_no_memory(header_bytes_);
  compose(header_);
  return OVERTIME_OK;
}

int Writer::append(OutputFile *file, const void *from, size_t bytes) {
  sum_.add(from, bytes);
  return file->append(from, bytes, place_);
}

int Writer::write() {
  int status = check_and_sort();
  if (!status)
    status = make_header();
  if (status)
    return status;
  OutputFile file;
  uint64_t length = header_bytes_;
  status = file.open(place_);
  if (!status)
    status = append(&file, &length, sizeof length);
  if (!status)
    status = append(&file, header_, header_bytes_);
  for (size_t k = 0; k < count_ && !status; ++k) {
    uint64_t bytes = 0;
    check_array(*sorted_[k], &bytes, place_);
    status = append(&file, sorted_[k]->data, bytes);
  }
  if (status)
    return status;
  char digits[Sha256::hex_digits];
  sum_.finish(digits);
  status = file.write_at(sizeof length + digits_at_, digits, sizeof digits, place_);
  return status ? status : file.commit(place_);
}

} // namespace

int write_safetensors(const overtime_named_array *arrays, size_t count, const Place &place) {
  return Writer(arrays, count, place).write();
}

} // namespace overtime::detail
