// SPDX-License-Identifier: Apache-2.0
// A loop's program on a GPU: compiled for it, with its arrays on it.
#include "compiler/trace/loops/device_program.h"

#include "compiler/driver/gpu/GpuCache.h"
#include "compiler/driver/gpu/GpuTarget.h"
#include "compiler/trace/loops/loop_data.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace overtime::detail {

static std::string dump_folder() {
  const char *folder = std::getenv("OVERTIME_DUMP_KERNELS");
  return folder ? folder : "";
}

bool dumps_kernels() { return !dump_folder().empty(); }

void dump_kernel(const driver::GpuCode &code) {
  static std::atomic<int> number = 0;
  if (!dumps_kernels())
    return;
  std::string stem =
      dump_folder() + "/" + code.info.name + "-" + std::to_string(getpid()) + "-" + std::to_string(number++);
  std::ofstream(stem + ".ll") << code.llvmIr;
  std::ofstream ptx(stem + ".ptx");
  ptx << code.ptx;
  if (!ptx.flush())
    throw Error(ErrorKind::File, "cannot write '" + stem + ".ptx', as OVERTIME_DUMP_KERNELS asks");
}

driver::GpuCode gpu_code(mlir::ModuleOp module, const driver::ProgramInfo &info, const gpu::Device &device, bool cache,
                         driver::CallNumbers numbers) {
  auto target = driver::gpuTargetFor(device.capability(), unsigned(device.processors()));
  if (!target)
    throw_compile_error(target.takeError());
  auto *compile = cache && !dumps_kernels() ? &driver::cachedGpuCode : &driver::compileForGpu;
  auto code = compile(module, info, *target, numbers);
  if (!code)
    throw_compile_error(code.takeError());
  dump_kernel(*code);
  return std::move(*code);
}

DeviceProgram::DeviceProgram(mlir::ModuleOp module, const driver::ProgramInfo &info, int number, bool cache,
                             SourceLocation at)
    : device(open_device(number, at)), number(number), code(gpu_code(module, info, device, cache)),
      session(std::make_shared<gpu::Session>(device)) {
  overtime_gpu_image ptx = code.ptxImage();
  gpu::Failure failure;
  if (!session->open(&ptx, 1, code.info.name.c_str(), failure))
    throw Error(ErrorKind::Device, failure.text, at);
}

void DeviceProgram::run(const StepRange &range, const std::vector<void *> &buffers,
                        const std::vector<std::int64_t> &strides, bool fresh, bool on_device) {
  std::vector<gpu::HostArray> arrays;
  auto add = [&](const std::vector<driver::ArrayInfo> &infos, gpu::HostArray::Kind kind) {
    for (const driver::ArrayInfo &info : infos) {
      std::size_t k = arrays.size(), first = code.info.states.size() + code.info.params.size();
      auto elements = static_cast<std::size_t>(info.elements());
      bool every_step = k >= first && strides[k - first] != 0;
      arrays.push_back({kind, buffers[k], elements * overtime_dtype_size(info.dtype), elements, every_step, !fresh,
                        every_step && on_device});
    }
  };
  add(code.info.states, gpu::HostArray::State);
  add(code.info.params, gpu::HostArray::Param);
  add(code.info.inputs, gpu::HostArray::Input);
  add(code.info.outputs, gpu::HostArray::Output);
  gpu::Failure failure;
  gpu::StepsOfCall steps = {range.count, range.i0, range.k0, range.t0, range.seed};
  if (!session->run(steps, arrays.data(), arrays.size(), failure))
    throw Error(ErrorKind::Device, failure.text);
}

std::shared_ptr<void> DeviceProgram::memory(std::size_t bytes) const { return device_memory(bytes, number, {}); }

std::shared_ptr<void> DeviceProgram::variable(std::size_t k) const {
  return {session, reinterpret_cast<void *>(session->share(k))};
}

} // namespace overtime::detail
