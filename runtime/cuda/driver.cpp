// SPDX-License-Identifier: Apache-2.0
// NVIDIA's driver, found at run time: nothing links with it, and a machine without one runs everything else.
#include "runtime/cuda/driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

namespace overtime::gpu {

bool fail(Failure &failure, const char *format, ...) {
  if (failure)
    return false;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(failure.text, sizeof failure.text, format, arguments);
  va_end(arguments);
  return false;
}

bool check(const Driver &driver, Result result, Failure &failure, const char *doing) {
  if (result == 0)
    return true;
  const char *name = nullptr, *text = nullptr;
  if (driver.cuGetErrorName(result, &name) != 0 || !name)
    name = "an error that the driver does not name";
  if (driver.cuGetErrorString(result, &text) != 0 || !text)
    text = "no description";
  return fail(failure, "the CUDA driver failed while %s: %s (%s, %d)", doing, text, name, result);
}

namespace {

/// A function by the name of its current version.
template <class Function> bool find(void *library, Function *&function, const char *name, Failure &failure) {
  function = reinterpret_cast<Function *>(dlsym(library, name));
  return function || fail(failure, "the CUDA driver has no function %s: it is older than that of CUDA 12", name);
}

bool find_all(void *library, Driver &d, Failure &failure) {
  return find(library, d.cuInit, "cuInit", failure) && find(library, d.cuGetErrorName, "cuGetErrorName", failure) &&
         find(library, d.cuGetErrorString, "cuGetErrorString", failure) &&
         find(library, d.cuDeviceGetCount, "cuDeviceGetCount", failure) &&
         find(library, d.cuDeviceGet, "cuDeviceGet", failure) &&
         find(library, d.cuDeviceGetName, "cuDeviceGetName", failure) &&
         find(library, d.cuDeviceGetAttribute, "cuDeviceGetAttribute", failure) &&
         find(library, d.cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", failure) &&
         find(library, d.cuCtxSetCurrent, "cuCtxSetCurrent", failure) &&
         find(library, d.cuMemGetInfo, "cuMemGetInfo_v2", failure) &&
         find(library, d.cuMemAlloc, "cuMemAlloc_v2", failure) && find(library, d.cuMemFree, "cuMemFree_v2", failure) &&
         find(library, d.cuMemHostAlloc, "cuMemHostAlloc", failure) &&
         find(library, d.cuMemFreeHost, "cuMemFreeHost", failure) &&
         find(library, d.cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", failure) &&
         find(library, d.cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2", failure) &&
         find(library, d.cuMemcpyDtoDAsync, "cuMemcpyDtoDAsync_v2", failure) &&
         find(library, d.cuMemsetD8Async, "cuMemsetD8Async", failure) &&
         find(library, d.cuStreamCreate, "cuStreamCreate", failure) &&
         find(library, d.cuStreamSynchronize, "cuStreamSynchronize", failure) &&
         find(library, d.cuStreamWaitEvent, "cuStreamWaitEvent", failure) &&
         find(library, d.cuStreamDestroy, "cuStreamDestroy_v2", failure) &&
         find(library, d.cuEventCreate, "cuEventCreate", failure) &&
         find(library, d.cuEventRecord, "cuEventRecord", failure) &&
         find(library, d.cuEventSynchronize, "cuEventSynchronize", failure) &&
         find(library, d.cuEventDestroy, "cuEventDestroy_v2", failure) &&
         find(library, d.cuModuleLoadDataEx, "cuModuleLoadDataEx", failure) &&
         find(library, d.cuModuleGetFunction, "cuModuleGetFunction", failure) &&
         find(library, d.cuModuleUnload, "cuModuleUnload", failure) &&
         find(library, d.cuFuncGetAttribute, "cuFuncGetAttribute", failure) &&
         find(library, d.cuFuncSetAttribute, "cuFuncSetAttribute", failure) &&
         find(library, d.cuOccupancyMaxActiveBlocksPerMultiprocessor, "cuOccupancyMaxActiveBlocksPerMultiprocessor",
              failure) &&
         find(library, d.cuLaunchKernel, "cuLaunchKernel", failure) &&
         find(library, d.cuLaunchCooperativeKernel, "cuLaunchCooperativeKernel", failure);
}

void find_graphs(void *library, Driver &d) {
  Failure missing;
  bool all = find(library, d.cuStreamBeginCapture, "cuStreamBeginCapture_v2", missing) &&
             find(library, d.cuStreamEndCapture, "cuStreamEndCapture", missing) &&
             find(library, d.cuGraphInstantiate, "cuGraphInstantiateWithFlags", missing) &&
             find(library, d.cuGraphLaunch, "cuGraphLaunch", missing) &&
             find(library, d.cuGraphExecDestroy, "cuGraphExecDestroy", missing) &&
             find(library, d.cuGraphDestroy, "cuGraphDestroy", missing);
  if (!all)
    d.cuStreamBeginCapture = nullptr;
}

struct Loaded {
  Driver driver;
  Failure failure;
};
Loaded loaded;

void load() {
  const char *asked = getenv("OVERTIME_LIBCUDA");
  const char *path = asked && *asked ? asked : "libcuda.so.1";
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fail(loaded.failure, "there is no CUDA driver here: %s; install NVIDIA's driver, or run on the cpu", dlerror());
    return;
  }
  if (!find_all(library, loaded.driver, loaded.failure))
    return;
  find_graphs(library, loaded.driver);
  int devices = 0;
  if (check(loaded.driver, loaded.driver.cuInit(0), loaded.failure, "starting") &&
      check(loaded.driver, loaded.driver.cuDeviceGetCount(&devices), loaded.failure, "counting devices") &&
      devices == 0)
    fail(loaded.failure, "the CUDA driver finds no device on this machine");
}

} // namespace

const Driver *load_driver(Failure &failure) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!loaded.failure)
    return &loaded.driver;
  fail(failure, "%s", loaded.failure.text);
  return nullptr;
}

} // namespace overtime::gpu
