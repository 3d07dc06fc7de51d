// SPDX-License-Identifier: Apache-2.0
// Damaged archives are refused, or give exactly the arrays that were written.
#include "tests/runtime/files.h"

#include <cstring>
#include <numeric>
#include <random>

using namespace files;
using Catch::Matchers::Contains;

namespace {

using Random = std::mt19937_64;

std::size_t below(std::size_t n, Random &random) { return static_cast<std::size_t>(random() % n); }

/// One fault: a flipped bit, a cut, a zeroed block, a field of all ones, a block copied elsewhere.
std::string damaged(std::string bytes, Random &random) {
  std::size_t at = below(bytes.size(), random), length = std::min(1 + below(64, random), bytes.size() - at);
  switch (below(8, random)) {
  case 0:
    return bytes.substr(0, at);
  case 1:
    return bytes.substr(at);
  case 2:
    return bytes.erase(at, length);
  case 3:
    return bytes.replace(at, length, length, '\0');
  case 4:
    return bytes.replace(at, std::min<std::size_t>(length, 8), std::min<std::size_t>(length, 8), '\xff');
  case 5:
    return bytes.replace(at, length, bytes.substr(below(bytes.size(), random), length));
  default:
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8, random)));
    return bytes;
  }
}

void check_same_or_refused(const std::string &path, const Contents &whole) {
  Contents contents(path);
  for (const std::string &error : contents.errors)
    REQUIRE_THAT(error, Contains(path));
  REQUIRE((!contents.errors.empty() || contents.arrays.size() == whole.arrays.size()));
  for (const auto &[name, image] : contents.arrays) {
    INFO(name);
    auto original = whole.arrays.find(name);
    REQUIRE(original != whole.arrays.end());
    REQUIRE(image == original->second);
  }
}

/// A header of a .safetensors that lies: another digit, a word of another entry, a piece left out or said twice, with
/// the same length or another one, which the first 8 bytes may know or not.
std::string lying(std::string bytes, Random &random) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  std::string header = bytes.substr(8, length), data = bytes.substr(8 + length);
  const std::string digits = "0123456789", words[] = {"F32", "F64", "I64", "BOOL", "F16", "shape", "dtype", "[]", "{}"};
  std::size_t at = below(header.size(), random), size = std::min(1 + below(40, random), header.size() - at);
  switch (below(6, random)) {
  case 0:
    at = header.find_first_of(digits, at);
    if (at != std::string::npos)
      header[at] = digits[below(10, random)];
    break;
  case 1:
    header.replace(at, std::min<std::size_t>(size, 4), words[below(std::size(words), random)]);
    break;
  case 2:
    header.erase(at, size);
    break;
  case 3:
    header.insert(at, header.substr(below(header.size(), random), size));
    break;
  case 4:
    std::swap(header[at], header[below(header.size(), random)]);
    break;
  default: // all of one entry, or of the metadata
    at = header.find("\":{", at);
    if (std::size_t end = header.find("},\"", at); at != std::string::npos && end != std::string::npos)
      header.erase(at, end - at);
  }
  if (below(2, random))
    header.resize(std::max<std::size_t>(header.size(), length), ' ');
  if (below(4, random))
    length = header.size();
  bytes.assign(reinterpret_cast<const char *>(&length), sizeof length);
  return bytes + header + data;
}

/// States as a model would save them.
void write_states(const std::string &path) {
  std::vector<double> f8(60);
  std::iota(f8.begin(), f8.end(), -0.25);
  std::vector<float> f4(f8.begin(), f8.end());
  std::vector<std::uint8_t> b1(7, 1);
  const std::int64_t step = 123456789, matrix[] = {5, 12}, row[] = {7};
  const overtime_named_array arrays[] = {{"l1.Wi", OVERTIME_F32, 2, matrix, f4.data()},
                                         {"l1.state", OVERTIME_F64, 2, matrix, f8.data()},
                                         {"spike", OVERTIME_BOOL, 1, row, b1.data()},
                                         {"step", OVERTIME_I64, 0, nullptr, &step}};
  REQUIRE(overtime_archive_write(path.c_str(), arrays, std::size(arrays), 0, nullptr) == OVERTIME_OK);
}

constexpr int damaged_files = 2500; // of each of four files: 10,000

} // namespace

TEST_CASE("7,500 damaged .npz are refused or read the same") {
  Folder folder;
  Random random(20240229);
  int read_whole = 0;
  for (const char *name : {"stored.npz", "deflated.npz", "zip64.npz"}) {
    Contents whole(data(name));
    REQUIRE(whole.errors.empty());
    std::string bytes = read(data(name));
    for (int k = 0; k < damaged_files; ++k) {
      INFO(name << " mutation " << k);
      std::string path = folder / "a.npz";
      write(path, damaged(bytes, random));
      check_same_or_refused(path, whole);
      read_whole += Contents(path).errors.empty();
    }
  }
  CHECK(read_whole < 3750); // most faults are seen; the others hit dates and attributes
}

