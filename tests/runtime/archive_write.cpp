// SPDX-License-Identifier: Apache-2.0
// What is written is read back, appears whole or not at all, and is the same for the same arrays.
#include "runtime/files/zip.h"
#include "tests/runtime/files.h"

#include <cstring>
#include <sys/stat.h>

using namespace files;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t grid[] = {2, 3}, none[] = {0, 4};
const float f4[] = {0, 1.5f, -2, 3e30f, 1e-40f, 7};
const double f8[] = {1.0 / 3};
const std::int64_t i8[] = {INT64_MIN, -1, 0, 1, 2, INT64_MAX};
const std::uint8_t b1[] = {1, 0, 0, 1, 1, 0};

const overtime_named_array items[] = {
    {"V", OVERTIME_F32, 2, grid, f4},          {"t", OVERTIME_F64, 0, nullptr, f8},
    {"net/l1.h", OVERTIME_I64, 2, grid, i8},   {"spike", OVERTIME_BOOL, 2, grid, b1},
    {"empty", OVERTIME_F32, 2, none, nullptr}, {"\xcf\x84", OVERTIME_F64, 0, nullptr, f8}};
constexpr std::size_t count = std::size(items);

/// A name and whether it is compressed.
constexpr std::pair<const char *, int> formats[] = {{"a.npz", 0}, {"a.npz", 1}, {"a.safetensors", 0}};

std::string image(const overtime_named_array &item) {
  std::string text = std::to_string(item.dtype);
  std::size_t elements = 1;
  for (int k = 0; k < item.rank; ++k) {
    text += " " + std::to_string(item.shape[k]);
    elements *= static_cast<std::size_t>(item.shape[k]);
  }
  text += "\n";
  return elements == 0 ? text
                       : text.append(static_cast<const char *>(item.data), elements * overtime_dtype_size(item.dtype));
}

void check_contents(const std::string &path) {
  Contents contents(path);
  CHECK(contents.errors.empty());
  REQUIRE(contents.arrays.size() == count);
  for (const overtime_named_array &item : items)
    CHECK(contents.arrays[item.name] == image(item));
}

} // namespace

TEST_CASE("an archive comes back as it was written, in every format") {
  for (auto [name, compress] : formats) {
    Folder folder;
    std::string path = folder / name;
    overtime_message message = {};
    int status = overtime_archive_write(path.c_str(), items, count, compress, &message);
    INFO(message.text);
    REQUIRE(status == OVERTIME_OK);
    check_contents(path);
    std::string bytes = read(path);
    REQUIRE(overtime_archive_write(path.c_str(), items, count, compress, nullptr) == OVERTIME_OK);
    CHECK(read(path) == bytes);
    CHECK(folder.count() == 1);
    struct stat about;
    REQUIRE(stat(path.c_str(), &about) == 0);
    mode_t mask = umask(0);
    umask(mask);
    CHECK((about.st_mode & 0777) == (0644 & ~mask));
  }
}

TEST_CASE("large deflated arrays come back") {
  Folder folder;
  std::vector<double> numbers(300000);
  for (std::size_t k = 0; k < numbers.size(); ++k)
    numbers[k] = double(k * 2654435761u % 1000) / 7;
  std::int64_t shape[] = {static_cast<std::int64_t>(numbers.size())};
  overtime_named_array item = {"x", OVERTIME_F64, 1, shape, numbers.data()};
  REQUIRE(overtime_archive_write((folder / "a.npz").c_str(), &item, 1, 1, nullptr) == OVERTIME_OK);
  Contents contents(folder / "a.npz");
  CHECK(contents.arrays["x"] == image(item));
}

TEST_CASE("zip64 fields are written when sizes need them") {
  using namespace overtime::detail;
  for (bool deflate : {false, true}) {
    Folder folder;
    std::string path = folder / "a.npz";
    Place place{path.c_str(), nullptr};
    ZipWriter zip(deflate);
    zip.zip64_from = 100;
    REQUIRE(zip.open(place) == OVERTIME_OK);
    std::string bytes = read(data("plain.npy"));
    for (const char *name : {"a.npy", "b.npy"}) {
      REQUIRE(zip.begin_member(name, bytes.size(), place) == OVERTIME_OK);
      REQUIRE(zip.write(bytes.data(), 200, place) == OVERTIME_OK);
      REQUIRE(zip.write(bytes.data() + 200, bytes.size() - 200, place) == OVERTIME_OK);
      REQUIRE(zip.end_member(place) == OVERTIME_OK);
    }
    REQUIRE(zip.commit(place) == OVERTIME_OK);
    CHECK(read(path).find("PK\x06\x06") != std::string::npos);
    Contents contents(path);
    CHECK(contents.errors.empty());
    CHECK(contents.arrays.size() == 2);
    CHECK(contents.arrays["a"] == contents.arrays["b"]);
  }
}

TEST_CASE("an empty archive is one") {
  for (auto [name, compress] : formats) {
    Folder folder;
    REQUIRE(overtime_archive_write((folder / name).c_str(), nullptr, 0, compress, nullptr) == OVERTIME_OK);
    Contents contents(folder / name);
    CHECK((contents.errors.empty() && contents.arrays.empty()));
  }
}

TEST_CASE("a .npy comes back as it was written") {
  Folder folder;
  for (const overtime_named_array &item : items) {
    REQUIRE(overtime_npy_write((folder / "a.npy").c_str(), &item, nullptr) == OVERTIME_OK);
    Array array;
    REQUIRE(overtime_npy_read((folder / "a.npy").c_str(), &array, nullptr) == OVERTIME_OK);
    CHECK(array.image() == image(item));
  }
  REQUIRE(overtime_npy_write((folder / "a.npy").c_str(), items, nullptr) == OVERTIME_OK);
  CHECK(read(folder / "a.npy").size() == 128 + sizeof f4);
}

TEST_CASE("a write that fails leaves the old file and nothing else") {
  overtime_message message = {};
  for (std::string name : {"a.npz", "a.safetensors"}) {
    Folder folder;
    std::string path = folder / name;
    write(path, "old");
    overtime_named_array bad[] = {items[0], items[1]};
    auto status = [&] { return overtime_archive_write(path.c_str(), bad, 2, 0, &message); };
    bad[1].dtype = 99;
    CHECK(status() == OVERTIME_BAD_FORMAT);
    CHECK_THAT(message.text, Contains(name + ": member 't': dtype 99"));
    bad[1] = items[0];
    CHECK(status() == OVERTIME_BAD_FORMAT);
    CHECK_THAT(message.text, Contains("two arrays have the name 'V'"));
    bad[1].name = "";
    CHECK(status() == OVERTIME_NULL_ARGUMENT);
    bad[1] = items[0];
    bad[1].name = "W";
    bad[1].data = nullptr;
    CHECK(status() == OVERTIME_NULL_ARGUMENT);
    CHECK(read(path) == "old");
    CHECK(folder.count() == 1);
    CHECK(overtime_archive_write((folder / ("no/" + name)).c_str(), items, 1, 0, &message) == OVERTIME_IO);
    CHECK_THAT(message.text, Contains("cannot write: No such file or directory"));
  }
  Folder folder;
  CHECK(overtime_npy_write((folder / ".").c_str(), items, &message) == OVERTIME_IO);
  CHECK_THAT(message.text, Contains("not a regular file"));
  CHECK(overtime_archive_write((folder / "a.pt").c_str(), items, 1, 0, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("a.pt: a file of named arrays is called FILE.npz or FILE.safetensors"));
}
