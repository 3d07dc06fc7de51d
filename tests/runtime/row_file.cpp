// SPDX-License-Identifier: Apache-2.0
// Arrays that grow by rows: what is appended is read back, and nothing is left of what was not committed.
#include "runtime/files/row_file.h"
#include "runtime/abi.h"
#include "tests/runtime/files.h"

#include <vector>

using namespace files;
using Catch::Matchers::Contains;

namespace {

constexpr std::int64_t two = 2;
const overtime_named_array arrays[] = {{"i", OVERTIME_I64, 0, nullptr, nullptr}, {"V", OVERTIME_F32, 1, &two, nullptr}};

} // namespace

TEST_CASE("rows come back in the order in which they were appended", "[files]") {
  Folder folder;
  std::string path = folder / "a.npz";
  overtime_message message{};
  for (std::int64_t pieces : {0, 1, 1000}) { // the file of before is replaced
    overtime_row_file *file = nullptr;
    REQUIRE(overtime_row_file_open(path.c_str(), arrays, 2, &file, &message) == OVERTIME_OK);
    std::vector<std::int64_t> all;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      std::vector<std::int64_t> some;
      for (std::int64_t k = 0; k <= piece % 7; ++k)
        some.push_back(piece * 10 + k);
      std::vector<float> rows(2 * some.size(), static_cast<float>(piece));
      CHECK(overtime_row_file_append(file, 0, some.data(), std::ssize(some), &message) == OVERTIME_OK);
      CHECK(overtime_row_file_append(file, 1, rows.data(), std::ssize(some), &message) == OVERTIME_OK);
      all.insert(all.end(), some.begin(), some.end());
    }
    CHECK(overtime_row_file_rows(file, 0) == std::ssize(all));
    CHECK(overtime_row_file_commit(file, &message) == OVERTIME_OK);
    overtime_row_file_close(file);
    CHECK(folder.count() == 1);

    overtime_archive *archive = nullptr;
    REQUIRE(overtime_archive_open(path.c_str(), &archive, &message) == OVERTIME_OK);
    REQUIRE(overtime_archive_count(archive) == 2);
    std::size_t index = 0;
    overtime_host_array read{};
    REQUIRE(overtime_archive_find(archive, "i", &index) == OVERTIME_OK);
    REQUIRE(overtime_archive_read(archive, index, &read, &message) == OVERTIME_OK);
    CHECK(read.shape[0] == std::ssize(all));
    CHECK(std::vector<std::int64_t>(static_cast<std::int64_t *>(read.data),
                                    static_cast<std::int64_t *>(read.data) + read.elements) == all);
    overtime_host_array_free(&read);
    REQUIRE(overtime_archive_find(archive, "V", &index) == OVERTIME_OK);
    REQUIRE(overtime_archive_read(archive, index, &read, &message) == OVERTIME_OK);
    CHECK((read.rank == 2 && read.shape[0] == std::ssize(all) && read.shape[1] == 2));
    overtime_host_array_free(&read);
    overtime_archive_close(archive);
  }
}

TEST_CASE("one array that grows is a .npy, also beyond a block", "[files]") {
  Folder folder;
  std::string path = folder / "V.npy";
  overtime_message message{};
  overtime_row_file *file = nullptr;
  REQUIRE(overtime_row_file_open(path.c_str(), arrays + 1, 1, &file, &message) == OVERTIME_OK);
  std::vector<float> rows(200001 * 2);
  for (std::size_t k = 0; k < rows.size(); ++k)
    rows[k] = static_cast<float>(k);
  CHECK(overtime_row_file_append(file, 0, rows.data(), 200001, &message) == OVERTIME_OK);
  CHECK(overtime_row_file_commit(file, &message) == OVERTIME_OK);
  overtime_row_file_close(file);
  overtime_host_array read{};
  REQUIRE(overtime_npy_read(path.c_str(), &read, &message) == OVERTIME_OK);
  CHECK((read.shape[0] == 200001 && read.shape[1] == 2));
  CHECK(std::equal(rows.begin(), rows.end(), static_cast<float *>(read.data)));
  overtime_host_array_free(&read);
}

TEST_CASE("without a commit nothing is left, and what was there stays", "[files]") {
  Folder folder;
  std::string path = folder / "V.npy";
  overtime_message message{};
  for (bool commit : {true, false}) {
    overtime_row_file *file = nullptr;
    REQUIRE(overtime_row_file_open(path.c_str(), arrays + 1, 1, &file, &message) == OVERTIME_OK);
    const float row[] = {commit ? 1.0f : 2.0f, 3.0f};
    CHECK(overtime_row_file_append(file, 0, row, 1, &message) == OVERTIME_OK);
    if (commit)
      CHECK(overtime_row_file_commit(file, &message) == OVERTIME_OK);
    overtime_row_file_close(file);
    CHECK(folder.count() == 1);
  }
  overtime_host_array read{};
  REQUIRE(overtime_npy_read(path.c_str(), &read, &message) == OVERTIME_OK);
  CHECK(static_cast<float *>(read.data)[0] == 1.0f);
  overtime_host_array_free(&read);
}

TEST_CASE("files that cannot grow are refused", "[files]") {
  Folder folder;
  overtime_message message{};
  overtime_row_file *file = nullptr;
  CHECK(overtime_row_file_open((folder / "a.npy").c_str(), arrays, 2, &file, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("FILE.npz"));
  CHECK(overtime_row_file_open((folder / "a.txt").c_str(), arrays, 1, &file, &message) == OVERTIME_BAD_FORMAT);
  CHECK(overtime_row_file_open((folder / "none/a.npz").c_str(), arrays, 2, &file, &message) == OVERTIME_IO);
  CHECK_THAT(message.text, Contains("cannot write"));
  const overtime_named_array twice[] = {arrays[0], arrays[0]};
  CHECK(overtime_row_file_open((folder / "a.npz").c_str(), twice, 2, &file, &message) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(message.text, Contains("two arrays have the name 'i'"));
  CHECK(overtime_row_file_open(nullptr, arrays, 2, &file, &message) == OVERTIME_NULL_ARGUMENT);
  CHECK(overtime_row_file_append(nullptr, 0, nullptr, 1, &message) == OVERTIME_NULL_ARGUMENT);
  CHECK(overtime_row_file_commit(nullptr, &message) == OVERTIME_NULL_ARGUMENT);
  overtime_row_file_close(nullptr);
  CHECK(folder.count() == 0);
}
