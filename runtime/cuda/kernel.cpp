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

bool Kernel::load_image(const overtime_gpu_image &image, const char *name, Failure &failure) {
  char log[512] = {};
  int options[] = {error_log, error_log_bytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  Result result = device.driver().cuModuleLoadDataEx(&module, image.data, 2, options, values);
  if (result == 0) {
    image_ = image;
    return check(device.driver(), device.driver().cuModuleGetFunction(&function, module, name), failure,
                 "looking for a kernel") &&
           take_shared_memory(failure);
  }
  check(device.driver(), result, failure, image.is_ptx ? "assembling PTX" : "loading machine code");
  if (log[0]) {
    Failure said = failure;
    failure = {};
    fail(failure, "%s: %s", said.text, log);
  }
  return false;
}

/// The newest image of a kind that a device of capability `have` takes; NULL without one.
static const overtime_gpu_image *newest(const overtime_gpu_image *images, size_t count, int have, bool ptx) {
  const overtime_gpu_image *best = nullptr;
  for (const overtime_gpu_image *image = images; image != images + count; ++image) {
    bool fits = image->capability <= have && (ptx || image->capability / 10 == have / 10);
    if (fits && bool(image->is_ptx) == ptx && (!best || best->capability < image->capability))
      best = image;
  }
  return best;
}

/// More than 48 KiB for a block, which a device gives only to who asks.
bool Kernel::take_shared_memory(Failure &failure) {
  constexpr int max_dynamic_shared_bytes = 8; // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
  return image_.launch_shared_bytes == 0 ||
         check(device.driver(),
               device.driver().cuFuncSetAttribute(function, max_dynamic_shared_bytes, int(image_.launch_shared_bytes)),
               failure, "asking for the shared memory of a block");
}

bool Kernel::load(const overtime_gpu_image *images, size_t count, const char *name, Failure &failure) {
  int have = device.capability();
  const overtime_gpu_image *code = newest(images, count, have, false), *text = newest(images, count, have, true);
  if (code) {
    Failure refused; // for instance of a toolkit that is newer than the driver
    if (load_image(*code, name, text ? refused : failure))
      return true;
  }
  if (text)
    return load_image(*text, name, failure);
  int lowest = count == 0 ? 0 : images[0].capability;
  for (size_t k = 1; k < count; ++k)
    lowest = images[k].capability < lowest ? images[k].capability : lowest;
  return fail(failure,
              "%s has compute capability %d.%d, and '%s' was compiled for %d.%d and later: compile it for sm_%d",
              device.name(), have / 10, have % 10, name, lowest / 10, lowest % 10, have);
}

bool Kernel::blocks_together(unsigned &blocks, Failure &failure) const {
  int each = 0;
  if (!check(device.driver(),
             device.driver().cuOccupancyMaxActiveBlocksPerMultiprocessor(&each, function, int(image_.threads),
                                                                         image_.launch_shared_bytes),
             failure, "asking how many blocks fit"))
    return false;
  if (each == 0)
    return fail(failure, "no block of %u threads fits on a processor of %s", image_.threads, device.name());
  unsigned resident = unsigned(each) * unsigned(device.processors());
  if (image_.blocks > resident)
    return fail(failure,
                "the program's %u blocks must run at the same time, and %s holds %u; compile it for as many "
                "multiprocessors as this device has: sm_%d:%d",
                image_.blocks, device.name(), resident, image_.capability, device.processors());
  unsigned most = image_.blocks != 0 ? image_.blocks : image_.most_blocks;
  blocks = most != 0 && most < resident ? most : resident;
  return true;
}

bool Kernel::launch(Stream &stream, void **arguments, Failure &failure) {
  const Driver &driver = device.driver();
  const overtime_gpu_image &how = image_;
  if (!how.cooperative)
    return check(driver,
                 driver.cuLaunchKernel(function, how.blocks, 1, 1, how.threads, 1, 1, how.launch_shared_bytes,
                                       stream.handle, arguments, nullptr),
                 failure, "launching a kernel");
  unsigned blocks = 0;
  if (!blocks_together(blocks, failure))
    return false;
  return check(driver,
               driver.cuLaunchCooperativeKernel(function, blocks, 1, 1, how.threads, 1, 1, how.launch_shared_bytes,
                                                stream.handle, arguments),
               failure, "launching a kernel");
}

} // namespace overtime::gpu
