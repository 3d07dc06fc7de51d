// SPDX-License-Identifier: Apache-2.0
// Work of a stream that is recorded once and launched as often as wanted.
#ifndef OVERTIME_RUNTIME_CUDA_GRAPH_H
#define OVERTIME_RUNTIME_CUDA_GRAPH_H

#include "runtime/cuda/device.h"

namespace overtime::gpu {

/// A launch repeats addresses and arguments as they were recorded; only what lies in memory may be another. So a graph
/// must end before the memory and the kernels that it uses.
class Graph {
public:
  explicit Graph(const Device &device) : device(device) {}
  ~Graph();
  Graph(const Graph &) = delete;
  Graph &operator=(const Graph &) = delete;

  /// What `queue` puts on the stream, and does not do yet. `queue` returns false after a failure, and allocates and
  /// waits for nothing. After a failure the stream is as before.
  template <class Queue> bool record(Stream &stream, const Queue &queue, Failure &failure) {
    if (!begin(stream, failure))
      return false;
    bool queued = queue();
    return end(stream, failure) && queued;
  }
  bool launch(Stream &stream, Failure &failure);

private:
  bool begin(Stream &stream, Failure &failure);
  bool end(Stream &stream, Failure &failure);

  const Device &device;
  GraphExecHandle handle = nullptr;
};

} // namespace overtime::gpu
#endif
