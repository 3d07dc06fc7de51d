// SPDX-License-Identifier: Apache-2.0
// A device and what lives on it: memory, streams, events. Everything is given back where its owner ends.
#ifndef OVERTIME_RUNTIME_CUDA_DEVICE_H
#define OVERTIME_RUNTIME_CUDA_DEVICE_H

#include "runtime/cuda/driver.h"

namespace overtime::gpu {

/// One GPU, by its primary context, which other libraries of the process share.
class Device {
public:
  /// Opens device `number`; use it only when that says true.
  bool open(int number, Failure &failure);
  /// Makes its context that of the calling thread.
  bool enter(Failure &failure) const;

  const Driver &driver() const { return *driver_; }
  int capability() const { return capability_; } ///< 90 for 9.0
  int processors() const { return processors_; }
  int threads_of_processor() const { return threads_of_processor_; }
  const char *name() const { return name_; }
  /// Bytes that can be had now.
  size_t free_bytes(Failure &failure) const;

private:
  bool read(int attribute, int &value, Failure &failure) const;

  const Driver *driver_ = nullptr;
  DeviceNumber device_ = 0;
  ContextHandle context_ = nullptr;
  int capability_ = 0, processors_ = 0, threads_of_processor_ = 0;
  char name_[128] = {};
};

/// Memory of a device.
class Buffer {
public:
  explicit Buffer(const Device &device) : device(device) {}
  ~Buffer() { free(); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  /// At least so many bytes; what was there is lost when there were fewer.
  bool reserve(size_t bytes, Failure &failure);
  void free();
  DevicePointer at = 0;
  size_t bytes = 0;

private:
  const Device &device;
};

/// Memory of the host that the device copies to while the host goes on: its pages stay where they are.
class PinnedBuffer {
public:
  explicit PinnedBuffer(const Device &device) : device(device) {}
  ~PinnedBuffer() { free(); }
  PinnedBuffer(const PinnedBuffer &) = delete;
  PinnedBuffer &operator=(const PinnedBuffer &) = delete;

  /// At least so many bytes; false where the system does not give them.
  bool reserve(size_t bytes);
  void free();
  char *at = nullptr;
  size_t bytes = 0;

private:
  const Device &device;
};

/// Work in order. What it reads and writes must live until it has been waited for.
class Stream {
public:
  explicit Stream(const Device &device) : device(device) {}
  ~Stream();
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  bool open(Failure &failure);
  bool upload(DevicePointer to, const void *from, size_t bytes, Failure &failure);
  bool download(void *to, DevicePointer from, size_t bytes, Failure &failure);
  bool copy(DevicePointer to, DevicePointer from, size_t bytes, Failure &failure);
  bool clear(DevicePointer at, size_t bytes, Failure &failure);
  bool wait(Failure &failure); ///< until everything is done
  /// Until the work of the default stream, where other libraries of the process put theirs, is done.
  bool wait_for_default(Failure &failure) const;
  StreamHandle handle = nullptr;

private:
  const Device &device;
};

/// A point of one stream that another can wait for.
class Event {
public:
  explicit Event(const Device &device) : device(device) {}
  ~Event();
  Event(const Event &) = delete;
  Event &operator=(const Event &) = delete;

  bool open(Failure &failure);
  bool record(const Stream &stream, Failure &failure);
  bool hold_back(const Stream &stream, Failure &failure) const; ///< until the point is reached
  bool wait(Failure &failure) const;                            ///< here

private:
  const Device &device;
  EventHandle handle = nullptr;
};

} // namespace overtime::gpu
#endif
