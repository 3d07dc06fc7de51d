// SPDX-License-Identifier: Apache-2.0
// A folder that vanishes after a test, whole files as bytes, and checksums of an archive's arrays.
#pragma once

#include "runtime/abi.h"
#include "runtime/files/archive.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace files {

class Folder {
public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "overtime-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()));
    path_ = path;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  std::string operator/(const std::string &name) const { return (path_ / name).string(); }
  std::size_t count() const {
    auto entries = std::filesystem::directory_iterator(path_);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

private:
  std::filesystem::path path_;
};

inline std::string data(const std::string &name) { return std::string(OVERTIME_TEST_DATA) + "/" + name; }

inline std::string read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write(const std::string &path, const std::string &bytes) {
  std::filesystem::remove(path); // ext4 flushes a file that is cut to nothing and written again: slow for thousands
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  REQUIRE(file);
}

/// The f32 that equal the halves of data/make.py, as bits: 0, -2^-24, 1023 * 2^-24, 1, -4.8203125, 65504, infinity and
/// a NaN with its payload.
inline const std::vector<std::uint32_t> halves = {0x00000000, 0xb3800000, 0x387fc000, 0x3f800000,
                                                  0xc09a4000, 0x477fe000, 0x7f800000, 0x7fc02000};

/// An array that frees itself.
struct Array : overtime_host_array {
  Array() : overtime_host_array() {}
  ~Array() { overtime_host_array_free(this); }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;

  std::vector<std::int64_t> dimensions() const { return {shape, shape + rank}; }
  template <class T> std::vector<T> values() const {
    return {static_cast<const T *>(data), static_cast<const T *>(data) + elements};
  }
  /// dtype, shape and elements as bytes.
  std::string image() const {
    std::string text = std::to_string(dtype);
    for (std::int64_t d : dimensions())
      text += " " + std::to_string(d);
    return text + "\n" + std::string(static_cast<const char *>(data), bytes);
  }
};

/// What can be read of an archive, array by array; the rest is in `errors`.
struct Contents {
  std::map<std::string, std::string> arrays;
  std::vector<std::string> errors;

  explicit Contents(const std::string &path) {
    overtime_archive *archive = nullptr;
    overtime_message message = {};
    if (overtime_archive_open(path.c_str(), &archive, &message) != OVERTIME_OK)
      errors.push_back(message.text);
    for (std::size_t k = 0; k < overtime_archive_count(archive); ++k) {
      Array array;
      if (overtime_archive_read(archive, k, &array, &message) == OVERTIME_OK)
        arrays[overtime_archive_name(archive, k)] = array.image();
      else
        errors.push_back(message.text);
    }
    overtime_archive_close(archive);
  }
};

} // namespace files
