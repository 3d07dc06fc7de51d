// SPDX-License-Identifier: Apache-2.0
// A compiled program, for this machine's processor or for a GPU. Private to compiler/trace.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/trace/host/tensor.h"
#include "compiler/trace/loops/device.h"
#include "compiler/trace/loops/device_program.h"

#include <memory>
#include <vector>

namespace overtime::detail {

/// Steps of a call of compiled code.
struct StepRange {
  std::int64_t count = 0, i0 = 0, k0 = 0; // k0: steps since t0
  double t0 = 0.0;
  std::uint64_t seed = 0;
};

class LoadedCode {
public:
  LoadedCode() = default;
  /// Compiles the module, which is used up, or takes its code from the cache.
  LoadedCode(mlir::ModuleOp module, const driver::ProgramInfo &info, const Device &device, bool cache,
             SourceLocation at);

  const driver::ProgramInfo &info() const { return device ? device->info() : host->info; }
  const driver::StageTimes &times() const { return device ? device->times() : host->times; }

  /// Buffers: states, params, inputs, outputs; strides: of inputs and outputs, 0 for one row at all steps. On at most
  /// this many threads, 0 for as many as pay. `fresh`: states and params hold other numbers than this program left.
  /// `placed`: inputs and outputs of every step are addresses of the GPU.
  void run(const StepRange &range, std::int32_t threads, const std::vector<void *> &buffers,
           const std::vector<std::int64_t> &strides, bool fresh, bool placed = false);

  /// Null on the processor.
  const DeviceProgram *on_device() const { return device.get(); }

private:
  std::unique_ptr<driver::HostProgram> host;
  std::unique_ptr<DeviceProgram> device; // in place of `host`
  Tensor workspace;
};

/// At least so many bytes, kept from call to call.
void *at_least(std::uint64_t bytes, Tensor &kept);

/// "native"; the tests run the code of older processors by the variable OVERTIME_TARGET.
std::string target_of_runs();

/// Throws the driver's error as ours.
[[noreturn]] void throw_compile_error(llvm::Error error);

} // namespace overtime::detail
