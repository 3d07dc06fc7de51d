// SPDX-License-Identifier: Apache-2.0
// Allocates array memory.
#include "runtime/memory.h"

#include "runtime/abi.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

/// Rows of synapses are read in no order; with pages of 4 KiB most of them would wait for the address first.
constexpr uint64_t huge_page = 2 << 20;

/// Linux promises more memory than there is and kills the process when it is used; a size beyond this is refused.
uint64_t physical_memory() {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0)
    return UINT64_MAX / 2;
  return static_cast<uint64_t>(pages) * static_cast<uint64_t>(page);
}

} // namespace

extern "C" void *overtime_allocate(uint64_t bytes) {
  constexpr uint64_t unit = OVERTIME_ALIGNMENT;
  if (bytes > physical_memory())
    return nullptr;
  uint64_t padded = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
  bool large = padded >= 2 * huge_page;
  void *block = aligned_alloc(large ? huge_page : unit, padded);
  if (!block)
    return nullptr;
#ifdef MADV_HUGEPAGE
  if (large)
    (void)madvise(block, padded, MADV_HUGEPAGE); // advice: without it the block is as good, and slower
#endif
  memset(static_cast<char *>(block) + padded - unit, 0, unit);
  return block;
}
