// SPDX-License-Identifier: Apache-2.0
// An optimizer's update of all parameters as a kernel of a GPU. Private to compiler/trace.
#pragma once

#include "compiler/trace/loops/loop_data.h"

#include "runtime/cuda/kernel.h"

namespace overtime::detail {

/// One step of the loop whose data are gradients.
class DeviceOptimizer : public TraceFacts {
public:
  /// For gradients of these shapes.
  DeviceOptimizer(LoopData &updates, const std::vector<driver::ArrayInfo> &gradients, const gpu::Device &device,
                  SourceLocation at);
  ~DeviceOptimizer();

  /// Whether it is what these calls need.
  bool is_for(LoopData &updates, const std::vector<driver::ArrayInfo> &gradients) const;

  const driver::ProgramInfo &info() const { return code_.info; }
  std::vector<std::shared_ptr<Slot>> states, params; ///< moments and trained parameters; the rate

  /// Queues the update. `places`: states, params and gradients on the device; `numbers`: of the call, there.
  bool queue(gpu::Stream &stream, std::vector<gpu::DevicePointer> places, gpu::DevicePointer numbers,
             gpu::Failure &failure);

private:
  std::string key_;
  const gpu::Device &device_;
  driver::GpuCode code_;
  gpu::Kernel kernel_;
  gpu::Buffer workspace_;
};

} // namespace overtime::detail
