// SPDX-License-Identifier: Apache-2.0
// An optimizer's update of all parameters as a kernel of a GPU.
#include "compiler/trace/training/device/device_optimizer.h"

#include <algorithm>

namespace overtime::detail {

/// Data of one step, of which shapes and types alone are looked at.
static Tree<Tensor> shapes_of(const std::vector<driver::ArrayInfo> &gradients) {
  std::vector<Tree<Tensor>> rows;
  for (const driver::ArrayInfo &array : gradients) {
    Shape shape = array.shape;
    shape.insert(shape.begin(), 1);
    rows.push_back(Tensor::over(std::move(shape), static_cast<DType>(array.dtype), nullptr));
  }
  return Tree<Tensor>::list(std::move(rows));
}

DeviceOptimizer::DeviceOptimizer(LoopData &updates, const std::vector<driver::ArrayInfo> &gradients,
                                 const gpu::Device &device, SourceLocation at)
    : device_(device), kernel_(device), workspace_(device) {
  Call call{1, shapes_of(gradients), false, at, true};
  key_ = updates.key_of(call.data);
  ProgramSpec spec = updates.spec(call, updates.input_specs(call.data));
  spec.name = "update";
  TracedProgram traced = updates.trace(spec);
  code_ = gpu_code(*traced.trace->module, traced.info, device, updates.options.cache, driver::CallNumbers::Stored);
  states = std::move(traced.states);
  params = std::move(traced.params);
  host_reads = std::move(traced.trace->host_reads);
  reached = std::move(traced.trace->reached);
  gpu::Failure failure;
  overtime_gpu_image ptx = code_.ptxImage();
  if (!device.enter(failure) || !kernel_.load(&ptx, 1, code_.info.name.c_str(), failure) ||
      !workspace_.reserve(std::max<std::size_t>(code_.info.workspaceBytes, 1), failure))
    throw Error(ErrorKind::Device, failure.text, at);
}

DeviceOptimizer::~DeviceOptimizer() {
  gpu::Failure ignored;
  device_.enter(ignored); // the thread that ends it need not be the one that ran it
}

bool DeviceOptimizer::is_for(LoopData &updates, const std::vector<driver::ArrayInfo> &gradients) const {
  return key_ == updates.key_of(shapes_of(gradients)) && still_valid(updates.now(), updates.dt, /*goes_on=*/false);
}

bool DeviceOptimizer::queue(gpu::Stream &stream, std::vector<gpu::DevicePointer> places, gpu::DevicePointer numbers,
                            gpu::Failure &failure) {
  std::int64_t steps = 1, first = 0, one_row = 0;
  places.push_back(workspace_.at);
  std::vector<void *> arguments = {&steps, &first, &numbers};
  for (gpu::DevicePointer &place : places)
    arguments.push_back(&place);
  arguments.insert(arguments.end(), code_.info.inputs.size() + code_.info.outputs.size(), &one_row);
  return (!gpu::has_counter(kernel_.image()) || stream.clear(workspace_.at, gpu::counter_bytes, failure)) &&
         kernel_.launch(stream, arguments.data(), failure);
}

} // namespace overtime::detail
