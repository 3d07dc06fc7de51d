/* SPDX-License-Identifier: Apache-2.0
 * Counter-based random numbers: each is a function of what it is for, so any order of drawing gives the same. */
#ifndef OVERTIME_RUNTIME_RANDOM_H
#define OVERTIME_RUNTIME_RANDOM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One block of Philox 4x32 with 10 rounds; Salmon, Moraes, Dror & Shaw 2011, section 4.3. */
void overtime_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Uniform in [0, 1) and standard normal, with the bits of dyn.random (RandomOps.td says which): key `seed`, counter
 * (block of the element, step, stream). The normal numbers are computed in double with the C library. */
float overtime_uniform_f32(uint64_t seed, uint32_t stream, int64_t step, uint32_t element);
double overtime_uniform_f64(uint64_t seed, uint32_t stream, int64_t step, uint32_t element);
double overtime_normal_f32(uint64_t seed, uint32_t stream, int64_t step, uint32_t element);
double overtime_normal_f64(uint64_t seed, uint32_t stream, int64_t step, uint32_t element);

#ifdef __cplusplus
}
#endif
#endif
