// SPDX-License-Identifier: Apache-2.0
// What an update has on a GPU beside variables and tape, for data of one shape. Private to compiler/trace.
#pragma once

#include "compiler/trace/training/gradient_run.h"

#include "runtime/cuda/graph.h"
#include "runtime/cuda/kernel.h"

#include <map>

namespace overtime::detail {

inline gpu::DevicePointer address(const DeviceTensor &t) { return reinterpret_cast<gpu::DevicePointer>(t.data()); }

/// What changes from update to update without being data: one copy brings it to the device before the kernels, which
/// read it there. The loss grows in it, on the device.
struct CallBlock {
  gpu::StoredNumbers gradient, update;
  double adjoint, share, loss; ///< in the type of the run: 1, of the loss; of a step in a mean over time; 0 at first
  double result;               ///< where the host takes the loss
};

/// Memory that stays where it is for as long as its graphs.
class UpdateMemory {
public:
  UpdateMemory(const CompiledGradient &c, const Device &where, const gpu::Device &device, SourceLocation at);
  ~UpdateMemory();

  /// Puts states, adjoints and the share of a step where they are.
  void place(GradientMemory &arrays, bool has_share) const;
  /// Of the target, where the gradient has its state k; none for the loss and what belongs to it.
  const std::optional<DeviceTensor> &state(std::size_t k) const { return states_[k]; }

  CallBlock &block() { return *block_; }
  /// Whether copies of the block happen when they are reached, and not when they are queued.
  bool is_pinned() const { return pinned_.at != nullptr; }
  gpu::DevicePointer on_device(const void *part_of_block) const;

  /// Copies initial numbers of state k to the device, unless it has them.
  bool set_start(std::size_t k, const Tensor &numbers, gpu::Stream &stream, gpu::Failure &failure);
  /// Queues the block, zeros for adjoints and, `from_start`, the initial numbers of all states.
  bool queue_begin(gpu::Stream &stream, bool from_start, gpu::Failure &failure);

private:
  void make_places(const CompiledGradient &c, const Device &where, SourceLocation at);

  const gpu::Device &device_;
  gpu::PinnedBuffer pinned_;
  CallBlock pageable_ = {}, *block_ = &pageable_;
  gpu::Buffer there_, zeros_, starts_; // there_: the block
  std::shared_ptr<void> all_states_;   // others may hold it
  std::size_t bytes_ = 0;              // of all states
  std::vector<std::size_t> offsets_;   // of each, in both memories of them
  std::vector<std::optional<DeviceTensor>> states_;
  std::vector<std::optional<Tensor>> start_; // what the device has
  std::vector<gpu::DevicePointer> state_at_, adjoint_at_;

public:
  std::map<std::int64_t, gpu::Graph> graphs; ///< by steps of the call; they end before the memory
};

} // namespace overtime::detail
