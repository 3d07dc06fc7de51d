// SPDX-License-Identifier: Apache-2.0
// The object cache against damage, foreign files, killed writers and other processes.
#include "compiler/driver/Cache.h"
#include "tests/driver/program.h"

#include <fcntl.h>
#include <fstream>
#include <random>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace overtime::driver;
using namespace overtime::driver::test;
namespace fs = std::filesystem;

namespace {

std::string payload(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char &c : bytes)
    c = static_cast<char>(random());
  return bytes;
}

std::string contents(const std::string &path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

bool holds(const Cache &cache, const std::string &key, const std::string &expected) {
  auto found = cache.read(key);
  return found && found->getBuffer() == expected;
}

/// Flips a bit, cuts, zeroes a block, appends, or empties.
std::string damaged(std::string bytes, std::mt19937 &random) {
  std::size_t at = random() % bytes.size();
  switch (random() % 5) {
  case 0:
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    break;
  case 1:
    bytes.resize(at);
    break;
  case 2:
    for (std::size_t k = at; k < std::min(bytes.size(), at + 64); ++k)
      bytes[k] = 0;
    break;
  case 3:
    bytes.append(1 + random() % 100, '\0');
    break;
  default:
    std::swap(bytes[at], bytes[random() % bytes.size()]);
  }
  return bytes;
}

} // namespace

TEST_CASE("a key depends on every part and on their boundaries", "[driver][cache]") {
  CHECK(Cache::key({"ab", "c"}).size() == 64);
  CHECK(Cache::key({"ab", "c"}) == Cache::key({"ab", "c"}));
  CHECK(Cache::key({"ab", "c"}) != Cache::key({"a", "bc"}));
  CHECK(Cache::key({"ab", "c"}) != Cache::key({"abc"}));
  CHECK(Cache::key({"ab", "c"}) != Cache::key({"ab", "c", ""}));
}

