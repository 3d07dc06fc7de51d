// SPDX-License-Identifier: Apache-2.0
// Little-endian fields of zip records, and their signatures.
#ifndef OVERTIME_RUNTIME_FILES_ZIP_BYTES_H
#define OVERTIME_RUNTIME_FILES_ZIP_BYTES_H

#include <stdint.h>
#include <string.h>

namespace overtime::detail {

constexpr uint32_t local_signature = 0x04034b50, entry_signature = 0x02014b50, end_signature = 0x06054b50,
                   end64_signature = 0x06064b50, locator_signature = 0x07064b50;
constexpr uint32_t local_bytes = 30, entry_bytes = 46, end_bytes = 22, end64_bytes = 56, locator_bytes = 20;
constexpr uint16_t zip64_extra = 1;
constexpr uint16_t short_limit = 0xffff;    // in a 16-bit field: see the zip64 record
constexpr uint32_t word_limit = 0xffffffff; // the same in a 32-bit field

template <class T> T field(const unsigned char *at) {
  T value;
  memcpy(&value, at, sizeof value);
  return value;
}
inline uint16_t u16(const unsigned char *at) { return field<uint16_t>(at); }
inline uint32_t u32(const unsigned char *at) { return field<uint32_t>(at); }
inline uint64_t u64(const unsigned char *at) { return field<uint64_t>(at); }

/// A record being composed.
struct Record {
  unsigned char bytes[128];
  size_t size = 0;

  template <class T> Record &add(T value) {
    memcpy(bytes + size, &value, sizeof value);
    size += sizeof value;
    return *this;
  }
  Record &add16(uint64_t value) { return add(static_cast<uint16_t>(value)); }
  Record &add32(uint64_t value) { return add(static_cast<uint32_t>(value)); }
  Record &add64(uint64_t value) { return add(value); }
};

} // namespace overtime::detail
#endif
