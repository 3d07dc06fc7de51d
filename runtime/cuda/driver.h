// SPDX-License-Identifier: Apache-2.0
// NVIDIA's driver, found at run time: nothing links with it, and a machine without one runs everything else.
#ifndef OVERTIME_RUNTIME_CUDA_DRIVER_H
#define OVERTIME_RUNTIME_CUDA_DRIVER_H

#include "runtime/cuda/failure.h"

#include <stddef.h>
#include <stdint.h>

namespace overtime::gpu {

// The types of the driver's interface (cuda.h), which is stable between versions.
using Result = int; // 0: success
using DeviceNumber = int;
using DevicePointer = uint64_t;
using ContextHandle = struct ContextTag *;
using ModuleHandle = struct ModuleTag *;
using FunctionHandle = struct FunctionTag *;
using StreamHandle = struct StreamTag *;
using EventHandle = struct EventTag *;
using GraphHandle = struct GraphTag *;
using GraphExecHandle = struct GraphExecTag *;

/// The functions of the driver that are used, under their names there.
struct Driver {
  Result (*cuInit)(unsigned);
  Result (*cuGetErrorName)(Result, const char **);
  Result (*cuGetErrorString)(Result, const char **);
  Result (*cuDeviceGetCount)(int *);
  Result (*cuDeviceGet)(DeviceNumber *, int);
  Result (*cuDeviceGetName)(char *, int, DeviceNumber);
  Result (*cuDeviceGetAttribute)(int *, int, DeviceNumber);
  Result (*cuDevicePrimaryCtxRetain)(ContextHandle *, DeviceNumber);
  Result (*cuCtxSetCurrent)(ContextHandle);
  Result (*cuMemGetInfo)(size_t *, size_t *);
  Result (*cuMemAlloc)(DevicePointer *, size_t);
  Result (*cuMemFree)(DevicePointer);
  Result (*cuMemHostAlloc)(void **, size_t, unsigned);
  Result (*cuMemFreeHost)(void *);
  Result (*cuMemcpyHtoDAsync)(DevicePointer, const void *, size_t, StreamHandle);
  Result (*cuMemcpyDtoHAsync)(void *, DevicePointer, size_t, StreamHandle);
  Result (*cuMemcpyDtoDAsync)(DevicePointer, DevicePointer, size_t, StreamHandle);
  Result (*cuMemsetD8Async)(DevicePointer, unsigned char, size_t, StreamHandle);
  Result (*cuStreamCreate)(StreamHandle *, unsigned);
  Result (*cuStreamSynchronize)(StreamHandle);
  Result (*cuStreamWaitEvent)(StreamHandle, EventHandle, unsigned);
  Result (*cuStreamDestroy)(StreamHandle);
  Result (*cuEventCreate)(EventHandle *, unsigned);
  Result (*cuEventRecord)(EventHandle, StreamHandle);
  Result (*cuEventSynchronize)(EventHandle);
  Result (*cuEventDestroy)(EventHandle);
  Result (*cuModuleLoadDataEx)(ModuleHandle *, const void *, unsigned, int *, void **);
  Result (*cuModuleGetFunction)(FunctionHandle *, ModuleHandle, const char *);
  Result (*cuModuleUnload)(ModuleHandle);
  Result (*cuFuncGetAttribute)(int *, int, FunctionHandle);
  Result (*cuFuncSetAttribute)(FunctionHandle, int, int);
  Result (*cuOccupancyMaxActiveBlocksPerMultiprocessor)(int *, FunctionHandle, int, size_t);
  Result (*cuLaunchKernel)(FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                           StreamHandle, void **, void **);
  Result (*cuLaunchCooperativeKernel)(FunctionHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                                      unsigned, StreamHandle, void **);
  // Graphs, all or none: NULL in a driver without them.
  Result (*cuStreamBeginCapture)(StreamHandle, int mode);
  Result (*cuStreamEndCapture)(StreamHandle, GraphHandle *);
  Result (*cuGraphInstantiate)(GraphExecHandle *, GraphHandle, unsigned long long flags);
  Result (*cuGraphLaunch)(GraphExecHandle, StreamHandle);
  Result (*cuGraphExecDestroy)(GraphExecHandle);
  Result (*cuGraphDestroy)(GraphHandle);
};

/// The driver, loaded and initialised once: libcuda.so.1, or the file that $OVERTIME_LIBCUDA names. NULL with a failure
/// that says what is missing.
const Driver *load_driver(Failure &failure);

/// Whether a call succeeded; else the failure tells `doing` and the driver's text.
bool check(const Driver &driver, Result result, Failure &failure, const char *doing);

} // namespace overtime::gpu
#endif
