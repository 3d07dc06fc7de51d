/* SPDX-License-Identifier: Apache-2.0
 * Reads and writes NumPy's .npy and .npz files. Files are data from anyone: damage is an error, never a crash.
 *
 * Read: .npy versions 1 to 3; little-endian f4 f8 i1 i2 i4 i8 u1 u2 u4 and b1, C and Fortran order; .npz members stored
 * or deflated, zip64 included, their CRC checked. Integers come as int64. Arrays come in C order.
 * Every function that can fail returns an overtime_status and, when `message` is not NULL, writes a line that names the
 * file, the member and the fault. */
#ifndef OVERTIME_RUNTIME_NPZ_H
#define OVERTIME_RUNTIME_NPZ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OVERTIME_MAX_RANK 32

typedef struct overtime_message {
  char text[1024];
} overtime_message;

/* An array in C order. What a read function filled owns `data` (see runtime/memory.h): overtime_npy_free it. */
typedef struct overtime_npy {
  int32_t dtype; /* overtime_dtype */
  int32_t rank;
  int64_t shape[OVERTIME_MAX_RANK];
  int64_t elements;
  uint64_t bytes;
  void *data;
} overtime_npy;

void overtime_npy_free(overtime_npy *array);

int overtime_npy_read(const char *path, overtime_npy *array, overtime_message *message);

/* An archive that is open for reading; several threads may read from one. */
typedef struct overtime_npz overtime_npz;

/* Opens an archive and reads its directory. On failure *archive is NULL. */
int overtime_npz_open(const char *path, overtime_npz **archive, overtime_message *message);
void overtime_npz_close(overtime_npz *archive);

size_t overtime_npz_count(const overtime_npz *archive);
/* Name of an array as NumPy shows it, without ".npy"; NULL beyond the last. */
const char *overtime_npz_name(const overtime_npz *archive, size_t index);
int overtime_npz_find(const overtime_npz *archive, const char *name, size_t *index);
int overtime_npz_read(const overtime_npz *archive, size_t index, overtime_npy *array, overtime_message *message);

/* An array to be written; `shape` and `data` stay the caller's. */
typedef struct overtime_npz_item {
  const char *name; /* not used in a .npy */
  int32_t dtype;
  int32_t rank;
  const int64_t *shape;
  const void *data;
} overtime_npz_item;

/* Write a file that appears whole or not at all: written beside its place, flushed to the disk, then renamed.
 * compress: 0 stores the arrays, anything else deflates them (level 1). */
int overtime_npz_write(const char *path, const overtime_npz_item *items, size_t count, int compress,
                       overtime_message *message);
int overtime_npy_write(const char *path, const overtime_npz_item *item, overtime_message *message);

/* Removes what is half written beside its place. For a signal handler that is about to end the process. */
void overtime_remove_unfinished(void);

#ifdef __cplusplus
}
#endif
#endif
