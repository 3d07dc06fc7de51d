// SPDX-License-Identifier: Apache-2.0
// Files of arrays that grow by rows: each array waits in a file without a name until its length is known.
#include "runtime/files/row_file.h"

#include "runtime/abi.h"
#include "runtime/files/npy.h"
#include "runtime/files/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <new>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

using namespace overtime::detail;

namespace {

constexpr size_t most_arrays = 8, longest_name = 200, block = size_t(1) << 20;

struct Rows {
  char name[longest_name + 5]; // ".npy" behind it
  int32_t dtype, rank;
  int64_t shape[OVERTIME_MAX_RANK]; // shape[0]: rows so far
  uint64_t row_bytes;
  int file;

  overtime_named_array array() const { return {name, dtype, rank, shape, this}; } // of which no data is read
  uint64_t bytes() const { return static_cast<uint64_t>(shape[0]) * row_bytes; }
};

int fail(const Place &place, const char *what) { return place.fail(OVERTIME_IO, "%s: %s", what, strerror(errno)); }

/// A file in the folder of `path` that has no name, or not for longer than a moment.
int open_nameless(const Place &place, int *file) {
  const char *slash = strrchr(place.path, '/');
  size_t folder = slash ? static_cast<size_t>(slash - place.path) + 1 : 0;
  constexpr char pattern[] = ".overtime-XXXXXX";
  auto *name = static_cast<char *>(malloc(folder + sizeof pattern));
  if (!name)
    return place.fail_no_memory(folder + sizeof pattern);
  memcpy(name, place.path, folder);
  memcpy(name + folder, pattern, sizeof pattern);
  *file = mkostemp(name, O_CLOEXEC);
  int status = *file < 0 || unlink(name) != 0 ? fail(place, "cannot write") : OVERTIME_OK;
  free(name);
  return status;
}

int read_all(int file, uint64_t offset, char *to, size_t bytes, const Place &place) {
  while (bytes > 0) {
    ssize_t got = pread(file, to, bytes, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return fail(place, "cannot read back what was recorded");
    to += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return OVERTIME_OK;
}

/// Header and rows of an array, in blocks, to anything with write(bytes).
template <class Write> int copy(const Rows &rows, char *buffer, const Place &place, const Write &write) {
  char header[max_npy_header];
  size_t header_bytes = 0;
  uint64_t data_bytes = 0;
  if (int status = format_npy_header(rows.array(), header, &header_bytes, &data_bytes, place))
    return status;
  int status = write(header, header_bytes);
  for (uint64_t done = 0; done < data_bytes && !status; done += block) {
    size_t bytes = data_bytes - done < block ? static_cast<size_t>(data_bytes - done) : block;
    status = read_all(rows.file, done, buffer, bytes, place);
    if (!status)
      status = write(buffer, bytes);
  }
  return status;
}

} // namespace

struct overtime_row_file {
  char *path = nullptr;
  bool archive = false;
  size_t count = 0;
  Rows arrays[most_arrays] = {};

  int commit_npy(char *buffer, const Place &place) const {
    OutputFile out;
    if (int status = out.open(place))
      return status;
    int status =
        copy(arrays[0], buffer, place, [&](const void *from, size_t bytes) { return out.append(from, bytes, place); });
    return status ? status : out.commit(place);
  }

  int commit_npz(char *buffer, const Place &place) const {
    ZipWriter zip(/*deflate=*/false);
    if (int status = zip.open(place))
      return status;
    for (size_t k = 0; k < count; ++k) {
      const Rows &rows = arrays[k];
      char header[max_npy_header], member[sizeof rows.name];
      size_t header_bytes = 0;
      uint64_t data_bytes = 0;
      if (int status = format_npy_header(rows.array(), header, &header_bytes, &data_bytes, place))
        return status;
      snprintf(member, sizeof member, "%s.npy", rows.name);
      int status = zip.begin_member(member, header_bytes + data_bytes, place);
      if (!status)
        status =
            copy(rows, buffer, place, [&](const void *from, size_t bytes) { return zip.write(from, bytes, place); });
      if (!status)
        status = zip.end_member(place);
      if (status)
        return status;
    }
    return zip.commit(place);
  }
};

static int add_array(overtime_row_file *file, const overtime_named_array &row, const Place &place) {
  if (!row.name || !*row.name || strlen(row.name) >= longest_name || row.rank < 0 || row.rank >= OVERTIME_MAX_RANK)
    return place.fail(OVERTIME_BAD_FORMAT, "an array that grows needs a name and fewer than %d axes",
                      OVERTIME_MAX_RANK);
  for (size_t k = 0; k < file->count; ++k)
    if (strcmp(file->arrays[k].name, row.name) == 0)
      return place.fail(OVERTIME_BAD_FORMAT, "two arrays have the name '%s'", row.name);
  Rows &rows = file->arrays[file->count];
  rows.dtype = row.dtype;
  rows.rank = row.rank + 1;
  snprintf(rows.name, sizeof rows.name, "%s", row.name);
  rows.shape[0] = 1; // to learn the bytes of a row
  for (int32_t d = 0; d < row.rank; ++d)
    rows.shape[d + 1] = row.shape[d];
  char header[max_npy_header];
  size_t header_bytes = 0;
  if (int status = format_npy_header(rows.array(), header, &header_bytes, &rows.row_bytes, place))
    return status;
  rows.shape[0] = 0;
  rows.file = -1;
  ++file->count; // from here on closed with the others
  return open_nameless(place, &rows.file);
}

extern "C" int overtime_row_file_open(const char *path, const overtime_named_array *arrays, size_t count,
                                      overtime_row_file **file, overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || !arrays || !file)
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path, arrays and a place for the file are needed, got NULL");
  *file = nullptr;
  const char *dot = strrchr(path, '.');
  bool archive = dot && strcmp(dot, ".npz") == 0;
  if (!archive && !(dot && strcmp(dot, ".npy") == 0 && count == 1))
    return place.fail(OVERTIME_BAD_FORMAT, "arrays that grow are written to FILE.npz, or one to FILE.npy");
  if (count < 1 || count > most_arrays)
    return place.fail(OVERTIME_BAD_FORMAT, "a file has 1 to %zu arrays that grow, got %zu", most_arrays, count);
  if (int status = check_target(place)) // now, and not after a long run
    return status;
  void *memory = malloc(sizeof(overtime_row_file));
  char *name = strdup(path);
  if (!memory || !name) {
    free(memory);
    free(name);
    return place.fail_no_memory(sizeof(overtime_row_file));
  }
  auto *opened = new (memory) overtime_row_file;
  opened->path = name;
  opened->archive = archive;
  int status = OVERTIME_OK;
  for (size_t k = 0; k < count && !status; ++k)
    status = add_array(opened, arrays[k], place);
  if (status)
    overtime_row_file_close(opened);
  else
    *file = opened;
  return status;
}

extern "C" int overtime_row_file_append(overtime_row_file *file, size_t array, const void *rows, int64_t count,
                                        overtime_message *message) {
  Place place{file ? file->path : "", message};
  if (!file || array >= file->count || count < 0 || (count > 0 && !rows))
    return place.fail(OVERTIME_NULL_ARGUMENT, "a file, one of its arrays and rows are needed");
  Rows &to = file->arrays[array];
  if (int status = write_all(to.file, to.bytes(), rows, static_cast<uint64_t>(count) * to.row_bytes, place))
    return status;
  to.shape[0] += count;
  return OVERTIME_OK;
}

extern "C" int64_t overtime_row_file_rows(const overtime_row_file *file, size_t array) {
  return file && array < file->count ? file->arrays[array].shape[0] : 0;
}

extern "C" int overtime_row_file_commit(overtime_row_file *file, overtime_message *message) {
  Place place{file ? file->path : "", message};
  if (!file)
    return place.fail(OVERTIME_NULL_ARGUMENT, "a file is needed, got NULL");
  auto *buffer = static_cast<char *>(malloc(block));
  if (!buffer)
    return place.fail_no_memory(block);
  int status = file->archive ? file->commit_npz(buffer, place) : file->commit_npy(buffer, place);
  free(buffer);
  return status;
}

extern "C" void overtime_row_file_close(overtime_row_file *file) {
  if (!file)
    return;
  for (size_t k = 0; k < file->count; ++k)
    if (file->arrays[k].file >= 0)
      close(file->arrays[k].file);
  free(file->path);
  free(file);
}
