/* SPDX-License-Identifier: Apache-2.0
 * Blocks of memory for arrays: aligned, padded, and refused before the machine starts to swap. */
#ifndef OVERTIME_RUNTIME_MEMORY_H
#define OVERTIME_RUNTIME_MEMORY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* At least `bytes` bytes on an OVERTIME_ALIGNMENT boundary, padded with zeros to a multiple of it (never empty), so
 * that a whole vector may be read past the last element. The other bytes are not set. NULL when there is not as much:
 * more than the machine's physical memory is never tried. Release it with free(). */
void *overtime_allocate(uint64_t bytes);

#ifdef __cplusplus
}
#endif
#endif
