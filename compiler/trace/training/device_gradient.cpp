// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint on a GPU, with all they read and write.
#include "compiler/trace/training/device_gradient.h"

#include "compiler/driver/gpu/GpuTarget.h"
#include "compiler/trace/loops/device_program.h"
#include "compiler/trace/loops/loop_data.h"

#include "runtime/gradient.h"

#include <deque>

namespace overtime::detail {
namespace {

driver::GpuGradient compiled_for(mlir::ModuleOp module, const driver::ProgramInfo &info,
                                 const driver::GradientSpec &spec, const gpu::Device &device, bool cache) {
  auto target = driver::gpuTargetFor(device.capability(), unsigned(device.processors()));
  if (!target)
    throw_compile_error(target.takeError());
  auto code = driver::compileGradientForGpu(module, info, spec, *target, cache && !dumps_kernels());
  if (!code)
    throw_compile_error(code.takeError());
  return std::move(*code);
}

void check(bool ok, const gpu::Failure &failure, SourceLocation at = {}) {
  if (!ok)
    throw Error(ErrorKind::Device, failure.text, at);
}

} // namespace

struct DeviceGradient::Loaded {
  Loaded(const gpu::Device &device, driver::GpuGradient code, SourceLocation at)
      : device(device), code(std::move(code)), forward(device), backward(device), stream(device), slots(device),
        workspace(device) {
    gpu::Failure failure;
    check(device.enter(failure) && stream.open(failure), failure, at);
    load(forward, this->code.forward, at);
    load(backward, this->code.backward, at);
  }
  static void load(gpu::Kernel &kernel, const driver::GpuCode &code, SourceLocation at) {
    dump_kernel(code);
    gpu::Failure failure;
    overtime_gpu_image ptx = code.ptxImage();
    check(kernel.load(&ptx, 1, code.info.name.c_str(), failure), failure, at);
  }

  const gpu::Device &device;
  driver::GpuGradient code;
  gpu::Kernel forward, backward;
  gpu::Stream stream;
  std::deque<gpu::Buffer> arrays; // kept for the next call
  gpu::Buffer slots, workspace;
};

namespace {

/// The steps of a plan, as work on a stream.
class QueuedSteps {
public:
  QueuedSteps(DeviceGradient::Loaded &on, const StepRange &range, const GradientMemory &memory)
      : on(on), range(range), memory(memory) {}

  gpu::Failure failure;

  int copy_states(std::int64_t slot, bool back) {
    std::int64_t bytes = 0;
    for (std::size_t k : memory.moving)
      bytes += memory.arrays[k].bytes;
    gpu::DevicePointer place = on.slots.at + static_cast<gpu::DevicePointer>(slot * bytes);
    for (std::size_t k : memory.moving) {
      auto size = static_cast<std::size_t>(memory.arrays[k].bytes);
      gpu::DevicePointer state = on.arrays[k].at;
      if (!on.stream.copy(back ? state : place, back ? place : state, size, failure))
        return OVERTIME_DEVICE_FAILED;
      place += size;
    }
    return OVERTIME_OK;
  }

  int stretch(bool adjoint, std::int64_t first, std::int64_t count, bool keeps_tape) {
    const GradientArguments &table = adjoint ? memory.backward : memory.forward;
    gpu::Kernel &kernel = adjoint ? on.backward : on.forward;
    std::int64_t steps = count, i0 = range.i0 + first, k0 = range.k0 + first;
    double t0 = range.t0;
    std::uint64_t seed = range.seed;
    std::vector<gpu::DevicePointer> places;
    std::vector<std::int64_t> strides;
    for (std::size_t k : table.whole)
      places.push_back(on.arrays[k].at);
    for (const GradientArguments::Row &row : table.rows) {
      places.push_back(on.arrays[row.array].at + static_cast<gpu::DevicePointer>(row.tape ? 0 : first * row.bytes));
      strides.push_back(row.tape && !keeps_tape ? 0 : row.stride);
    }
    places.push_back(on.workspace.at);
    std::vector<void *> arguments = {&steps, &i0, &k0, &t0, &seed};
    for (gpu::DevicePointer &place : places)
      arguments.push_back(&place);
    for (std::int64_t &stride : strides)
      arguments.push_back(&stride);
    bool cleared = !gpu::has_counter(kernel.image()) || on.stream.clear(on.workspace.at, gpu::counter_bytes, failure);
    return cleared && kernel.launch(on.stream, arguments.data(), failure) ? OVERTIME_OK : OVERTIME_DEVICE_FAILED;
  }

private:
  DeviceGradient::Loaded &on;
  const StepRange &range;
  const GradientMemory &memory;
};

} // namespace

DeviceGradient::DeviceGradient(mlir::ModuleOp module, const driver::ProgramInfo &info, const driver::GradientSpec &spec,
                               int number, bool cache, SourceLocation at) {
  const gpu::Device &device = open_device(number, at);
  loaded = std::make_unique<Loaded>(device, compiled_for(module, info, spec, device, cache), at);
}
DeviceGradient::~DeviceGradient() {
  gpu::Failure ignored;
  loaded->device.enter(ignored); // the thread that ends it need not be the one that ran it
}

const driver::GradientLayout &DeviceGradient::layout() const { return loaded->code; }

void DeviceGradient::run(const StepRange &range, const GradientMemory &memory, const overtime_checkpoint_plan &plan) {
  Loaded &l = *loaded;
  QueuedSteps steps(l, range, memory);
  gpu::Failure &failure = steps.failure;
  std::int64_t kept = 0;
  for (std::size_t k : memory.moving)
    kept += memory.arrays[k].bytes;
  auto reserve = [&](gpu::Buffer &buffer, std::int64_t bytes) {
    return buffer.reserve(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)), failure);
  };
  while (l.arrays.size() < memory.arrays.size())
    l.arrays.emplace_back(l.device);
  auto begin = [&] {
    if (!l.device.enter(failure) || !reserve(l.slots, plan.slots > 0 ? (plan.slots + 1) * kept : 0) ||
        !reserve(l.workspace, static_cast<std::int64_t>(
                                  std::max(l.code.forward.info.workspaceBytes, l.code.backward.info.workspaceBytes))))
      return false;
    for (std::size_t k = 0; k < memory.arrays.size(); ++k) {
      const GradientArray &array = memory.arrays[k];
      if (!reserve(l.arrays[k], array.bytes) ||
          (array.taken && !l.stream.upload(l.arrays[k].at, array.host, static_cast<std::size_t>(array.bytes), failure)))
        return false;
    }
    return true;
  };
  auto end = [&] {
    for (std::size_t k = 0; k < memory.arrays.size(); ++k)
      if (const GradientArray &array = memory.arrays[k];
          array.given && !l.stream.download(array.host, l.arrays[k].at, static_cast<std::size_t>(array.bytes), failure))
        return false;
    return true;
  };
  std::vector<std::int64_t> places(static_cast<std::size_t>(plan.slots));
  bool ran = begin() && follow_plan(plan, places.data(), steps) == OVERTIME_OK && end();
  gpu::Failure ignored; // what is in flight must not touch the caller's arrays when they are gone
  bool waited = l.stream.wait(ran ? failure : ignored);
  check(ran && waited, failure);
}

} // namespace overtime::detail
