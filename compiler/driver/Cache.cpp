// SPDX-License-Identifier: Apache-2.0
// Entries of the object cache: their format, how one is believed and how one comes to be.
#include "compiler/driver/Cache.h"
#include "compiler/driver/CacheFolder.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

namespace overtime::driver {
namespace {

// magic[8] version[4] reserved[4] key[64] length[8] digest[32], little-endian; then the payload and nothing else. The
// digest covers all that precedes it and the payload.
constexpr StringLiteral magic = "OVTCACHE";
constexpr std::uint32_t formatVersion = 1;
constexpr std::size_t keyBytes = 64, digestBytes = 32;
constexpr std::size_t signedBytes = 8 + 4 + 4 + keyBytes + 8, headerBytes = signedBytes + digestBytes;

std::string header(StringRef key, StringRef payload) {
  std::string bytes(headerBytes, '\0');
  std::memcpy(bytes.data(), magic.data(), 8);
  support::endian::write32le(&bytes[8], formatVersion);
  std::memcpy(&bytes[16], key.data(), keyBytes);
  support::endian::write64le(&bytes[16 + keyBytes], payload.size());
  SHA256 hash;
  hash.update(StringRef(bytes).take_front(signedBytes));
  hash.update(payload);
  std::array<std::uint8_t, digestBytes> digest = hash.final();
  std::memcpy(&bytes[signedBytes], digest.data(), digestBytes);
  return bytes;
}

bool isKey(StringRef key) {
  return key.size() == keyBytes && all_of(key, [](char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); });
}

void say(std::string *note, const Twine &text) {
  if (note)
    *note = text.str();
}

std::string reason() { return std::strerror(errno); }

/// Why an open file may not be believed at all, before its content is looked at.
const char *distrust(const struct stat &info, std::uint64_t limit) {
  if (!S_ISREG(info.st_mode))
    return "is not a regular file";
  if (info.st_uid != ::geteuid())
    return "belongs to another user";
  if (info.st_mode & (S_IWGRP | S_IWOTH))
    return "is writable by other users";
  auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < headerBytes || size > limit + headerBytes)
    return "has an impossible size";
  return nullptr;
}

std::unique_ptr<MemoryBuffer> discard(const std::string &entry, const Twine &why, std::string *note) {
  say(note, "cache entry '" + entry + "' " + why + "; deleted");
  ::unlink(entry.c_str());
  return nullptr;
}

/// One attempt; false with errno EAGAIN when another process took the temporary for an abandoned one.
bool writeOnce(const std::string &temporary, const std::string &entry, StringRef key, StringRef payload) {
  OpenFile file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file)
    return false;
  bool ours = ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; // some file systems have no locks
  bool written = ours && file.writeAll(header(key, payload)) && file.writeAll(payload) && ::fsync(file.get()) == 0;
  if (written && ::rename(temporary.c_str(), entry.c_str()) == 0)
    return true;
  int why = errno;
  ::unlink(temporary.c_str());
  errno = !ours || (written && why == ENOENT) ? EAGAIN : why;
  return false;
}

} // namespace

std::string Cache::defaultFolder() {
  auto variable = [](const char *name) { return StringRef(std::getenv(name) ? std::getenv(name) : ""); };
  if (StringRef own = variable("OVERTIME_CACHE_DIR"); !own.empty())
    return own.str();
  if (StringRef base = variable("XDG_CACHE_HOME"); base.starts_with("/")) // relative ones are to be ignored
    return (base + "/overtime").str();
  if (StringRef home = variable("HOME"); !home.empty())
    return (home + "/.cache/overtime").str();
  return "";
}

Cache::Cache(std::string folder, std::uint64_t limit, std::string *note) : limit(limit), unaccounted(limit) {
  SmallString<128> absolute(folder); // the working folder may change later
  std::optional<std::string> why;
  if (folder.empty())
    why = "set OVERTIME_CACHE_DIR or HOME";
  else if (std::error_code code = sys::fs::make_absolute(absolute))
    why = "cannot use folder '" + folder + "': " + code.message();
  else
    why = prepareFolder(absolute.str().str());
  if (why) {
    say(note, "object cache off: " + *why);
    return;
  }
  path = absolute.str();
  removeStaleTemporaries(path);
}

Cache &Cache::ofProcess() {
  static Cache cache;
  return cache;
}

std::string Cache::key(ArrayRef<StringRef> parts) {
  SHA256 hash;
  for (StringRef part : parts) {
    std::uint8_t length[8];
    support::endian::write64le(length, part.size());
    hash.update(ArrayRef<std::uint8_t>(length));
    hash.update(part);
  }
  return toHex(hash.final(), /*LowerCase=*/true);
}

std::string Cache::entryPath(StringRef key) const { return (path + "/" + key + entrySuffix).str(); }

std::unique_ptr<MemoryBuffer> Cache::read(StringRef key, std::string *note) const {
  if (path.empty() || !isKey(key))
    return nullptr;
  std::string entry = entryPath(key);
  OpenFile file(::open(entry.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file) {
    if (errno == ELOOP)
      return discard(entry, "is a symbolic link", note);
    if (errno == EACCES) // not ours to read, so not written by us
      return discard(entry, "cannot be read", note);
    if (errno != ENOENT)
      say(note, "cannot open cache entry '" + entry + "': " + reason());
    return nullptr;
  }
  struct stat info;
  if (::fstat(file.get(), &info) != 0)
    return say(note, "cannot look at cache entry '" + entry + "': " + reason()), nullptr;
  if (const char *why = distrust(info, limit))
    return discard(entry, why, note);
  std::string head(headerBytes, '\0');
  auto payload =
      WritableMemoryBuffer::getNewUninitMemBuffer(static_cast<std::size_t>(info.st_size) - headerBytes, entry);
  if (!payload)
    return say(note, "no memory to read cache entry '" + entry + "'"), nullptr;
  if (!file.readAll(head.data(), headerBytes) || !file.readAll(payload->getBufferStart(), payload->getBufferSize()))
    return say(note, "cannot read cache entry '" + entry + "': " + reason()), nullptr;
  if (head != header(key, StringRef(payload->getBufferStart(), payload->getBufferSize())))
    return discard(entry, "is damaged", note);
  ::futimens(file.get(), nullptr); // used now; trimming takes the oldest
  return payload;
}

bool Cache::write(StringRef key, StringRef payload, std::string *note) {
  if (path.empty())
    return say(note, "object cache off"), false;
  if (!isKey(key))
    return say(note, "'" + key + "' is not a cache key"), false;
  if (payload.size() > limit / 2)
    return say(note, Twine(payload.size()) + " bytes are too many for a cache of " + Twine(limit)), false;
  std::string entry = entryPath(key);
  bool written = false;
  for (int attempt = 0; attempt < 5 && !written; ++attempt)
    if (!(written = writeOnce(temporaryPath(path), entry, key, payload)) && errno != EAGAIN)
      break;
  if (!written)
    return say(note, "cannot write cache entry '" + entry + "': " + reason()), false;
  unaccounted += payload.size() + headerBytes;
  if (unaccounted > limit / 16) { // looking at every file at every write would cost more than compiling
    trimFolder(path, limit - limit / 16);
    unaccounted = 0;
  }
  return true;
}

} // namespace overtime::driver
