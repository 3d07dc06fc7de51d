// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint on a GPU, with all they read and write. Private to compiler/trace.
#pragma once

#include "compiler/driver/training/Gradient.h"
#include "compiler/trace/training/gradient_memory.h"

#include "runtime/checkpoints.h"
#include "runtime/cuda/device.h"

#include <memory>

namespace overtime::detail {

struct StepRange;

class DeviceGradient {
public:
  /// Compiles for the device of that number. The module is used up.
  DeviceGradient(mlir::ModuleOp module, const driver::ProgramInfo &info, const driver::GradientSpec &spec, int number,
                 bool cache, SourceLocation at);
  ~DeviceGradient();
  DeviceGradient(const DeviceGradient &) = delete;
  DeviceGradient &operator=(const DeviceGradient &) = delete;

  const driver::GradientLayout &layout() const;

  /// Copies the arrays that the host gives there, queues all that the plan says on one stream, copies back what the
  /// host takes, and waits once.
  void run(const StepRange &range, GradientMemory memory, const overtime_checkpoint_plan &plan);

  // The same in parts, on a stream of others.
  /// Whether reserve() leaves all memory that it gave before where it is.
  bool has_room(const GradientMemory &memory, const overtime_checkpoint_plan &plan) const;
  /// Places for the arrays that have none.
  void reserve(GradientMemory &memory, const overtime_checkpoint_plan &plan);
  /// Queues all that the plan says, without waiting; false after a failure. `numbers`: of the call, gpu::StoredNumbers
  /// in memory of the device.
  bool queue(gpu::Stream &stream, const GradientMemory &memory, const overtime_checkpoint_plan &plan,
             gpu::DevicePointer numbers, gpu::Failure &failure);

  struct Loaded;

private:
  std::unique_ptr<Loaded> loaded;
};

} // namespace overtime::detail
