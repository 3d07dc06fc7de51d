// SPDX-License-Identifier: Apache-2.0
// Files written by NumPy (data/make.py) are read as NumPy means them.
#include "tests/runtime/files.h"

#include <functional>

using namespace files;
using Catch::Matchers::Contains;

namespace {

template <class T> std::vector<T> grid(const std::function<T(int)> &f) {
  std::vector<T> values;
  for (int k = 0; k < 24; ++k)
    values.push_back(f(k));
  return values;
}

class Archive {
public:
  explicit Archive(const std::string &name) {
    overtime_message message = {};
    int status = overtime_archive_open(data(name).c_str(), &archive_, &message);
    INFO(message.text);
    REQUIRE(status == OVERTIME_OK);
  }
  ~Archive() { overtime_archive_close(archive_); }

  void read(const std::string &name, Array &array) const {
    std::size_t index = 0;
    REQUIRE(overtime_archive_find(archive_, name.c_str(), &index) == OVERTIME_OK);
    overtime_message message = {};
    int status = overtime_archive_read(archive_, index, &array, &message);
    INFO(message.text);
    REQUIRE(status == OVERTIME_OK);
  }
  void check_integers(const std::string &name, std::int64_t first) const {
    Array array;
    read(name, array);
    CHECK(array.dtype == OVERTIME_I64);
    CHECK(array.values<std::int64_t>() == grid<std::int64_t>([=](int k) { return first + k; }));
  }
  overtime_archive *get() const { return archive_; }

private:
  overtime_archive *archive_ = nullptr;
};

void check_all(const Archive &archive) {
  CHECK(overtime_archive_count(archive.get()) == 14);
  auto thirds = grid<double>([](int k) { return k / 3.0; });
  Array f4, f8, b1, fortran, scalar, empty, nested;
  archive.read("f4", f4);
  CHECK(f4.dtype == OVERTIME_F32);
  CHECK(f4.dimensions() == std::vector<std::int64_t>{2, 3, 4});
  CHECK(f4.values<float>() == grid<float>([](int k) { return float(k) * 0.5f; }));
  archive.read("f8", f8);
  CHECK(f8.values<double>() == thirds);
  archive.read("fortran", fortran);
  CHECK(fortran.values<double>() == thirds);
  archive.read("b1", b1);
  CHECK(b1.dtype == OVERTIME_BOOL);
  CHECK(b1.values<std::uint8_t>() == grid<std::uint8_t>([](int k) { return std::uint8_t(k % 3 == 0); }));
  for (const char *name : {"i8", "i4", "i2", "i1"})
    archive.check_integers(name, -7);
  archive.check_integers("u4", 4294967200);
  archive.check_integers("u2", 65500);
  archive.check_integers("u1", 200);
  archive.read("scalar", scalar);
  CHECK(scalar.rank == 0);
  CHECK(scalar.values<double>() == std::vector<double>{2.5});
  archive.read("empty", empty);
  CHECK(empty.dimensions() == std::vector<std::int64_t>{0, 3});
  archive.read("net/l1.h", nested);
  CHECK(nested.values<float>() == std::vector<float>{1, 1, 1});
}

} // namespace

TEST_CASE("stored archives of NumPy are read") { check_all(Archive("stored.npz")); }

TEST_CASE("deflated archives of NumPy are read") { check_all(Archive("deflated.npz")); }

TEST_CASE("zip64 archives are read") {
  Archive archive("zip64.npz");
  Array f4, f8;
  archive.read("f4", f4);
  archive.read("f8", f8);
  CHECK(f4.values<float>()[23] == 11.5f);
  CHECK(f8.values<double>()[23] == 23 / 3.0);
}

TEST_CASE(".npy files of every version are read") {
  for (const char *name : {"plain.npy", "version2.npy", "version3.npy"}) {
    Array array;
    overtime_message message = {};
    int status = overtime_npy_read(data(name).c_str(), &array, &message);
    INFO(message.text);
    REQUIRE(status == OVERTIME_OK);
    CHECK(array.dimensions() == std::vector<std::int64_t>{2, 3, 4});
  }
}

TEST_CASE("halves of a .npy are read as f32") {
  Array array;
  REQUIRE(overtime_npy_read(data("halves.npy").c_str(), &array, nullptr) == OVERTIME_OK);
  CHECK(array.dtype == OVERTIME_F32);
  CHECK(array.values<std::uint32_t>() == halves);
}

TEST_CASE("what cannot be read says why and what to do") {
  overtime_message message = {};
  Array array;
  CHECK(overtime_npy_read(data("big_endian.npy").c_str(), &array, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("big_endian.npy: dtype '>f8' is big-endian; save it with .astype('<f8')"));
  CHECK(overtime_npy_read(data("structured.npy").c_str(), &array, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("structured dtype"));
  CHECK(overtime_npy_read(data("none.npy").c_str(), &array, &message) == OVERTIME_IO);
  CHECK_THAT(message.text, Contains("none.npy: cannot open: No such file"));
  CHECK(overtime_npy_read(OVERTIME_TEST_DATA, &array, &message) == OVERTIME_IO);
  CHECK_THAT(message.text, Contains("not a regular file"));
  CHECK(overtime_npy_read(data("stored.npz").c_str(), &array, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("not a .npy array"));
  overtime_archive *archive = nullptr;
  CHECK(overtime_archive_open(data("plain.npy").c_str(), &archive, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("plain.npy: a file of named arrays is called FILE.npz or FILE.safetensors"));
  Folder folder;
  std::filesystem::copy_file(data("plain.npy"), folder / "plain.npz");
  CHECK(overtime_archive_open((folder / "plain.npz").c_str(), &archive, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("plain.npz: not a .npz archive"));
  CHECK(archive == nullptr);
  CHECK(overtime_archive_open(nullptr, &archive, nullptr) == OVERTIME_NULL_ARGUMENT);
}

TEST_CASE("unknown arrays of an archive are not found") {
  Archive archive("stored.npz");
  std::size_t index = 0;
  CHECK(overtime_archive_find(archive.get(), "f5", &index) == OVERTIME_NOT_FOUND);
  CHECK(overtime_archive_name(archive.get(), 14) == nullptr);
  Array array;
  overtime_message message = {};
  CHECK(overtime_archive_read(archive.get(), 14, &array, &message) == OVERTIME_NOT_FOUND);
}