TEST_CASE("2,500 damaged .safetensors with a digest are refused as a whole, or read the same") {
  Folder folder;
  Random random(20240301);
  std::string path = folder / "a.safetensors";
  write_states(path);
  const std::string bytes = read(path);
  const Contents whole(path);
  int read_whole = 0;
  for (int k = 0; k < damaged_files; ++k) {
    std::string other = k % 2 ? lying(bytes, random) : damaged(bytes, random);
    INFO("mutation " << k);
    write(path, other);
    Contents contents(path);
    if (!contents.errors.empty()) {
      REQUIRE((contents.errors.size() == 1 && contents.arrays.empty()));
      REQUIRE_THAT(contents.errors[0], Contains(path));
      continue;
    }
    REQUIRE(contents.arrays == whole.arrays);
    read_whole += other != bytes; // one piece of metadata, with both of Overtime's keys, is left out
  }
  CHECK(read_whole <= 5);
}

TEST_CASE("every flipped bit of a .safetensors with a digest is refused") {
  Folder folder;
  std::string path = folder / "a.safetensors";
  write_states(path);
  const std::string bytes = read(path);
  for (std::size_t k = 0; k < 8 * bytes.size(); ++k) {
    std::string flipped = bytes;
    flipped[k / 8] = static_cast<char>(flipped[k / 8] ^ (1 << k % 8));
    INFO("bit " << k);
    write(path, flipped);
    Contents contents(path);
    REQUIRE((contents.errors.size() == 1 && contents.arrays.empty()));
  }
}

TEST_CASE("2,500 lying .safetensors without a digest are refused or hold all of their data once") {
  Folder folder;
  Random random(20240302);
  std::string path = folder / "a.safetensors";
  int refused = 0;
  for (const char *name : {"python.safetensors", "small.safetensors"}) {
    const std::string bytes = read(data(name));
    for (int k = 0; k < damaged_files / 2; ++k) {
      INFO(name << " mutation " << k);
      std::string other = lying(bytes, random);
      write(path, other);
      overtime_archive *archive = nullptr;
      overtime_message message = {};
      if (overtime_archive_open(path.c_str(), &archive, &message) != OVERTIME_OK) {
        REQUIRE_THAT(message.text, Contains(path));
        ++refused;
        continue;
      }
      std::uint64_t length = 0, held = 0;
      std::memcpy(&length, other.data(), sizeof length);
      bool all_read = true;
      for (std::size_t i = 0; i < overtime_archive_count(archive); ++i) {
        Array array;
        all_read &= overtime_archive_read(archive, i, &array, nullptr) == OVERTIME_OK;
        held += array.bytes;
      }
      if (all_read) // widened elements are more than they were
        CHECK(held >= other.size() - 8 - length);
      overtime_archive_close(archive);
    }
  }
  CHECK(refused > 1500);
}

TEST_CASE("every flipped bit of an archive is refused or changes nothing") {
  Folder folder;
  Contents whole(data("zip64.npz"));
  std::string bytes = read(data("zip64.npz")), path = folder / "a.npz";
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    std::string flipped = bytes;
    flipped[k] = static_cast<char>(flipped[k] ^ (1 << (k % 8)));
    INFO("byte " << k);
    write(path, flipped);
    check_same_or_refused(path, whole);
  }
}

TEST_CASE("damaged data is named with its file and member") {
  Folder folder;
  std::string bytes = read(data("stored.npz")), path = folder / "a.npz";
  bytes[bytes.find("\x93NUMPY") + 130] ^= 1; // within the numbers of f4
  write(path, bytes);
  Contents contents(path);
  REQUIRE(contents.errors.size() == 1);
  CHECK_THAT(contents.errors[0], Contains(path + ": member 'f4': the data is damaged: its CRC-32"));
}

TEST_CASE("a size that cannot be is refused before memory is asked for") {
  Folder folder;
  std::string bytes = read(data("deflated.npz")), path = folder / "a.npz";
  std::size_t entry = bytes.find("PK\x01\x02");
  std::uint32_t size = 0xfffffff0;
  std::memcpy(&bytes[entry + 24], &size, 4);
  write(path, bytes);
  Contents contents(path);
  REQUIRE(contents.errors.size() == 1);
  CHECK_THAT(contents.errors[0], Contains("4294967280 bytes cannot come out of"));
}

TEST_CASE("two arrays of one name are refused") {
  Folder folder;
  std::string bytes = read(data("zip64.npz")), path = folder / "a.npz";
  for (std::size_t at = 0; (at = bytes.find("f8.npy", at)) != std::string::npos;)
    bytes[at + 1] = '4';
  write(path, bytes);
  Contents contents(path);
  REQUIRE(contents.errors.size() == 1);
  CHECK_THAT(contents.errors[0], Contains("two arrays have the name 'f4'"));
}
