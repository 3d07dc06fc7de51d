/* SPDX-License-Identifier: Apache-2.0
 * Reads and writes files of arrays: .npz and .safetensors with names, .npy with one. Files are data from anyone: damage
 * is an error, never a crash, and nothing in a file is ever executed.
 *
 * Read: .npy versions 1 to 3; little-endian f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 and b1, C and Fortran order; .npz members
 * stored or deflated, zip64 included, their CRC checked; .safetensors with F16 BF16 F32 F64 I8 I16 I32 I64 U8 U16 U32
 * and BOOL, the digest that Overtime writes checked where there is one. Integers come as int64, halves as f32, both
 * exactly. Arrays come in C order.
 * Every function that can fail returns an overtime_status and, when `message` is not NULL, writes a line that names the
 * file, the array and the fault. */
#ifndef OVERTIME_RUNTIME_FILES_ARCHIVE_H
#define OVERTIME_RUNTIME_FILES_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OVERTIME_MAX_RANK 32

typedef struct overtime_message {
  char text[1024];
} overtime_message;

/* An array in C order. What a read function filled owns `data` (see runtime/memory.h): overtime_host_array_free it. */
typedef struct overtime_host_array {
  int32_t dtype; /* overtime_dtype */
  int32_t rank;
  int64_t shape[OVERTIME_MAX_RANK];
  int64_t elements;
  uint64_t bytes;
  void *data;
} overtime_host_array;

void overtime_host_array_free(overtime_host_array *array);

int overtime_npy_read(const char *path, overtime_host_array *array, overtime_message *message);

/* A file of named arrays that is open for reading; several threads may read from one. */
typedef struct overtime_archive overtime_archive;

/* Opens FILE.npz or FILE.safetensors, reads its directory, and of a .safetensors checks the digest. On failure *archive
 * is NULL. */
int overtime_archive_open(const char *path, overtime_archive **archive, overtime_message *message);
void overtime_archive_close(overtime_archive *archive);

size_t overtime_archive_count(const overtime_archive *archive);
/* Name of an array, as NumPy shows it: without ".npy"; NULL beyond the last. */
const char *overtime_archive_name(const overtime_archive *archive, size_t index);
int overtime_archive_find(const overtime_archive *archive, const char *name, size_t *index);
int overtime_archive_read(const overtime_archive *archive, size_t index, overtime_host_array *array,
                          overtime_message *message);

/* An array to be written; `shape` and `data` stay the caller's. */
typedef struct overtime_named_array {
  const char *name; /* not used in a .npy */
  int32_t dtype;
  int32_t rank;
  const int64_t *shape;
  const void *data;
} overtime_named_array;

/* Write a file that appears whole or not at all: written beside its place, flushed to the disk, then renamed. What
 * killed writers of the same file left beside it is removed.
 * compress: 0 stores the arrays, anything else deflates them (level 1); a .safetensors is never compressed. */
int overtime_archive_write(const char *path, const overtime_named_array *arrays, size_t count, int compress,
                           overtime_message *message);
int overtime_npy_write(const char *path, const overtime_named_array *array, overtime_message *message);

/* Removes what is half written beside its place. For a signal handler that is about to end the process. */
void overtime_remove_unfinished(void);

#ifdef __cplusplus
}
#endif
#endif
