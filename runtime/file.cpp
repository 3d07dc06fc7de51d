// SPDX-License-Identifier: Apache-2.0
// Reads and writes files with the calls of POSIX.
#include "runtime/file.h"

#include "runtime/abi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

constexpr size_t largest_call = size_t(1) << 30; // Linux moves at most 2 GiB a call

int open_retrying(const char *path, int flags, unsigned mode = 0) {
  int file;
  do
    file = ::open(path, flags | O_CLOEXEC, mode);
  while (file < 0 && errno == EINTR);
  return file;
}

/// The folder's entry of a renamed file must reach the disk too; where a folder cannot be synced nothing is lost yet.
void sync_folder_of(const char *path) {
  char *folder = strdup(path);
  if (!folder)
    return;
  char *slash = strrchr(folder, '/');
  if (slash)
    slash[slash == folder ? 1 : 0] = 0;
  int file = open_retrying(slash ? folder : ".", O_RDONLY | O_DIRECTORY);
  if (file >= 0) {
    fsync(file);
    close(file);
  }
  free(folder);
}

} // namespace

int Place::fail(int status, const char *format, ...) const {
  if (!message)
    return status;
  char *text = message->text;
  const size_t size = sizeof message->text;
  int used =
      member ? snprintf(text, size, "%.400s: member '%.100s': ", path, member) : snprintf(text, size, "%.400s: ", path);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - static_cast<size_t>(used), format, arguments);
  va_end(arguments);
  for (char *c = text; *c; ++c) // names in a file may hold anything; a message is one line for a terminal
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f)
      *c = '?';
  return status;
}

int Place::fail_no_memory(uint64_t bytes) const {
  return fail(OVERTIME_NO_MEMORY, "%llu bytes of memory cannot be had", static_cast<unsigned long long>(bytes));
}

InputFile::~InputFile() {
  if (file_ >= 0)
    close(file_);
}

int InputFile::open(const Place &place) {
  file_ = open_retrying(place.path, O_RDONLY | O_NONBLOCK); // a pipe without a writer must not block
  struct stat about;
  if (file_ < 0 || fstat(file_, &about) != 0)
    return place.fail(OVERTIME_IO, "cannot open: %s", strerror(errno));
  if (!S_ISREG(about.st_mode))
    return place.fail(OVERTIME_IO, "cannot read: not a regular file");
  size_ = static_cast<uint64_t>(about.st_size);
  return OVERTIME_OK;
}

int InputFile::read_at(uint64_t offset, void *to, size_t bytes, const Place &place) const {
  char *next = static_cast<char *>(to);
  while (bytes > 0) {
    ssize_t got = pread(file_, next, bytes < largest_call ? bytes : largest_call, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return place.fail(OVERTIME_IO, "cannot read: %s", strerror(errno));
    if (got == 0)
      return place.fail(OVERTIME_BAD_FORMAT, "the file ends at byte %llu, within the data",
                        static_cast<unsigned long long>(offset));
    next += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return OVERTIME_OK;
}

OutputFile::~OutputFile() {
  if (file_ >= 0) {
    close(file_);
    unlink(temporary_);
  }
  if (temporary_)
    forget(temporary_);
  free(temporary_);
  free(target_);
}

int OutputFile::fail(const Place &place, const char *what) const {
  return place.fail(OVERTIME_IO, "%s: %s", what, strerror(errno));
}

int OutputFile::open(const Place &place) {
  struct stat about;
  if (stat(place.path, &about) == 0 && !S_ISREG(about.st_mode))
    return place.fail(OVERTIME_IO, "cannot write: not a regular file");
  target_ = end_of_links(place.path);
  if (!target_)
    return place.fail(OVERTIME_IO, "cannot write: the symbolic links lead nowhere");
  size_t room = strlen(target_) + 40;
  temporary_ = static_cast<char *>(malloc(room));
  if (!temporary_)
    return place.fail_no_memory(room);
  for (int attempt = 0; file_ < 0; ++attempt) {
    snprintf(temporary_, room, "%s.%ld-%d.tmp", target_, static_cast<long>(getpid()), attempt);
    file_ = open_retrying(temporary_, O_RDWR | O_CREAT | O_EXCL, 0644);
    if (file_ < 0 && errno != EEXIST)
      return fail(place, "cannot write");
  }
  remember(temporary_);
  // The mode now shows the umask, which cannot be asked for safely; nobody reads along until the file is complete.
  if (fstat(file_, &about) != 0 || fchmod(file_, 0600) != 0)
    return fail(place, "cannot write");
  mode_ = about.st_mode & 0777;
  return OVERTIME_OK;
}

int OutputFile::write_at(uint64_t offset, const void *from, size_t bytes, const Place &place) {
  const char *next = static_cast<const char *>(from);
  while (bytes > 0) {
    ssize_t put = pwrite(file_, next, bytes < largest_call ? bytes : largest_call, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return fail(place, "cannot write");
    next += put;
    offset += static_cast<uint64_t>(put);
    bytes -= static_cast<size_t>(put);
  }
  return OVERTIME_OK;
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
