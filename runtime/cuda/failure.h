// SPDX-License-Identifier: Apache-2.0
// What went wrong on a device, in words: what was done, and what the driver said.
#ifndef OVERTIME_RUNTIME_CUDA_FAILURE_H
#define OVERTIME_RUNTIME_CUDA_FAILURE_H

namespace overtime::gpu {

struct Failure {
  char text[1024] = {};
  explicit operator bool() const { return text[0] != '\0'; }
};

/// Writes like printf; returns false, so that a function can end with it. The first failure stays: what comes after it
/// mostly follows from it.
bool fail(Failure &failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

} // namespace overtime::gpu
#endif
