// SPDX-License-Identifier: Apache-2.0
// Writes files that appear whole or not at all: under another name, flushed to the disk, then renamed.
#include "runtime/files/file.h"

#include "runtime/abi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace overtime::detail {
namespace {

// What a signal handler can find: names of files that are being written.
char *unfinished[8];

void remember(char *name) {
  for (char *&place : unfinished) {
    char *none = nullptr;
    if (__atomic_compare_exchange_n(&place, &none, name, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return;
  }
}

void forget(char *name) {
  for (char *&place : unfinished) {
    char *held = name;
    if (__atomic_compare_exchange_n(&place, &held, nullptr, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return;
  }
}

/// The file that a chain of symbolic links leads to, which need not exist; to be freed. NULL: no memory, or no end.
char *end_of_links(const char *path) {
  char *name = strdup(path);
  for (int links = 0; name && links < 40; ++links) {
    struct stat about;
    if (lstat(name, &about) != 0 || !S_ISLNK(about.st_mode))
      return name;
    size_t room = static_cast<size_t>(about.st_size > 0 ? about.st_size : 4095) + 1;
    const char *slash = strrchr(name, '/');
    size_t folder = slash ? static_cast<size_t>(slash - name) + 1 : 0;
    auto *next = static_cast<char *>(malloc(folder + room));
    ssize_t bytes = next ? readlink(name, next + folder, room - 1) : -1;
    if (bytes < 0) {
      free(next);
      break;
    }
    next[folder + static_cast<size_t>(bytes)] = 0;
    if (next[folder] == '/')
      memmove(next, next + folder, static_cast<size_t>(bytes) + 1);
    else
      memcpy(next, name, folder);
    free(name);
    name = next;
  }
  free(name);
  return nullptr;
}

/// The folder that a file is in; to be freed. NULL: no memory.
char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t bytes = !slash ? 1 : slash == path ? 1 : static_cast<size_t>(slash - path);
  return strndup(slash ? path : ".", bytes);
}

/// The folder's entry of a renamed file must reach the disk too; where a folder cannot be synced nothing is lost yet.
void sync_folder_of(const char *path) {
  char *folder = folder_of(path);
  int file = folder ? open_retrying(folder, O_RDONLY | O_DIRECTORY) : -1;
  if (file >= 0) {
    fsync(file);
    close(file);
  }
  free(folder);
}

constexpr const char *temporary_name = "%s.%ld-%d.tmp"; // target, process, attempt

/// Whether a name is that of a temporary of the file `base`.
bool is_temporary_of(const char *base, const char *name) {
  constexpr const char *digits = "0123456789";
  size_t length = strlen(base);
  if (strncmp(name, base, length) != 0 || name[length] != '.')
    return false;
  const char *process = name + length + 1;
  size_t process_digits = strspn(process, digits);
  if (process_digits == 0 || process[process_digits] != '-')
    return false;
  const char *attempt = process + process_digits + 1;
  size_t attempt_digits = strspn(attempt, digits);
  return attempt_digits > 0 && strcmp(attempt + attempt_digits, ".tmp") == 0;
}

/// Removes temporaries of `target` that nobody holds a lock on: their writers were killed.
void remove_stale(const char *target) {
  const char *slash = strrchr(target, '/'), *base = slash ? slash + 1 : target;
  char *name = folder_of(target);
  DIR *folder = name ? opendir(name) : nullptr;
  free(name);
  if (!folder)
    return;
  while (const dirent *entry = readdir(folder)) {
    if (!is_temporary_of(base, entry->d_name))
      continue;
    int file = openat(dirfd(folder), entry->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
      continue;
    struct stat about;
    if (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0)
      unlinkat(dirfd(folder), entry->d_name, 0); // with the lock held: see OutputFile::create
    close(file);
  }
  closedir(folder);
}

} // namespace

OutputFile::~OutputFile() {
  if (file_ >= 0) {
    unlink(temporary_);
    close(file_);
  }
  if (temporary_)
    forget(temporary_);
  free(temporary_);
  free(target_);
}

int write_all(int file, uint64_t offset, const void *from, uint64_t bytes, const Place &place) {
  const char *next = static_cast<const char *>(from);
  while (bytes > 0) {
    ssize_t put = pwrite(file, next, bytes < largest_call ? bytes : largest_call, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return place.fail(OVERTIME_IO, "cannot write: %s", strerror(errno));
    next += put;
    offset += static_cast<uint64_t>(put);
    bytes -= static_cast<uint64_t>(put);
  }
  return OVERTIME_OK;
}

int OutputFile::fail(const Place &place, const char *what) const {
  return place.fail(OVERTIME_IO, "%s: %s", what, strerror(errno));
}

int OutputFile::create(const Place &place) {
  size_t room = strlen(target_) + 40;
  temporary_ = static_cast<char *>(malloc(room));
  if (!temporary_)
    return place.fail_no_memory(room);
  for (int attempt = 0; file_ < 0; ++attempt) {
    snprintf(temporary_, room, temporary_name, target_, static_cast<long>(getpid()), attempt);
    file_ = open_retrying(temporary_, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (file_ < 0 && errno != EEXIST)
      return fail(place, "cannot write");
    if (file_ < 0)
      continue;
    while (flock(file_, LOCK_EX) != 0 && errno == EINTR) // without locks nobody removes it either
      continue;
    struct stat about;
    if (fstat(file_, &about) == 0 && about.st_nlink == 0) { // removed as stale before it was locked
      close(file_);
      file_ = -1;
    }
  }
  return OVERTIME_OK;
}

int check_target(const Place &place) {
  struct stat about;
  if (stat(place.path, &about) == 0 && !S_ISREG(about.st_mode))
    return place.fail(OVERTIME_IO, "cannot write: not a regular file");
  return OVERTIME_OK;
}

int OutputFile::open(const Place &place) {
  if (int status = check_target(place))
    return status;
  target_ = end_of_links(place.path);
  if (!target_)
    return place.fail(OVERTIME_IO, "cannot write: the symbolic links lead nowhere");
  remove_stale(target_);
  if (int status = create(place))
    return status;
  remember(temporary_);
  struct stat about;
  // The mode now shows the umask, which cannot be asked for safely; nobody reads along until the file is complete.
  if (fstat(file_, &about) != 0 || fchmod(file_, 0600) != 0)
    return fail(place, "cannot write");
  mode_ = about.st_mode & 0777;
  return OVERTIME_OK;
}

int OutputFile::write_at(uint64_t offset, const void *from, size_t bytes, const Place &place) {
  return write_all(file_, offset, from, bytes, place);
}

int OutputFile::append(const void *from, size_t bytes, const Place &place) {
  int status = write_at(position_, from, bytes, place);
  position_ += bytes;
  return status;
}

int OutputFile::commit(const Place &place) {
  if (fchmod(file_, mode_) != 0 || fsync(file_) != 0)
    return fail(place, "cannot write");
  if (rename(temporary_, target_) != 0)
    return fail(place, "cannot put the complete file in its place");
  close(file_);
  file_ = -1;
  sync_folder_of(target_);
  return OVERTIME_OK;
}

} // namespace overtime::detail

extern "C" void overtime_remove_unfinished(void) {
  for (char *&place : overtime::detail::unfinished)
    if (const char *name = __atomic_load_n(&place, __ATOMIC_SEQ_CST))
      unlink(name);
}
