// SPDX-License-Identifier: Apache-2.0
// A program on a device: its kernel, and its arrays, which stay there between calls.
#ifndef OVERTIME_RUNTIME_CUDA_SESSION_H
#define OVERTIME_RUNTIME_CUDA_SESSION_H

#include "runtime/cuda/kernel.h"

namespace overtime::gpu {

/// One array of a call, in the order of overtime_entry: states, parameters, inputs, outputs.
struct HostArray {
  enum Kind { State, Param, Input, Output } kind;
  void *data;                    ///< of a param or input only read; of an output that is not wanted NULL
  size_t bytes;                  ///< of all of a state or parameter, of one row of an input or output
  size_t elements;               ///< of a row
  bool every_step;               ///< inputs and outputs: a row for each step, one after the other; else one row for all
  bool is_on_device;             ///< states, parameters: the device has these numbers, from the call before
  bool is_device_memory = false; ///< inputs and outputs of every step: data is an address there, and nothing is copied
};

struct StepsOfCall {
  int64_t count, i0, k0;
  double t0;
  uint64_t seed;
};

class Session {
public:
  explicit Session(const Device &device) : device(device), kernel(device), compute(device), copy(device) {}
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  bool open(const overtime_gpu_image *images, size_t count, const char *name, Failure &failure);

  /// Runs the steps and brings states and wanted outputs to the host. Outputs that do not fit on the device at once,
  /// and those of long runs, are brought in pieces while the next piece is computed, by way of pinned memory where the
  /// system gives some.
  bool run(const StepsOfCall &steps, const HostArray *arrays, size_t count, Failure &failure);

  /// Where the numbers of state or parameter k are after a run; 0 before one. Others may read and write there between
  /// runs: from now on a run waits for the default stream, where they do.
  DevicePointer share(size_t k);

private:
  struct Place; // of an array on the device
  bool prepare(const HostArray *arrays, size_t count, int64_t rows, Failure &failure);
  bool upload_rows(const HostArray *arrays, int64_t first, int64_t rows, Failure &failure);
  bool reserve_staging(const HostArray *arrays, size_t count, int64_t rows);
  bool download_rows(const HostArray *arrays, int slot, int64_t first, int64_t rows, Failure &failure);
  bool settle(const HostArray *arrays, int slot, Failure &failure);
  bool start(const StepsOfCall &steps, const HostArray *arrays, int64_t first, int slot, Failure &failure);
  bool run_pieces(const StepsOfCall &steps, const HostArray *arrays, int64_t rows, Failure &failure);
  int64_t rows_of_piece(const HostArray *arrays, size_t count, int64_t steps, Failure &failure) const;

  const Device &device;
  Kernel kernel;
  Stream compute, copy;
  Place *places = nullptr;
  size_t place_count = 0;
  bool is_shared = false;
  Buffer workspace{device};
  /// Rows of a piece on their way to the host; the outputs lie one behind the other.
  struct Staged {
    explicit Staged(const Device &device) : memory(device) {}
    PinnedBuffer memory;
    int64_t first = 0, rows = 0; ///< of the run; none while nothing is on its way
  };
  Staged staged[2] = {Staged(device), Staged(device)};
  bool is_staged = false; ///< of this run
  int64_t most_rows = 0;  ///< of a piece
  Event computed[2] = {Event(device), Event(device)}, copied[2] = {Event(device), Event(device)};
};

} // namespace overtime::gpu
#endif
