// SPDX-License-Identifier: Apache-2.0
// What a program asks of whoever runs it on a GPU. Only programs with code for one are linked with an answer.
#ifndef OVERTIME_RUNTIME_GPU_DRIVER_H
#define OVERTIME_RUNTIME_GPU_DRIVER_H

#include "runtime/parts.h"

/// State blocks are told apart by their places. `message` has OVERTIME_MESSAGE_BYTES and says why a function is false.
struct overtime_gpu_driver {
  /// Opens GPU `number`, from 0, for a block, with the kernel on it, and closes what the block had on another.
  bool (*open)(const overtime_program *program, const void *state, int32_t number, char *message);
  /// Runs all parts of a call there; opens the GPU where the block has none, as one that was copied. States and outputs
  /// are on the host then.
  bool (*run)(const overtime_program *program, const void *state, int32_t number,
              const overtime::detail::EntryCall &call, char *message);
  /// Gives back what a block has on a GPU, if it has.
  void (*close)(const void *state);
};

/// For NVIDIA's GPUs, in libovertime_cuda.a.
extern "C" const overtime_gpu_driver overtime_cuda_driver;

#endif
