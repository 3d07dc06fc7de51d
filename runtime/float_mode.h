// SPDX-License-Identifier: Apache-2.0
// Gives compiled code the floating-point mode it was built for, whatever the caller's is.
#ifndef OVERTIME_RUNTIME_FLOAT_MODE_H
#define OVERTIME_RUNTIME_FLOAT_MODE_H

#include <stdint.h>

#if defined(__SSE__) || defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace overtime::detail {

/// Round to nearest, no flushing of subnormals, no traps, until the end of the scope; then the caller's mode again.
class DefaultFloatMode {
public:
  DefaultFloatMode() {
#if defined(__SSE__) || defined(__x86_64__)
    caller_ = _mm_getcsr();
    _mm_setcsr(0x1f80); // the value at the start of a program
#elif defined(__aarch64__)
    uint64_t mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    caller_ = mode;
    asm volatile("msr fpcr, %0" : : "r"(uint64_t(0)));
#endif
  }
  ~DefaultFloatMode() {
#if defined(__SSE__) || defined(__x86_64__)
    _mm_setcsr(static_cast<unsigned>(caller_));
#elif defined(__aarch64__)
    asm volatile("msr fpcr, %0" : : "r"(caller_));
#endif
  }
  DefaultFloatMode(const DefaultFloatMode &) = delete;
  DefaultFloatMode &operator=(const DefaultFloatMode &) = delete;

private:
  uint64_t caller_ = 0;
};

} // namespace overtime::detail
#endif
