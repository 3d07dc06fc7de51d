// SPDX-License-Identifier: Apache-2.0
// A kernel of a program on a device: loaded from machine code or PTX, and launched.
#ifndef OVERTIME_RUNTIME_CUDA_KERNEL_H
#define OVERTIME_RUNTIME_CUDA_KERNEL_H

#include "runtime/cuda/device.h"

namespace overtime::gpu {

/// Code of one kernel. A device takes machine code of its own major capability, not newer than itself; PTX is text,
/// ended by a 0, which the driver assembles for this capability and all later ones.
struct KernelImage {
  const void *data;
  size_t bytes;
  int capability; ///< 90 for sm_90
  bool is_ptx;
};

/// How a kernel is launched. Threads that wait for each other across blocks are all resident at the same time: then
/// `blocks` is 0, for as many as the device holds, at most `most_blocks`.
struct KernelLaunch {
  unsigned threads, blocks, most_blocks;
  bool cooperative;
};

class Kernel {
public:
  explicit Kernel(const Device &device) : device(device) {}
  ~Kernel();
  Kernel(const Kernel &) = delete;
  Kernel &operator=(const Kernel &) = delete;

  /// The best of the images that the device takes.
  bool load(const KernelImage *images, size_t count, const char *name, Failure &failure);
  /// `arguments[k]` points at the k-th argument.
  bool launch(const KernelLaunch &how, Stream &stream, void **arguments, Failure &failure);

private:
  bool load_image(const KernelImage &image, Failure &failure);
  bool resident_blocks(const KernelLaunch &how, unsigned &blocks, Failure &failure) const;

  const Device &device;
  ModuleHandle module = nullptr;
  FunctionHandle function = nullptr;
};

} // namespace overtime::gpu
#endif
