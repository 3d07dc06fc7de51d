// SPDX-License-Identifier: Apache-2.0
// The C functions for files of arrays.
#include "runtime/files/archive.h"

#include "runtime/abi.h"
#include "runtime/files/npy.h"
#include "runtime/files/safetensors.h"
#include "runtime/files/zip.h"

#include <new>
#include <stdlib.h>
#include <string.h>

using namespace overtime::detail;

namespace {

enum class Format { Unknown, Npz, Safetensors };

bool ends_with(const char *text, const char *end) {
  size_t bytes = strlen(text), end_bytes = strlen(end);
  return bytes >= end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

/// By the name, which is what users see and what decides when a file is written.
Format format_of(const char *path) {
  return ends_with(path, ".npz")           ? Format::Npz
         : ends_with(path, ".safetensors") ? Format::Safetensors
                                           : Format::Unknown;
}

int fail_unknown(const Place &place) {
  return place.fail(OVERTIME_BAD_FORMAT, "a file of named arrays is called FILE.npz or FILE.safetensors");
}

struct Key {
  const char *name;
  size_t index;
};

int compare_keys(const void *a, const void *b) {
  return strcmp(static_cast<const Key *>(a)->name, static_cast<const Key *>(b)->name);
}

} // namespace

struct overtime_archive {
  Format format = Format::Unknown;
  ZipArchive zip; // or
  SafetensorsFile tensors;
  char *path = nullptr;
  char **names = nullptr; // of arrays, as they lie in the directory
  Key *sorted = nullptr;

  size_t count() const { return format == Format::Npz ? zip.count() : tensors.count(); }
  const char *stored_name(size_t index) const {
    return format == Format::Npz ? zip.member(index).name : tensors.name(index);
  }
  ~overtime_archive() {
    for (size_t k = 0; names && k < count(); ++k)
      free(names[k]);
    free(names);
    free(sorted);
    free(path);
  }
};

namespace {

constexpr char suffix[] = ".npy";
constexpr size_t suffix_bytes = sizeof suffix - 1;

char *name_of_array(const overtime_archive &archive, size_t index) {
  char *name = strdup(archive.stored_name(index));
  size_t bytes = name ? strlen(name) : 0;
  if (archive.format == Format::Npz && bytes > suffix_bytes && ends_with(name, suffix))
    name[bytes - suffix_bytes] = 0;
  return name;
}

int read_names(overtime_archive *archive, const Place &place) {
  size_t count = archive->count();
  archive->names = static_cast<char **>(calloc(count + 1, sizeof(char *)));
  archive->sorted = static_cast<Key *>(malloc((count + 1) * sizeof(Key)));
  if (!archive->names || !archive->sorted)
    return place.fail_no_memory(count * (sizeof(char *) + sizeof(Key)));
  for (size_t k = 0; k < count; ++k) {
    archive->names[k] = name_of_array(*archive, k);
    if (!archive->names[k])
      return place.fail_no_memory(strlen(archive->stored_name(k)));
    archive->sorted[k] = {archive->names[k], k};
  }
  qsort(archive->sorted, count, sizeof(Key), compare_keys);
  for (size_t k = 1; k < count; ++k)
    if (compare_keys(&archive->sorted[k - 1], &archive->sorted[k]) == 0)
      return place.fail(OVERTIME_BAD_FORMAT, "two arrays have the name '%.100s'", archive->sorted[k].name);
  return OVERTIME_OK;
}

int open_archive(overtime_archive *archive, const Place &place) {
  archive->path = strdup(place.path);
  if (!archive->path)
    return place.fail_no_memory(strlen(place.path));
  archive->format = format_of(place.path);
  if (archive->format == Format::Unknown)
    return fail_unknown(place);
  int status = archive->format == Format::Npz ? archive->zip.open(place) : archive->tensors.open(place);
  return status ? status : read_names(archive, place);
}

int read_member(const ZipArchive &zip, size_t index, overtime_host_array *array, const Place &place) {
  MemberReader reader;
  if (int status = zip.open_member(index, &reader, place))
    return status;
  if (int status = read_npy(reader, array, place))
    return status;
  uint32_t crc = 0, expected = zip.member(index).crc;
  int status = reader.finish(&crc, place);
  if (!status && crc != expected)
    status = place.fail(OVERTIME_BAD_FORMAT, "the data is damaged: its CRC-32 is %08x, the directory says %08x", crc,
                        expected);
  if (status)
    overtime_host_array_free(array);
  return status;
}

int write_member(ZipWriter &zip, const overtime_named_array &item, const Place &place) {
  char header[max_npy_header];
  size_t header_bytes = 0;
  uint64_t data_bytes = 0;
  if (int status = format_npy_header(item, header, &header_bytes, &data_bytes, place))
    return status;
  size_t name_bytes = strlen(item.name);
  auto *name = static_cast<char *>(malloc(name_bytes + suffix_bytes + 1));
  if (!name)
    return place.fail_no_memory(name_bytes);
  memcpy(name, item.name, name_bytes);
  memcpy(name + name_bytes, suffix, suffix_bytes + 1);
  int status = zip.begin_member(name, header_bytes + data_bytes, place);
  free(name);
  if (!status)
    status = zip.write(header, header_bytes, place);
  if (!status)
    status = zip.write(item.data, data_bytes, place);
  return status ? status : zip.end_member(place);
}

int write_npz(const overtime_named_array *arrays, size_t count, bool deflate, const Place &place) {
  ZipWriter zip(deflate);
  if (int status = zip.open(place))
    return status;
  for (size_t k = 0; k < count; ++k)
    if (int status = write_member(zip, arrays[k], Place{place.path, place.message, arrays[k].name}))
      return status;
  return zip.commit(place);
}

/// Names must be there, not empty and different: an archive with two of a name loses one when read.
int check_names(const overtime_named_array *items, size_t count, const Place &place) {
  auto *sorted = static_cast<Key *>(malloc((count + 1) * sizeof(Key)));
  if (!sorted)
    return place.fail_no_memory(count * sizeof(Key));
  int status = OVERTIME_OK;
  for (size_t k = 0; k < count && !status; ++k) {
    sorted[k] = {items[k].name, k};
    if (!items[k].name || !*items[k].name)
      status = place.fail(OVERTIME_NULL_ARGUMENT, "array %zu has no name", k);
  }
  if (!status)
    qsort(sorted, count, sizeof(Key), compare_keys);
  for (size_t k = 1; k < count && !status; ++k)
    if (compare_keys(&sorted[k - 1], &sorted[k]) == 0)
      status = place.fail(OVERTIME_BAD_FORMAT, "two arrays have the name '%.100s'", sorted[k].name);
  free(sorted);
  return status;
}

} // namespace

extern "C" int overtime_npy_read(const char *path, overtime_host_array *array, overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || !array)
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path and an array are needed, got NULL");
  *array = {};
  InputFile file;
  if (int status = file.open(place))
    return status;
  ByteReader reader;
  reader.open_stored(file, 0, file.size());
  return read_npy(reader, array, place);
}

