// SPDX-License-Identifier: Apache-2.0
// Damaged archives are refused, or give exactly the arrays that were written.
#include "tests/runtime/files.h"

#include <cstring>
#include <random>

using namespace files;
using Catch::Matchers::Contains;

namespace {

/// One fault: a flipped bit, a cut, a zeroed block, a field of all ones, a block copied elsewhere.
std::string damaged(std::string bytes, std::mt19937_64 &random) {
  auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::size_t at = below(bytes.size()), length = std::min<std::size_t>(1 + below(64), bytes.size() - at);
  switch (below(8)) {
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
    return bytes.replace(at, length, bytes.substr(below(bytes.size()), length));
  default:
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
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

} // namespace

TEST_CASE("3,000 damaged archives are refused or read the same") {
  Folder folder;
  std::mt19937_64 random(20240229);
  int read_whole = 0;
  for (const char *name : {"stored.npz", "deflated.npz", "zip64.npz"}) {
    Contents whole(data(name));
    REQUIRE(whole.errors.empty());
    std::string bytes = read(data(name));
    for (int k = 0; k < 1000; ++k) {
      INFO(name << " mutation " << k);
      std::string path = folder / "a.npz";
      write(path, damaged(bytes, random));
      check_same_or_refused(path, whole);
      read_whole += Contents(path).errors.empty();
    }
  }
  CHECK(read_whole < 1500); // most faults are seen; the others hit dates and attributes
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
