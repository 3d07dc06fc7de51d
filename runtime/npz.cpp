// SPDX-License-Identifier: Apache-2.0
// The C functions for .npy and .npz files.
#include "runtime/npz.h"

#include "runtime/abi.h"
#include "runtime/npy.h"
#include "runtime/zip.h"

#include <new>
#include <stdlib.h>
#include <string.h>

using namespace overtime::detail;

namespace {

struct Key {
  const char *name;
  size_t index;
};

int compare_keys(const void *a, const void *b) {
  return strcmp(static_cast<const Key *>(a)->name, static_cast<const Key *>(b)->name);
}

} // namespace

struct overtime_npz {
  ZipArchive zip;
  char *path = nullptr;
  char **names = nullptr; // of arrays, as members lie in the directory
  Key *sorted = nullptr;

  ~overtime_npz() {
    for (size_t k = 0; names && k < zip.count(); ++k)
      free(names[k]);
    free(names);
    free(sorted);
    free(path);
  }
};

namespace {

constexpr char suffix[] = ".npy";
constexpr size_t suffix_bytes = sizeof suffix - 1;

char *name_of_member(const char *member) {
  char *name = strdup(member);
  size_t bytes = strlen(member);
  if (name && bytes > suffix_bytes && strcmp(name + bytes - suffix_bytes, suffix) == 0)
    name[bytes - suffix_bytes] = 0;
  return name;
}

int read_names(overtime_npz *archive, const Place &place) {
  size_t count = archive->zip.count();
  archive->names = static_cast<char **>(calloc(count + 1, sizeof(char *)));
  archive->sorted = static_cast<Key *>(malloc((count + 1) * sizeof(Key)));
  if (!archive->names || !archive->sorted)
    return place.fail_no_memory(count * (sizeof(char *) + sizeof(Key)));
  for (size_t k = 0; k < count; ++k) {
    archive->names[k] = name_of_member(archive->zip.member(k).name);
    if (!archive->names[k])
      return place.fail_no_memory(strlen(archive->zip.member(k).name));
    archive->sorted[k] = {archive->names[k], k};
  }
  qsort(archive->sorted, count, sizeof(Key), compare_keys);
  for (size_t k = 1; k < count; ++k)
    if (compare_keys(&archive->sorted[k - 1], &archive->sorted[k]) == 0)
      return place.fail(OVERTIME_BAD_FORMAT, "two arrays have the name '%.100s'", archive->sorted[k].name);
  return OVERTIME_OK;
}

int open_archive(overtime_npz *archive, const Place &place) {
  archive->path = strdup(place.path);
  if (!archive->path)
    return place.fail_no_memory(strlen(place.path));
  if (int status = archive->zip.open(place))
    return status;
  return read_names(archive, place);
}

int write_member(ZipWriter &zip, const overtime_npz_item &item, const Place &place) {
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

/// Names must be there, not empty and different: an archive with two of a name loses one when read.
int check_names(const overtime_npz_item *items, size_t count, const Place &place) {
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

extern "C" int overtime_npy_read(const char *path, overtime_npy *array, overtime_message *message) {
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

extern "C" int overtime_npz_open(const char *path, overtime_npz **archive, overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || !archive)
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path and a place for the archive are needed, got NULL");
  *archive = nullptr;
  void *memory = malloc(sizeof(overtime_npz));
  if (!memory)
    return place.fail_no_memory(sizeof(overtime_npz));
  auto *opened = new (memory) overtime_npz;
  int status = open_archive(opened, place);
  if (status)
    overtime_npz_close(opened);
  else
    *archive = opened;
  return status;
}

extern "C" void overtime_npz_close(overtime_npz *archive) {
  if (!archive)
    return;
  archive->~overtime_npz();
  free(archive);
}

extern "C" size_t overtime_npz_count(const overtime_npz *archive) { return archive ? archive->zip.count() : 0; }

extern "C" const char *overtime_npz_name(const overtime_npz *archive, size_t index) {
  return index < overtime_npz_count(archive) ? archive->names[index] : nullptr;
}

extern "C" int overtime_npz_find(const overtime_npz *archive, const char *name, size_t *index) {
  if (!archive || !name || !index)
    return OVERTIME_NULL_ARGUMENT;
  Key wanted{name, 0};
  const void *found = bsearch(&wanted, archive->sorted, archive->zip.count(), sizeof(Key), compare_keys);
  if (!found)
    return OVERTIME_NOT_FOUND;
  *index = static_cast<const Key *>(found)->index;
  return OVERTIME_OK;
}

extern "C" int overtime_npz_read(const overtime_npz *archive, size_t index, overtime_npy *array,
                                 overtime_message *message) {
  Place place{archive ? archive->path : "", message, overtime_npz_name(archive, index)};
  if (!archive || !array)
    return place.fail(OVERTIME_NULL_ARGUMENT, "an archive and an array are needed, got NULL");
  *array = {};
  if (!place.member)
    return place.fail(OVERTIME_NOT_FOUND, "there is no array %zu among %zu", index, archive->zip.count());
  ByteReader reader;
  if (int status = archive->zip.open_member(index, &reader, place))
    return status;
  if (int status = read_npy(reader, array, place))
    return status;
  uint32_t crc = 0;
  int status = reader.finish(&crc, place);
  if (!status && crc != archive->zip.member(index).crc)
    status = place.fail(OVERTIME_BAD_FORMAT, "the data is damaged: its CRC-32 is %08x, the directory says %08x", crc,
                        archive->zip.member(index).crc);
  if (status)
    overtime_npy_free(array);
  return status;
}

extern "C" int overtime_npz_write(const char *path, const overtime_npz_item *items, size_t count, int compress,
                                  overtime_message *message) {
  Place place{path ? path : "", message};
  if (!path || (count > 0 && !items))
    return place.fail(OVERTIME_NULL_ARGUMENT, "a path and arrays are needed, got NULL");
  if (int status = check_names(items, count, place))
    return status;
  ZipWriter zip(compress != 0);
  if (int status = zip.open(place))
    return status;
  for (size_t k = 0; k < count; ++k)
    if (int status = write_member(zip, items[k], Place{path, message, items[k].name}))
      return status;
  return zip.commit(place);
}

extern "C" int overtime_npy_write(const char *path, const overtime_npz_item *item, overtime_message *message) {
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