TEST_CASE("what is written is read again, with safe permissions", "[driver][cache]") {
  ScratchFolder scratch;
  std::string note;
  Cache cache(scratch / "a/b", Cache::defaultLimit, &note);
  CHECK(note == "");
  std::string key = Cache::key({"one"}), bytes = payload(1, 5000);
  CHECK(cache.read(key, &note) == nullptr);
  CHECK(note == "");
  REQUIRE(cache.write(key, bytes, &note));
  CHECK(holds(cache, key, bytes));
  CHECK(holds(Cache(scratch / "a/b"), key, bytes));
  REQUIRE(cache.write(key, "", &note));
  CHECK(holds(cache, key, ""));
  struct stat info;
  REQUIRE(::stat(cache.folder().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  REQUIRE(::stat(cache.entryPath(key).c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("damaged entries are never believed and are healed", "[driver][cache]") {
  ScratchFolder scratch;
  Cache cache(scratch / "cache");
  std::mt19937 random(7);
  std::string key = Cache::key({"damage"}), bytes = payload(2, 700);
  REQUIRE(cache.write(key, bytes));
  const std::string entry = cache.entryPath(key), good = contents(entry);
  int believed = 0, left = 0, healed = 0, tried = 0;
  while (tried < 500) {
    std::string bad = damaged(good, random);
    if (bad == good)
      continue;
    ++tried;
    std::ofstream(entry, std::ios::binary | std::ios::trunc) << bad;
    std::string note;
    believed += cache.read(key, &note) != nullptr;
    left += fs::exists(entry) || note.empty();
    healed += cache.write(key, bytes) && holds(cache, key, bytes);
  }
  CHECK(believed == 0);
  CHECK(left == 0);
  CHECK(healed == tried);
}

TEST_CASE("an entry under another key is not believed", "[driver][cache]") {
  ScratchFolder scratch;
  Cache cache(scratch / "cache");
  std::string a = Cache::key({"a"}), b = Cache::key({"b"});
  REQUIRE(cache.write(a, "code of a"));
  fs::copy_file(cache.entryPath(a), cache.entryPath(b));
  CHECK(cache.read(b) == nullptr);
  CHECK_FALSE(fs::exists(cache.entryPath(b)));
  CHECK(cache.read("../../etc/passwd") == nullptr);
  CHECK_FALSE(cache.write("../x", "code"));
}

TEST_CASE("files that others could have made are deleted", "[driver][cache]") {
  ScratchFolder scratch;
  Cache cache(scratch / "cache");
  std::string key = Cache::key({"k"}), entry = cache.entryPath(key), note;
  REQUIRE(cache.write(key, "code"));
  SECTION("writable by others") {
    REQUIRE(::chmod(entry.c_str(), 0622) == 0);
    CHECK(cache.read(key, &note) == nullptr);
    CHECK_THAT(note, Catch::Contains("writable by other users"));
  }
  SECTION("a symbolic link to a good entry") {
    fs::rename(entry, scratch / "elsewhere");
    fs::create_symlink(scratch / "elsewhere", entry);
    CHECK(cache.read(key, &note) == nullptr);
    CHECK_THAT(note, Catch::Contains("symbolic link"));
    CHECK(fs::exists(scratch / "elsewhere"));
  }
  SECTION("a named pipe, which must not block either") {
    fs::remove(entry);
    REQUIRE(::mkfifo(entry.c_str(), 0600) == 0);
    CHECK(cache.read(key, &note) == nullptr);
  }
  CHECK_FALSE(fs::is_symlink(entry));
  CHECK_FALSE(fs::exists(entry));
}

TEST_CASE("a folder that others can write to is not used", "[driver][cache]") {
  ScratchFolder scratch;
  fs::create_directory(scratch / "open");
  REQUIRE(::chmod((scratch / "open").c_str(), 0777) == 0);
  std::string note;
  Cache open(scratch / "open", Cache::defaultLimit, &note);
  CHECK_THAT(note, Catch::Contains("writable by other users"));
  CHECK(open.folder() == "");
  CHECK_FALSE(open.write(Cache::key({"k"}), "code", &note));
  CHECK(open.read(Cache::key({"k"})) == nullptr);
  std::ofstream(scratch / "file") << "x";
  Cache file(scratch / "file", Cache::defaultLimit, &note);
  CHECK(file.folder() == "");
  Cache none("", Cache::defaultLimit, &note);
  CHECK_THAT(note, Catch::Contains("OVERTIME_CACHE_DIR"));
}

TEST_CASE("temporaries of killed writers go, those of live ones stay", "[driver][cache]") {
  ScratchFolder scratch;
  Cache(scratch / "cache");
  std::string dead = scratch / "cache/.tmp-1-0-dead", live = scratch / "cache/.tmp-2-0-live";
  std::ofstream(dead) << "half";
  int held = ::open(live.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
  REQUIRE(held >= 0);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  Cache again(scratch / "cache");
  CHECK_FALSE(fs::exists(dead));
  CHECK(fs::exists(live));
  timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
  REQUIRE(::futimens(held, old) == 0);
  Cache later(scratch / "cache");
  CHECK_FALSE(fs::exists(live)); // over an hour old: its writer hangs
  ::close(held);
}

TEST_CASE("the total size is bounded and the latest entries stay", "[driver][cache]") {
  ScratchFolder scratch;
  const std::uint64_t limit = 100'000;
  Cache cache(scratch / "cache", limit);
  std::ofstream(fs::path(scratch / "cache") / "mine.txt") << "not an entry";
  std::string last;
  for (unsigned k = 0; k < 60; ++k) {
    last = Cache::key({std::to_string(k)});
    REQUIRE(cache.write(last, payload(k, 5000)));
  }
  std::uintmax_t total = 0;
  for (const auto &item : fs::directory_iterator(scratch / "cache"))
    total += item.file_size();
  CHECK(total <= limit + limit / 16);
  CHECK(total > limit / 2);
  CHECK(holds(cache, last, payload(59, 5000)));
  CHECK(fs::exists(fs::path(scratch / "cache") / "mine.txt"));
  std::string note;
  CHECK_FALSE(cache.write(last, std::string(limit, 'x'), &note));
  CHECK_THAT(note, Catch::Contains("too many"));
}

TEST_CASE("eight processes share a folder", "[driver][cache]") {
  ScratchFolder scratch;
  std::vector<pid_t> children;
  for (unsigned process = 0; process < 8; ++process) {
    pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      int wrong = 0;
      for (unsigned round = 0; round < 25; ++round) {
        Cache cache(scratch / "cache");
        unsigned which = (process + round) % 5;
        std::string key = Cache::key({std::to_string(which)}), bytes = payload(which, 20000);
        auto found = cache.read(key);
        wrong += found && found->getBuffer() != bytes;
        wrong += !cache.write(key, bytes);
        wrong += !holds(cache, key, bytes);
      }
      ::_exit(wrong == 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(std::distance(fs::directory_iterator(scratch / "cache"), {}) == 5);
}

TEST_CASE("the folder follows the environment", "[driver][cache]") {
  struct Saved {
    explicit Saved(const char *name)
        : name(name), had(std::getenv(name) != nullptr), value(had ? std::getenv(name) : "") {}
    ~Saved() { had ? ::setenv(name, value.c_str(), 1) : ::unsetenv(name); }
    const char *name;
    bool had;
    std::string value;
  } own("OVERTIME_CACHE_DIR"), xdg("XDG_CACHE_HOME"), home("HOME");
  ::setenv("OVERTIME_CACHE_DIR", "/own", 1);
  ::setenv("XDG_CACHE_HOME", "/xdg", 1);
  ::setenv("HOME", "/home/me", 1);
  CHECK(Cache::defaultFolder() == "/own");
  ::unsetenv("OVERTIME_CACHE_DIR");
  CHECK(Cache::defaultFolder() == "/xdg/overtime");
  ::setenv("XDG_CACHE_HOME", "relative", 1);
  CHECK(Cache::defaultFolder() == "/home/me/.cache/overtime");
  ::unsetenv("HOME");
  CHECK(Cache::defaultFolder() == "");
}
