// SPDX-License-Identifier: Apache-2.0
// Files as the array formats need them: reads at a place, and output that appears whole or not at all.
#ifndef OVERTIME_RUNTIME_FILES_FILE_H
#define OVERTIME_RUNTIME_FILES_FILE_H

#include "runtime/files/archive.h"

#include <stddef.h>
#include <stdint.h>

namespace overtime::detail {

/// What an error is about, and where its text goes.
struct Place {
  const char *path;
  overtime_message *message;
  const char *member = nullptr; ///< of an archive

  /// Writes "path: member 'name': text" and returns the status.
  __attribute__((format(printf, 3, 4))) int fail(int status, const char *format, ...) const;
  int fail_no_memory(uint64_t bytes) const;
};

constexpr size_t largest_call = size_t(1) << 30; ///< Linux moves at most 2 GiB a call

/// open() that signals do not disturb; the descriptor is closed in programs that this one starts.
int open_retrying(const char *path, int flags, unsigned mode = 0);

/// All bytes, from a place of an open file on.
int write_all(int file, uint64_t offset, const void *from, uint64_t bytes, const Place &place);

/// An error when something that is no regular file stands where a file is to be written.
int check_target(const Place &place);

/// A regular file, open for reading.
class InputFile {
public:
  InputFile() = default;
  ~InputFile();
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;

  int open(const Place &place);
  uint64_t size() const { return size_; }
  int read_at(uint64_t offset, void *to, size_t bytes, const Place &place) const;

private:
  int file_ = -1;
  uint64_t size_ = 0;
};

/// A file being written under another name in the same folder. commit() puts it in its place; otherwise it vanishes. A
/// lock on it tells others that its writer lives: the next writer of the same file removes what killed ones left.
class OutputFile {
public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  int open(const Place &place);
  uint64_t position() const { return position_; }
  int append(const void *from, size_t bytes, const Place &place);
  /// Overwrites what was appended before.
  int write_at(uint64_t offset, const void *from, size_t bytes, const Place &place);
  int commit(const Place &place);

private:
  int fail(const Place &place, const char *what) const;
  int create(const Place &place);

  int file_ = -1;
  unsigned mode_ = 0;
  uint64_t position_ = 0;
  char *temporary_ = nullptr, *target_ = nullptr;
};

} // namespace overtime::detail
#endif
