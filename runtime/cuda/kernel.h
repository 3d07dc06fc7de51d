// SPDX-License-Identifier: Apache-2.0
// A kernel of a program on a device: loaded from machine code or PTX, and launched.
#ifndef OVERTIME_RUNTIME_CUDA_KERNEL_H
#define OVERTIME_RUNTIME_CUDA_KERNEL_H

#include "runtime/abi.h"
#include "runtime/cuda/device.h"

namespace overtime::gpu {

/// At the start of a workspace, where blocks may count each other; 0 before every launch.
constexpr size_t counter_bytes = 64;
inline bool has_counter(const overtime_gpu_image &how) { return how.workspace_bytes >= int64_t(counter_bytes); }

/// What a kernel with CallNumbers::Stored reads in the device's memory.
struct StoredNumbers {
  int64_t i0, k0; ///< of the call; a launch adds its own first step
  double t0;
  uint64_t seed;
};

class Kernel {
public:
  explicit Kernel(const Device &device) : device(device) {}
  ~Kernel();
  Kernel(const Kernel &) = delete;
  Kernel &operator=(const Kernel &) = delete;

  /// The best of the images that the device takes: machine code, and PTX where there is none or the driver refuses it.
  bool load(const overtime_gpu_image *images, size_t count, const char *name, Failure &failure);
  /// What load() chose, which says how to launch it.
  const overtime_gpu_image &image() const { return image_; }
  /// `arguments[k]` points at the k-th argument.
  bool launch(Stream &stream, void **arguments, Failure &failure);

private:
  bool load_image(const overtime_gpu_image &image, const char *name, Failure &failure);
  bool take_shared_memory(Failure &failure);
  /// How many of a cooperative kernel are launched: all must be resident.
  bool blocks_together(unsigned &blocks, Failure &failure) const;

  const Device &device;
  ModuleHandle module = nullptr;
  FunctionHandle function = nullptr;
  overtime_gpu_image image_ = {};
};

} // namespace overtime::gpu
#endif
