// SPDX-License-Identifier: Apache-2.0
// Reads files with the calls of POSIX.
#include "runtime/files/file.h"

#include "runtime/abi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace overtime::detail {

int open_retrying(const char *path, int flags, unsigned mode) {
  int file;
  do
    file = ::open(path, flags | O_CLOEXEC, mode);
  while (file < 0 && errno == EINTR);
  return file;
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

} // namespace overtime::detail
