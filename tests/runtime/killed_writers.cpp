// SPDX-License-Identifier: Apache-2.0
// Writers that are killed leave the last complete file, and what they leave beside it goes at the next write.
#include "tests/runtime/files.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace files;

namespace {

constexpr std::int64_t size = 20000;

/// A file whose numbers are all `value`.
int write_all(const std::string &path, double value) {
  std::vector<double> numbers(size, value);
  const overtime_named_array arrays[] = {{"first", OVERTIME_F64, 1, &size, numbers.data()},
                                         {"last", OVERTIME_F64, 0, nullptr, &value}};
  return overtime_archive_write(path.c_str(), arrays, 2, 0, nullptr);
}

/// Writes files until it is killed.
[[noreturn]] void write_for_ever(const std::string &path) {
  for (double value = 1;; ++value)
    if (write_all(path, value) != OVERTIME_OK)
      _exit(1);
}

void check_complete(const std::string &path) {
  Contents contents(path);
  REQUIRE(contents.errors.empty());
  REQUIRE(contents.arrays.size() == 2);
  const std::string first = contents.arrays["first"], last = contents.arrays["last"];
  REQUIRE(first.size() > size * sizeof(double));
  REQUIRE(first.substr(first.size() - sizeof(double)) == last.substr(last.size() - sizeof(double)));
}

/// OVERTIME_KILLED_WRITERS=1000 kills more of them.
int writers() {
  const char *text = std::getenv("OVERTIME_KILLED_WRITERS");
  return text ? std::atoi(text) : 60;
}

} // namespace

TEST_CASE("killed writers leave a complete file and no litter that lasts") {
  std::mt19937_64 random(7);
  std::size_t litter = 0;
  for (const char *name : {"a.npz", "a.safetensors"}) {
    Folder folder;
    std::string path = folder / name;
    REQUIRE(write_all(path, 0) == OVERTIME_OK);
    for (int k = 0; k < writers() / 2; ++k) {
      INFO(name << " writer " << k);
      pid_t child = fork();
      REQUIRE(child >= 0);
      if (child == 0)
        write_for_ever(path);
      usleep(static_cast<useconds_t>(random() % 20000));
      REQUIRE(kill(child, SIGKILL) == 0);
      int how = 0;
      REQUIRE(waitpid(child, &how, 0) == child);
      REQUIRE(WIFSIGNALED(how)); // it did not end by itself
      check_complete(path);
      litter += folder.count() - 1;
      REQUIRE(folder.count() <= 2); // the next writer has removed what the last one left
    }
    REQUIRE(write_all(path, 0) == OVERTIME_OK);
    CHECK(folder.count() == 1);
  }
  CHECK(litter > 0); // else this tests nothing
}

TEST_CASE("temporaries of writers that live, and other files of like names, stay") {
  Folder folder;
  std::string path = folder / "a.npz";
  const char *kept[] = {"a.npz.12-0.tmp", "b.npz.12-1.tmp", "a.npz.x-0.tmp", "a.npz.12-.tmp", "a.npz.12-0.tmp2"};
  for (const char *name : kept)
    write(folder / name, "mine");
  write(folder / "a.npz.12-1.tmp", "left behind");
  int live = open((folder / kept[0]).c_str(), O_RDWR);
  REQUIRE(live >= 0);
  REQUIRE(flock(live, LOCK_EX) == 0);
  REQUIRE(write_all(path, 1) == OVERTIME_OK);
  close(live);
  for (const char *name : kept)
    CHECK(std::filesystem::exists(folder / name));
  CHECK_FALSE(std::filesystem::exists(folder / "a.npz.12-1.tmp"));
}
