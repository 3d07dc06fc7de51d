// SPDX-License-Identifier: Apache-2.0
// An update of a Trainer on a GPU: parameters, moments, gradients and tape stay there. Private to compiler/trace.
#pragma once

#include "compiler/trace/training/device/device_optimizer.h"
#include "compiler/trace/training/device/update_memory.h"
#include "compiler/trace/training/gradient_data.h"

namespace overtime::detail {

/// Data goes to the device and the loss comes back. Variables of target and optimizer stay there from update to update;
/// the host brings their numbers when somebody reads them (Slot::keep_on).
///
/// Everything behind the copies of data is recorded as a graph when a call has so many steps for the first time, and
/// launched as one from then on. Nothing in it changes: index, seed, time and the number of the update, from which a
/// schedule makes the learning rate, are copied by its first node from pinned memory (CallBlock), and kernels read them
/// on the device. Where addresses change, the graphs that have them end first.
class DeviceUpdate {
public:
  /// `updates`: the loop whose steps are updates and whose data are gradients. `from_start`: every call begins from the
  /// initial states, which the host has just drawn.
  DeviceUpdate(ValueAndGradData &gradient, LoopData &updates, bool from_start, const Device &where, SourceLocation at);
  ~DeviceUpdate();
  DeviceUpdate(const DeviceUpdate &) = delete;
  DeviceUpdate &operator=(const DeviceUpdate &) = delete;

  const Device &where() const { return where_; }

  /// One update; returns the loss before it. After a failure of the device variables are undefined.
  double run(const Tree<Tensor> &data, const Tensor &target, SourceLocation at);

  /// Empty while updates are graphs.
  const std::string &why_no_graph() const { return why_no_graph_; }

private:
  struct Step; // what one call queues
  DeviceOptimizer &optimizer_for(const CompiledGradient &c, SourceLocation at);
  UpdateMemory &memory_of(CompiledGradient &c, SourceLocation at);
  const DeviceTensor &variable(const std::shared_ptr<Slot> &slot, const driver::ArrayInfo &array, SourceLocation at);
  bool bring_variables(const CompiledGradient &c, UpdateMemory &m, gpu::Failure &failure, SourceLocation at);
  bool bring(Slot &slot, const driver::ArrayInfo &array, const DeviceTensor &there, gpu::Failure &failure);
  void fill_block(UpdateMemory &m, const Call &call);
  bool queue(const Step &step, gpu::Failure &failure);
  bool launch(const Step &step, gpu::Failure &failure);
  gpu::Graph *graph_of(const Step &step);
  void leave_there(const CompiledGradient &c, const UpdateMemory &m);
  void forget_graphs();
  DType real() const { return updates_.options.real; }

  ValueAndGradData &gradient_;
  LoopData &updates_;
  bool from_start_;
  Device where_;
  const gpu::Device &device_;
  gpu::Stream stream_;
  std::map<const Slot *, DeviceTensor> variables_; // parameters and moments
  std::unique_ptr<DeviceOptimizer> optimizer_;
  std::string why_no_graph_;
};

} // namespace overtime::detail