extern "C" int overtime_archive_open(const char *path, overtime_archive **archive, overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || !archive)
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path and a place for the archive are needed, got NULL");
  *archive = nullptr;
  void *memory = malloc(sizeof(overtime_archive));
  if (!memory)
    return place.fail_no_memory(sizeof(overtime_archive));
  auto *opened = new (memory) overtime_archive;
  int status = open_archive(opened, place);
  if (status)
    overtime_archive_close(opened);
  else
    *archive = opened;
  return status;
}

extern "C" void overtime_archive_close(overtime_archive *archive) {
  if (!archive)
    return;
  archive->~overtime_archive();
  free(archive);
}

extern "C" size_t overtime_archive_count(const overtime_archive *archive) { return archive ? archive->count() : 0; }

extern "C" const char *overtime_archive_name(const overtime_archive *archive, size_t index) {
  return index < overtime_archive_count(archive) ? archive->names[index] : nullptr;
}

extern "C" int overtime_archive_find(const overtime_archive *archive, const char *name, size_t *index) {
  if (!archive || !name || !index)
    return OVERTIME_NULL_ARGUMENT;
  Key wanted{name, 0};
  const void *found = bsearch(&wanted, archive->sorted, archive->count(), sizeof(Key), compare_keys);
  if (!found)
    return OVERTIME_NOT_FOUND;
  *index = static_cast<const Key *>(found)->index;
  return OVERTIME_OK;
}

extern "C" int overtime_archive_read(const overtime_archive *archive, size_t index, overtime_host_array *array,
                                     overtime_message *message) {
  Place place{archive ? archive->path : "", message, overtime_archive_name(archive, index)};
  if (!archive || !array)
    return place.fail(OVERTIME_NULL_ARGUMENT, "an archive and an array are needed, got NULL");
  *array = {};
  if (!place.member)
    return place.fail(OVERTIME_NOT_FOUND, "there is no array %zu among %zu", index, archive->count());
  return archive->format == Format::Npz ? read_member(archive->zip, index, array, place)
                                        : archive->tensors.read(index, array, place);
}

extern "C" int overtime_archive_write(const char *path, const overtime_named_array *arrays, size_t count, int compress,
                                      overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || (count > 0 && !arrays))
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path and arrays are needed, got NULL");
  if (int status = check_names(arrays, count, place))
    return status;
  switch (format_of(path)) {
  case Format::Npz:
    return write_npz(arrays, count, compress != 0, place);
  case Format::Safetensors:
    return write_safetensors(arrays, count, place);
  default:
    return fail_unknown(place);
  }
}

extern "C" int overtime_npy_write(const char *path, const overtime_named_array *item, overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || !item)
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path and an array are needed, got NULL");
  char header[max_npy_header];
  size_t header_bytes = 0;
  uint64_t data_bytes = 0;
  if (int status = format_npy_header(*item, header, &header_bytes, &data_bytes, place))
    return status;
  OutputFile file;
  if (int status = file.open(place))
    return status;
  int status = file.append(header, header_bytes, place);
  if (!status)
    status = file.append(item->data, data_bytes, place);
  return status ? status : file.commit(place);
}
