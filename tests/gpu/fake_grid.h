// SPDX-License-Identifier: Apache-2.0
// Runs a kernel that was compiled for this processor as the threads of a grid, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fake {

/// A function of the library that emulate.py writes.
struct Kernel {
  void (*call)(void **arguments) = nullptr;         ///< null: not there, and runs nothing
  std::int32_t *ids = nullptr;                      ///< thread, block, threads of a block, blocks
  void (**wait)(std::int32_t whole_grid) = nullptr; ///< what a barrier calls
  /// What threads of a warp do together: what it is, an own word, an operand.
  std::int32_t (**warp)(std::int32_t what, std::int32_t own, std::int32_t operand) = nullptr;
  /// What a product of a warp calls, with the thread's words of both operands and its sums, which it changes.
  void (**multiply)(std::int32_t is_bf16, const std::uint32_t *words, float *sums) = nullptr;
  char *shared = nullptr;       ///< memory of a block, for one block at a time
  std::size_t shared_bytes = 0; ///< 0 where the launch says it
  int arguments = 0;
  const char *kinds = nullptr; ///< of each argument: 'p' for a pointer, else a letter of its type
  bool is_pointer(int k) const { return kinds[k] == 'p'; }
};

/// Makes the library of the kernel whose PTX this is, where $OVERTIME_DUMP_KERNELS has its LLVM IR and
/// $FAKE_CUDA_EMULATE is the command to do it with, which gets the library's name and the IR's.
void build_kernel(const std::string &ptx);

/// From $FAKE_CUDA_KERNELS, or what was built last; empty without one of them.
Kernel find_kernel(const std::string &name);

/// Threads that wait for each other take turns; who is first changes from barrier to barrier.
/// `shared_bytes`: of a block, that the launch asks for.
void run(const Kernel &kernel, const std::vector<std::uint64_t> &arguments, unsigned blocks, unsigned threads,
         bool cooperative, unsigned shared_bytes);

} // namespace fake
