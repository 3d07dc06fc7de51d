// SPDX-License-Identifier: Apache-2.0
// A device and what lives on it: memory, streams, events.
#include "runtime/cuda/device.h"

namespace overtime::gpu {

// Numbers of CUdevice_attribute.
constexpr int processor_count = 16, threads_of_multiprocessor = 39, capability_major = 75, capability_minor = 76;
constexpr unsigned without_timing = 2, beside_default_stream = 1; // of events; of streams

bool Device::read(int attribute, int &value, Failure &failure) const {
  return check(*driver_, driver_->cuDeviceGetAttribute(&value, attribute, device_), failure, "asking for a device");
}

bool Device::open(int number, Failure &failure) {
  driver_ = load_driver(failure);
  if (!driver_)
    return false;
  int count = 0, major = 0, minor = 0;
  if (!check(*driver_, driver_->cuDeviceGetCount(&count), failure, "counting devices"))
    return false;
  if (number < 0 || number >= count)
    return fail(failure, "there is no CUDA device %d: this machine has %d, counted from 0", number, count);
  if (!check(*driver_, driver_->cuDeviceGet(&device_, number), failure, "opening a device") ||
      !check(*driver_, driver_->cuDeviceGetName(name_, sizeof name_, device_), failure, "asking a device's name") ||
      !read(capability_major, major, failure) || !read(capability_minor, minor, failure) ||
      !read(processor_count, processors_, failure) || !read(threads_of_multiprocessor, threads_of_processor_, failure))
    return false;
  capability_ = 10 * major + minor;
  return check(*driver_, driver_->cuDevicePrimaryCtxRetain(&context_, device_), failure, "making a context") &&
         enter(failure);
}

bool Device::enter(Failure &failure) const {
  return check(*driver_, driver_->cuCtxSetCurrent(context_), failure, "entering a context");
}

size_t Device::free_bytes(Failure &failure) const {
  size_t free = 0, total = 0;
  check(*driver_, driver_->cuMemGetInfo(&free, &total), failure, "asking for free memory");
  return free;
}

bool Buffer::reserve(size_t wanted, Failure &failure) {
  if (wanted <= bytes)
    return true;
  free();
  if (!check(device.driver(), device.driver().cuMemAlloc(&at, wanted), failure, "allocating device memory"))
    return false;
  bytes = wanted;
  return true;
}

void Buffer::free() {
  if (at != 0)
    device.driver().cuMemFree(at); // fails only where the context is gone, and the memory with it
  at = 0;
  bytes = 0;
}

bool PinnedBuffer::reserve(size_t wanted) {
  if (wanted <= bytes)
    return true;
  free();
  void *place = nullptr;
  if (device.driver().cuMemHostAlloc(&place, wanted, 0) != 0)
    return false;
  at = static_cast<char *>(place);
  bytes = wanted;
  return true;
}

void PinnedBuffer::free() {
  if (at)
    device.driver().cuMemFreeHost(at);
  at = nullptr;
  bytes = 0;
}

Stream::~Stream() {
  if (handle)
    device.driver().cuStreamDestroy(handle);
}
bool Stream::open(Failure &failure) {
  return check(device.driver(), device.driver().cuStreamCreate(&handle, beside_default_stream), failure,
               "making a stream");
}
bool Stream::wait_for_default(Failure &failure) const {
  return check(device.driver(), device.driver().cuStreamSynchronize(nullptr), failure,
               "waiting for the default stream");
}
bool Stream::upload(DevicePointer to, const void *from, size_t bytes, Failure &failure) {
  return bytes == 0 || check(device.driver(), device.driver().cuMemcpyHtoDAsync(to, from, bytes, handle), failure,
                             "copying to the device");
}
bool Stream::download(void *to, DevicePointer from, size_t bytes, Failure &failure) {
  return bytes == 0 || check(device.driver(), device.driver().cuMemcpyDtoHAsync(to, from, bytes, handle), failure,
                             "copying from the device");
}
bool Stream::copy(DevicePointer to, DevicePointer from, size_t bytes, Failure &failure) {
  return bytes == 0 || check(device.driver(), device.driver().cuMemcpyDtoDAsync(to, from, bytes, handle), failure,
                             "copying on the device");
}
bool Stream::clear(DevicePointer at, size_t bytes, Failure &failure) {
  return bytes == 0 ||
         check(device.driver(), device.driver().cuMemsetD8Async(at, 0, bytes, handle), failure, "clearing memory");
}
bool Stream::wait(Failure &failure) {
  return check(device.driver(), device.driver().cuStreamSynchronize(handle), failure, "running a kernel");
}

Event::~Event() {
  if (handle)
    device.driver().cuEventDestroy(handle);
}
bool Event::open(Failure &failure) {
  return check(device.driver(), device.driver().cuEventCreate(&handle, without_timing), failure, "making an event");
}
bool Event::record(const Stream &stream, Failure &failure) {
  return check(device.driver(), device.driver().cuEventRecord(handle, stream.handle), failure, "recording an event");
}
bool Event::hold_back(const Stream &stream, Failure &failure) const {
  return check(device.driver(), device.driver().cuStreamWaitEvent(stream.handle, handle, 0), failure,
               "waiting for an event");
}
bool Event::wait(Failure &failure) const {
  return check(device.driver(), device.driver().cuEventSynchronize(handle), failure, "waiting for an event");
}

} // namespace overtime::gpu
