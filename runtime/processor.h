// SPDX-License-Identifier: Apache-2.0
// Which instructions this processor and its operating system offer to compiled programs.
#pragma once

#include "runtime/abi.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace overtime::detail {

#if defined(__x86_64__)
/// Bits of XCR0: which registers the operating system saves when it switches tasks.
inline uint32_t saved_registers() {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/// The overtime_instructions of this processor. CPUID is asked directly: __builtin_cpu_supports would tie a library to
/// the C compiler's own runtime library.
inline uint32_t instructions_of_processor() {
  uint32_t eax, ebx1, ecx1, edx, ebx7 = 0, ecx7 = 0, unused;
  if (!__get_cpuid(1, &eax, &ebx1, &ecx1, &edx))
    return 0;
  __get_cpuid_count(7, 0, &unused, &ebx7, &ecx7, &unused);
  auto all = [](uint32_t word, uint32_t bits) { return (word & bits) == bits; };
  uint32_t saved = all(ecx1, bit_OSXSAVE) ? saved_registers() : 0;
  uint32_t found = all(ecx1, bit_SSE4_2 | bit_POPCNT) ? OVERTIME_SSE42 : 0;
  if (!all(saved, 0x6)) // SSE and AVX registers
    return found;
  found |= all(ecx1, bit_AVX) ? OVERTIME_AVX : 0;
  found |= all(ecx1, bit_FMA) ? OVERTIME_FMA : 0;
  found |= all(ebx7, bit_AVX2) ? OVERTIME_AVX2 : 0;
  if (!all(saved, 0xe6)) // and mask, upper halves and upper sixteen of AVX-512
    return found;
  found |= all(ebx7, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL) ? OVERTIME_AVX512 : 0;
  found |= all(ecx7, bit_AVX512VBMI | bit_AVX512VBMI2) ? OVERTIME_AVX512VBMI : 0;
  return found;
}
#else
inline uint32_t instructions_of_processor() { return 0; }
#endif

} // namespace overtime::detail
