// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint on a GPU, with all they read and write.
#include "compiler/trace/training/device/device_gradient.h"

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
        workspace(device), numbers(device) {
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
  gpu::Buffer numbers; // of a call, where run() has them

  /// What a buffer of these must hold for a plan.
  std::size_t slot_bytes(const GradientMemory &memory, const overtime_checkpoint_plan &plan) const {
    std::int64_t kept = 0;
    for (std::size_t k : memory.moving)
      kept += memory.arrays[k].bytes;
    return static_cast<std::size_t>(std::max<std::int64_t>(plan.slots > 0 ? (plan.slots + 1) * kept : 0, 1));
  }
  std::size_t workspace_bytes() const {
    return std::max<std::size_t>({code.forward.info.workspaceBytes, code.backward.info.workspaceBytes, 1});
  }
  static std::size_t bytes_of(const GradientArray &array) {
    return static_cast<std::size_t>(std::max<std::int64_t>(array.bytes, 1));
  }
};

namespace {

/// The steps of a plan, as work on a stream.
class QueuedSteps {
public:
  QueuedSteps(DeviceGradient::Loaded &on, gpu::Stream &stream, const GradientMemory &memory, gpu::DevicePointer numbers,
              gpu::Failure &failure)
      : on(on), stream(stream), memory(memory), numbers(numbers), failure(failure) {}

  int copy_states(std::int64_t slot, bool back) {
    std::int64_t bytes = 0;
    for (std::size_t k : memory.moving)
      bytes += memory.arrays[k].bytes;
    gpu::DevicePointer place = on.slots.at + static_cast<gpu::DevicePointer>(slot * bytes);
    for (std::size_t k : memory.moving) {
      auto size = static_cast<std::size_t>(memory.arrays[k].bytes);
      gpu::DevicePointer state = memory.arrays[k].there;
      if (!stream.copy(back ? state : place, back ? place : state, size, failure))
        return OVERTIME_DEVICE_FAILED;
      place += size;
    }
    return OVERTIME_OK;
  }

  int stretch(bool adjoint, std::int64_t first, std::int64_t count, bool keeps_tape) {
    const GradientArguments &table = adjoint ? memory.backward : memory.forward;
    gpu::Kernel &kernel = adjoint ? on.backward : on.forward;
    std::vector<gpu::DevicePointer> places;
    std::vector<std::int64_t> strides;
    for (std::size_t k : table.whole)
      places.push_back(memory.arrays[k].there);
    for (const GradientArguments::Row &row : table.rows) {
      places.push_back(memory.arrays[row.array].there +
                       static_cast<gpu::DevicePointer>(row.tape ? 0 : first * row.bytes));
      strides.push_back(row.tape && !keeps_tape ? 0 : row.stride);
    }
    places.push_back(on.workspace.at);
    std::vector<void *> arguments = {&count, &first, &numbers};
    for (gpu::DevicePointer &place : places)
      arguments.push_back(&place);
    for (std::int64_t &stride : strides)
      arguments.push_back(&stride);
    bool cleared = !gpu::has_counter(kernel.image()) || stream.clear(on.workspace.at, gpu::counter_bytes, failure);
    return cleared && kernel.launch(stream, arguments.data(), failure) ? OVERTIME_OK : OVERTIME_DEVICE_FAILED;
  }

private:
  DeviceGradient::Loaded &on;
  gpu::Stream &stream;
  const GradientMemory &memory;
  gpu::DevicePointer numbers;
  gpu::Failure &failure;
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

bool DeviceGradient::has_room(const GradientMemory &memory, const overtime_checkpoint_plan &plan) const {
  const Loaded &l = *loaded;
  bool room = l.arrays.size() >= memory.arrays.size() && l.slots.bytes >= l.slot_bytes(memory, plan) &&
              l.workspace.bytes >= l.workspace_bytes();
  for (std::size_t k = 0; room && k < memory.arrays.size(); ++k)
    room = memory.arrays[k].there != 0 || l.arrays[k].bytes >= l.bytes_of(memory.arrays[k]);
  return room;
}

void DeviceGradient::reserve(GradientMemory &memory, const overtime_checkpoint_plan &plan) {
  Loaded &l = *loaded;
  gpu::Failure failure;
  while (l.arrays.size() < memory.arrays.size())
    l.arrays.emplace_back(l.device);
  bool reserved = l.device.enter(failure) && l.slots.reserve(l.slot_bytes(memory, plan), failure) &&
                  l.workspace.reserve(l.workspace_bytes(), failure);
  for (std::size_t k = 0; reserved && k < memory.arrays.size(); ++k)
    if (GradientArray &array = memory.arrays[k]; array.there == 0) {
      reserved = l.arrays[k].reserve(l.bytes_of(array), failure);
      array.there = l.arrays[k].at;
    }
  check(reserved, failure);
}

bool DeviceGradient::queue(gpu::Stream &stream, const GradientMemory &memory, const overtime_checkpoint_plan &plan,
                           gpu::DevicePointer numbers, gpu::Failure &failure) {
  QueuedSteps steps(*loaded, stream, memory, numbers, failure);
  std::vector<std::int64_t> places(static_cast<std::size_t>(plan.slots));
  return follow_plan(plan, places.data(), steps) == OVERTIME_OK;
}

void DeviceGradient::run(const StepRange &range, GradientMemory memory, const overtime_checkpoint_plan &plan) {
  Loaded &l = *loaded;
  reserve(memory, plan);
  gpu::Failure failure;
  check(l.numbers.reserve(sizeof(gpu::StoredNumbers), failure), failure);
  gpu::StoredNumbers numbers = {range.i0, range.k0, range.t0, range.seed};
  bool ran = l.stream.upload(l.numbers.at, &numbers, sizeof numbers, failure);
  auto bytes = [](const GradientArray &array) { return static_cast<std::size_t>(array.bytes); };
  for (const GradientArray &array : memory.arrays)
    ran = ran && (!array.taken || l.stream.upload(array.there, array.host, bytes(array), failure));
  ran = ran && queue(l.stream, memory, plan, l.numbers.at, failure);
  for (const GradientArray &array : memory.arrays)
    ran = ran && (!array.given || l.stream.download(array.host, array.there, bytes(array), failure));
  gpu::Failure ignored; // what is in flight must not touch the caller's arrays when they are gone
  bool waited = l.stream.wait(ran ? failure : ignored);
  check(ran && waited, failure);
}

} // namespace overtime::detail
