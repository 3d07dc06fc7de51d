/* SPDX-License-Identifier: Apache-2.0
 * Synapses that are drawn row by row from a counter: the same whenever a row is drawn, so that none needs to be stored.
 */
#ifndef OVERTIME_RUNTIME_ROWS_H
#define OVERTIME_RUNTIME_ROWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OVERTIME_MOST_GAP_BITS 14
/* The largest `number` that is drawn in a step, where its table is on the stack. */
#define OVERTIME_MOST_DRAWN 16384

/* A rule by which every source has its targets. All is integers, so that every machine draws the same. */
typedef struct overtime_rows {
  int64_t seed;
  int64_t posts;      /* how many targets there are */
  int64_t number;     /* of targets for every source; -1: each target with a probability, by `gaps` */
  int64_t skips_self; /* 1: source i is not connected to target i */
  int64_t share;      /* of the sources that have any target, of 2^32 */
  int64_t segment;    /* so many targets are drawn by themselves, from numbers of their own */
  int64_t gap_bits;   /* there are 2^gap_bits gaps, and no more of the array is read */
  /* Walker's table: outcome k stays with a chance of (gaps[k] >> 32) in 2^(32 - gap_bits), or else is (uint32_t)
   * gaps[k]. k means k + 1 targets on; the last one k targets on with no synapse there. */
  uint64_t gaps[1 << OVERTIME_MOST_GAP_BITS];
} overtime_rows;

/* Each target with a probability in [0, 1], or, where `number` is not -1, so many of them; for a share of the sources
 * in [0, 1]. Returns how many words of the structure are read from now on. */
size_t overtime_describe_rows(overtime_rows *rows, int64_t seed, int64_t posts, double probability, int64_t number,
                              int skips_self, double share);

/* Adds `amount` to the targets of `source` from `first` on and before `last`; that of `first` is to[0]. */
void overtime_add_row_f32(const overtime_rows *rows, int64_t source, float amount, float *to, int64_t first,
                          int64_t last);
void overtime_add_row_f64(const overtime_rows *rows, int64_t source, double amount, double *to, int64_t first,
                          int64_t last);
/* The sum of weight * values[j] over the targets j of `source`. */
float overtime_sum_row_f32(const overtime_rows *rows, int64_t source, float weight, const float *values);
double overtime_sum_row_f64(const overtime_rows *rows, int64_t source, double weight, const double *values);
/* Writes the targets of `source`, at most `posts`, and returns how many there are: in ascending order by gaps, in none
 * by number. `table` has overtime_row_table elements. */
int64_t overtime_draw_row(const overtime_rows *rows, int64_t source, uint32_t *table, int32_t *targets);
size_t overtime_row_table(const overtime_rows *rows);

#ifdef __cplusplus
}
#endif
#endif
