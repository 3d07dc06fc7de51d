// SPDX-License-Identifier: Apache-2.0
// Folder work of the object cache with POSIX calls, since flags, owners and locks are the point.
#include "compiler/driver/CacheFolder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr std::time_t staleAfterSeconds = 3600;

/// Names in a folder that a predicate accepts. A folder that cannot be read has none.
std::vector<std::string> namesIn(const std::string &folder, function_ref<bool(StringRef)> accepts) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR *)> open(::opendir(folder.c_str()), &::closedir);
  if (!open)
    return names;
  while (const dirent *item = ::readdir(open.get()))
    if (accepts(item->d_name))
      names.emplace_back(item->d_name);
  return names;
}

bool isEntryName(StringRef name) {
  return name.consume_back(entrySuffix) && name.size() == 64 && all_of(name, isHexDigit);
}

bool isStale(const std::string &path) {
  OpenFile file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (!file || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return false;
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0)
    return true; // its writer was killed, or is about to notice and take another name
  return std::time(nullptr) - info.st_mtime > staleAfterSeconds;
}

} // namespace

OpenFile::~OpenFile() {
  if (descriptor >= 0)
    ::close(descriptor);
}

bool OpenFile::readAll(char *data, std::size_t size) const {
  while (size > 0) {
    ssize_t got = ::read(descriptor, data, size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      errno = got == 0 ? EIO : errno; // the file became shorter under us
      return false;
    }
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool OpenFile::writeAll(StringRef bytes) const {
  while (!bytes.empty()) {
    ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return false;
    bytes = bytes.drop_front(static_cast<std::size_t>(put));
  }
  return true;
}

std::optional<std::string> prepareFolder(const std::string &folder) {
  if (std::error_code code = sys::fs::create_directories(folder, /*IgnoreExisting=*/true, sys::fs::owner_all))
    return "cannot create folder '" + folder + "': " + code.message();
  struct stat info;
  if (::stat(folder.c_str(), &info) != 0)
    return "cannot look at folder '" + folder + "': " + std::strerror(errno);
  if (!S_ISDIR(info.st_mode))
    return "'" + folder + "' is not a folder";
  // An existing folder is left as it is: it may be one the user shares for other ends.
  if (info.st_uid != ::geteuid())
    return "folder '" + folder + "' belongs to another user";
  if (info.st_mode & (S_IWGRP | S_IWOTH))
    return "folder '" + folder + "' is writable by other users: chmod 700 it";
  return std::nullopt;
}

std::string temporaryPath(StringRef folder) {
  static std::atomic<unsigned> counter = 0;
  std::string unique = std::to_string(::getpid()) + "-" + std::to_string(counter++) + "-" +
                       utohexstr(sys::Process::GetRandomNumber(), /*LowerCase=*/true);
  return (folder + "/" + temporaryPrefix + unique).str();
}

void removeStaleTemporaries(const std::string &folder) {
  for (const std::string &name : namesIn(folder, [](StringRef n) { return n.starts_with(temporaryPrefix); })) {
    std::string path = folder + "/" + name;
    if (isStale(path))
      ::unlink(path.c_str());
  }
}

void trimFolder(const std::string &folder, std::uint64_t limit) {
  struct Entry {
    timespec used;
    std::uint64_t bytes;
    std::string path;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  for (const std::string &name : namesIn(folder, isEntryName)) {
    std::string path = folder + "/" + name;
    struct stat info;
    if (::lstat(path.c_str(), &info) != 0)
      continue; // another process was faster
    total += static_cast<std::uint64_t>(info.st_size);
    entries.push_back({info.st_mtim, static_cast<std::uint64_t>(info.st_size), std::move(path)});
  }
  if (total <= limit)
    return;
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::tie(a.used.tv_sec, a.used.tv_nsec, a.path) < std::tie(b.used.tv_sec, b.used.tv_nsec, b.path);
  });
  for (const Entry &entry : entries) {
    if (total <= limit)
      break;
    ::unlink(entry.path.c_str());
    total -= entry.bytes;
  }
}

} // namespace overtime::driver
