// SPDX-License-Identifier: Apache-2.0
// A loop's program on a GPU: compiled for it, with its arrays on it. Private to compiler/trace.
#pragma once

#include "compiler/driver/gpu/GpuCode.h"
#include "compiler/trace/host/error.h"
#include "compiler/trace/loops/open_device.h"

#include "runtime/cuda/session.h"

#include <memory>

namespace overtime::detail {

struct StepRange;

/// Whether $OVERTIME_DUMP_KERNELS names a folder for the PTX and the LLVM IR of every kernel that is loaded. The cache
/// does not keep the IR.
bool dumps_kernels();
void dump_kernel(const driver::GpuCode &code);

/// The module, which is used up, compiled for a device, or found on disk; and dumped.
driver::GpuCode gpu_code(mlir::ModuleOp module, const driver::ProgramInfo &info, const gpu::Device &device, bool cache,
                         driver::CallNumbers numbers = driver::CallNumbers::Arguments);

class DeviceProgram {
public:
  /// Compiles the module, which is used up, for the device of that number, or finds its code on disk.
  DeviceProgram(mlir::ModuleOp module, const driver::ProgramInfo &info, int number, bool cache, SourceLocation at);

  const driver::ProgramInfo &info() const { return code.info; }
  const driver::StageTimes &times() const { return code.times; }

  /// Buffers: states, params, inputs, outputs; strides: of inputs and outputs, 0 for a row for all steps. `fresh`: the
  /// numbers of states and params have changed since the device saw them. `on_device`: inputs and outputs of every step
  /// lie on the device already.
  void run(const StepRange &range, const std::vector<void *> &buffers, const std::vector<std::int64_t> &strides,
           bool fresh, bool on_device = false);

  /// Of the device, not cleared.
  std::shared_ptr<void> memory(std::size_t bytes) const;

  /// The device's own numbers of state or parameter k after a run, for as long as the pointer lives.
  std::shared_ptr<void> variable(std::size_t k) const;

private:
  const gpu::Device &device;
  int number;
  driver::GpuCode code;
  std::shared_ptr<gpu::Session> session; // others may hold its memory
};

} // namespace overtime::detail
