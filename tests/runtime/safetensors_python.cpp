// SPDX-License-Identifier: Apache-2.0
// Files written by the Python package safetensors (data/make.py) are read as it means them.
#include "tests/runtime/files.h"

#include <numeric>

using namespace files;
using Catch::Matchers::Contains;

namespace {

class File {
public:
  explicit File(const std::string &name) {
    overtime_message message = {};
    int status = overtime_archive_open(data(name).c_str(), &archive_, &message);
    INFO(message.text);
    REQUIRE(status == OVERTIME_OK);
  }
  ~File() { overtime_archive_close(archive_); }
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  int read(const std::string &name, Array &array, overtime_message &message) const {
    INFO(name);
    std::size_t index = 0;
    REQUIRE(overtime_archive_find(archive_, name.c_str(), &index) == OVERTIME_OK);
    return overtime_archive_read(archive_, index, &array, &message);
  }
  template <class T>
  std::vector<T> values(const std::string &name, std::int32_t dtype,
                        std::vector<std::int64_t> shape = {2, 3, 4}) const {
    Array array;
    overtime_message message = {};
    int status = read(name, array, message);
    INFO(message.text);
    REQUIRE(status == OVERTIME_OK);
    CHECK(array.dtype == dtype);
    CHECK(array.dimensions() == shape);
    return array.values<T>();
  }
  std::size_t count() const { return overtime_archive_count(archive_); }

private:
  overtime_archive *archive_ = nullptr;
};

std::vector<std::int64_t> from(std::int64_t first) {
  std::vector<std::int64_t> values(24);
  std::iota(values.begin(), values.end(), first);
  return values;
}

} // namespace

TEST_CASE("arrays of every type that safetensors and Overtime share are read") {
  File file("python.safetensors");
  CHECK(file.count() == 18);
  std::vector<float> f4(24);
  std::vector<double> f8(24);
  std::vector<std::uint8_t> b1(24);
  for (std::size_t k = 0; k < 24; ++k) {
    f4[k] = float(k) * 0.5f;
    f8[k] = double(k) / 3.0;
    b1[k] = k % 3 == 0;
  }
  CHECK(file.values<float>("f4", OVERTIME_F32) == f4);
  CHECK(file.values<double>("f8", OVERTIME_F64) == f8);
  CHECK(file.values<std::uint8_t>("b1", OVERTIME_BOOL) == b1);
  for (const char *name : {"i8", "i4", "i2", "i1"})
    CHECK(file.values<std::int64_t>(name, OVERTIME_I64) == from(-7));
  CHECK(file.values<std::int64_t>("u4", OVERTIME_I64) == from(4294967200));
  CHECK(file.values<std::int64_t>("u2", OVERTIME_I64) == from(65500));
  CHECK(file.values<std::int64_t>("u1", OVERTIME_I64) == from(200));
  CHECK(file.values<double>("scalar", OVERTIME_F64, {}) == std::vector<double>{2.5});
  CHECK(file.values<float>("empty", OVERTIME_F32, {0, 3}).empty());
  CHECK(file.values<float>("net/l1.h", OVERTIME_F32, {3}) == std::vector<float>{1, 1, 1});
  CHECK(file.values<float>("\xcf\x84 \"m\"\n\xf0\x9f\x98\x80", OVERTIME_F32, {1}) == std::vector<float>{1});
}

TEST_CASE("halves become the f32 that equal them") {
  File file("python.safetensors");
  CHECK(file.values<std::uint32_t>("f2", OVERTIME_F32, {8}) == halves);
  CHECK(file.values<std::uint32_t>("bf16", OVERTIME_F32, {8}) ==
        std::vector<std::uint32_t>{0x00000000, 0x80010000, 0x3f800000, 0xc0a00000, 0x7f7f0000, 0x7f800000, 0xffc10000,
                                   0x00800000});
}

TEST_CASE("arrays of other types are errors that name them, and the rest is read") {
  File file("python.safetensors");
  for (auto [name, dtype] : {std::pair{"u8", "U64"}, {"f8_e4m3", "F8_E4M3"}}) {
    Array array;
    overtime_message message = {};
    CHECK(file.read(name, array, message) == OVERTIME_BAD_FORMAT);
    CHECK(array.data == nullptr);
    CHECK_THAT(message.text, Contains("python.safetensors: member '" + std::string(name) + "': dtype '" + dtype +
                                      "' is not supported; expected F16 BF16 F32"));
  }
}

TEST_CASE("a file without metadata is read") {
  File file("small.safetensors");
  CHECK(file.values<float>("b", OVERTIME_F32, {2}) == std::vector<float>{1, 2});
}
