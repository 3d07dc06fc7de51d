/* SPDX-License-Identifier: Apache-2.0
 * Files of arrays that grow by rows: what a long run records goes to disk as it comes, in bounded memory. */
#ifndef OVERTIME_RUNTIME_FILES_ROW_FILE_H
#define OVERTIME_RUNTIME_FILES_ROW_FILE_H

#include "runtime/files/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct overtime_row_file overtime_row_file;

/* Begins FILE.npy of one array or FILE.npz of up to 8. `arrays` describe one row of each: names, types, shapes without
 * the first axis; their data is not looked at. Rows wait in files without names in the same folder, which the system
 * removes whatever happens; so a file takes twice its size on the disk while it is completed. */
int overtime_row_file_open(const char *path, const overtime_named_array *arrays, size_t count, overtime_row_file **file,
                           overtime_message *message);
int overtime_row_file_append(overtime_row_file *file, size_t array, const void *rows, int64_t count,
                             overtime_message *message);
int64_t overtime_row_file_rows(const overtime_row_file *file, size_t array);
/* Puts the complete file in its place, whole or not at all. */
int overtime_row_file_commit(overtime_row_file *file, overtime_message *message);
/* Without a commit before nothing is left. */
void overtime_row_file_close(overtime_row_file *file);

#ifdef __cplusplus
}
#endif
#endif
