// SPDX-License-Identifier: Apache-2.0
// A kernel of a program on a device: loaded from machine code or PTX, and launched.
#include "runtime/cuda/kernel.h"

namespace overtime::gpu {

// Numbers of CUjit_option.
constexpr int error_log = 5, error_log_bytes = 6;

Kernel::~Kernel() {
  if (module)
    device.driver().cuModuleUnload(module);
}

bool Kernel::load_image(const KernelImage &image, Failure &failure) {
  char log[512] = {};
  int options[] = {error_log, error_log_bytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  Result result = device.driver().cuModuleLoadDataEx(&module, image.data, 2, options, values);
  if (result == 0)
    return true;
  check(device.driver(), result, failure, image.is_ptx ? "assembling PTX" : "loading machine code");
  if (log[0]) {
    Failure said = failure;
    failure = {};
    fail(failure, "%s: %s", said.text, log);
  }
  return false;
}

bool Kernel::load(const KernelImage *images, size_t count, const char *name, Failure &failure) {
  const KernelImage *best = nullptr;
  int have = device.capability(), lowest = 0;
  for (size_t k = 0; k < count; ++k) {
    const KernelImage &image = images[k];
    if (lowest == 0 || image.capability < lowest)
      lowest = image.capability;
    bool fits = image.capability <= have && (image.is_ptx || image.capability / 10 == have / 10);
    // Machine code before PTX, which has to be assembled; then the newest.
    bool better = !best || (best->is_ptx && !image.is_ptx) ||
                  (best->is_ptx == image.is_ptx && best->capability < image.capability);
    if (fits && better)
      best = &image;
  }
  if (!best)
    return fail(failure,
                "%s has compute capability %d.%d, and '%s' was compiled for %d.%d and later: compile it for sm_%d",
                device.name(), have / 10, have % 10, name, lowest / 10, lowest % 10, have);
  return load_image(*best, failure) &&
         check(device.driver(), device.driver().cuModuleGetFunction(&function, module, name), failure,
               "looking for a kernel");
}

bool Kernel::resident_blocks(const KernelLaunch &how, unsigned &blocks, Failure &failure) const {
  int each = 0;
  if (!check(device.driver(),
             device.driver().cuOccupancyMaxActiveBlocksPerMultiprocessor(&each, function, int(how.threads), 0), failure,
             "asking how many blocks fit"))
    return false;
  if (each == 0)
    return fail(failure, "no block of %u threads fits on a processor of %s", how.threads, device.name());
  blocks = unsigned(each) * unsigned(device.processors());
  if (how.most_blocks != 0 && blocks > how.most_blocks)
    blocks = how.most_blocks;
  return true;
}

bool Kernel::launch(const KernelLaunch &how, Stream &stream, void **arguments, Failure &failure) {
  const Driver &driver = device.driver();
  if (!how.cooperative)
    return check(
        driver,
        driver.cuLaunchKernel(function, how.blocks, 1, 1, how.threads, 1, 1, 0, stream.handle, arguments, nullptr),
        failure, "launching a kernel");
  unsigned blocks = how.blocks;
  if (blocks == 0 && !resident_blocks(how, blocks, failure))
    return false;
  return check(driver,
               driver.cuLaunchCooperativeKernel(function, blocks, 1, 1, how.threads, 1, 1, 0, stream.handle, arguments),
               failure, "launching a kernel");
}

} // namespace overtime::gpu
