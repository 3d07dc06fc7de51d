// SPDX-License-Identifier: Apache-2.0
// An update of a Trainer on a GPU: parameters, moments, gradients and tape stay there.
#include "compiler/trace/training/device/device_update.h"

#include "compiler/trace/loops/open_device.h"

#include <algorithm>

namespace overtime::detail {
namespace {

void check(bool ok, const gpu::Failure &failure, SourceLocation at) {
  if (!ok)
    throw Error(ErrorKind::Device, failure.text, at);
}

/// What is in flight must not touch arrays of the caller that are gone: waits, whatever happens.
class Waiting {
public:
  explicit Waiting(gpu::Stream &stream) : stream(stream) {}
  ~Waiting() {
    gpu::Failure ignored;
    if (!done)
      stream.wait(ignored);
  }
  bool wait(gpu::Failure &failure) {
    done = true;
    return stream.wait(failure);
  }

private:
  gpu::Stream &stream;
  bool done = false;
};

void write_real(double &place, double number, DType real) {
  if (real == f32)
    *reinterpret_cast<float *>(&place) = static_cast<float>(number);
  else
    place = number;
}

} // namespace

struct DeviceUpdate::Step {
  CompiledGradient &c;
  const overtime_checkpoint_plan &plan;
  UpdateMemory &memory;
  const GradientMemory &arrays;
  std::vector<gpu::DevicePointer> of_update; ///< places that the optimizer is called with
};

DeviceUpdate::DeviceUpdate(ValueAndGradData &gradient, LoopData &updates, bool from_start, const Device &where,
                           SourceLocation at)
    : gradient_(gradient), updates_(updates), from_start_(from_start), where_(where),
      device_(open_device(where.number(), at)), stream_(device_) {
  gpu::Failure failure;
  check(device_.enter(failure) && stream_.open(failure), failure, at);
}

DeviceUpdate::~DeviceUpdate() {
  gpu::Failure ignored;
  device_.enter(ignored); // the thread that ends it need not be the one that ran it
  for (auto &[key, c] : gradient_.programs)
    c->update.reset(); // graphs use variables and kernels of this
}

void DeviceUpdate::forget_graphs() {
  for (auto &[key, c] : gradient_.programs)
    if (c->update)
      c->update->graphs.clear();
}

DeviceOptimizer &DeviceUpdate::optimizer_for(const CompiledGradient &c, SourceLocation at) {
  const driver::GradientLayout &layout = c.layout();
  auto first = layout.backwardInfo.states.begin() + static_cast<std::ptrdiff_t>(layout.carried.size());
  std::vector<driver::ArrayInfo> gradients(first, first + std::ssize(c.by_params));
  prepare_run(*updates_.target, updates_.start());
  if (!optimizer_ || !optimizer_->is_for(updates_, gradients)) {
    forget_graphs();
    optimizer_ = std::make_unique<DeviceOptimizer>(updates_, gradients, device_, at);
  }
  return *optimizer_;
}

UpdateMemory &DeviceUpdate::memory_of(CompiledGradient &c, SourceLocation at) {
  if (!c.update)
    c.update = std::make_shared<UpdateMemory>(c, where_, device_, at);
  return *c.update;
}

const DeviceTensor &DeviceUpdate::variable(const std::shared_ptr<Slot> &slot, const driver::ArrayInfo &array,
                                           SourceLocation at) {
  auto dtype = static_cast<DType>(array.dtype);
  auto known = variables_.find(slot.get());
  if (known != variables_.end() && known->second.shape() == array.shape && known->second.dtype() == dtype)
    return known->second;
  forget_graphs();
  auto memory = device_memory(static_cast<std::size_t>(row_bytes(array)), where_.number(), at);
  return variables_.insert_or_assign(slot.get(), DeviceTensor::over(array.shape, dtype, where_, memory)).first->second;
}

/// Copies the numbers of a variable to its place, unless they are there.
bool DeviceUpdate::bring(Slot &slot, const driver::ArrayInfo &array, const DeviceTensor &there, gpu::Failure &failure) {
  if (slot.is_on(there))
    return true;
  const Tensor &numbers = numbers_for(slot, array, real(), /*writes=*/false);
  if (!stream_.upload(address(there), numbers.data(), numbers.bytes(), failure))
    return false;
  slot.keep_on(there, /*newer=*/false);
  return true;
}

bool DeviceUpdate::bring_variables(const CompiledGradient &c, UpdateMemory &m, gpu::Failure &failure,
                                   SourceLocation at) {
  const driver::ProgramInfo &program = c.layout().forwardInfo, &update = optimizer_->info();
  bool done = true;
  auto all = [&](const std::vector<std::shared_ptr<Slot>> &slots, const std::vector<driver::ArrayInfo> &arrays) {
    for (std::size_t k = 0; done && k < slots.size(); ++k)
      done = bring(*slots[k], arrays[k], variable(slots[k], arrays[k], at), failure);
  };
  for (const std::shared_ptr<Slot> &slot : c.params)
    slot->check_divisor(real());
  all(c.params, program.params);
  all(optimizer_->states, update.states);
  all(optimizer_->params, update.params);
  for (std::size_t k = 0; done && k < c.states.size(); ++k) {
    if (!m.state(k))
      continue;
    Slot &slot = *c.states[k];
    done = from_start_
               ? m.set_start(k, numbers_for(slot, program.states[k], real(), /*writes=*/false), stream_, failure)
               : bring(slot, program.states[k], *m.state(k), failure);
  }
  return done;
}

/// Learning rates of schedules follow from the number of the update, and random numbers from the seed.
void DeviceUpdate::fill_block(UpdateMemory &m, const Call &call) {
  auto numbers_of = [](const StepRange &range) { return gpu::StoredNumbers{range.i0, range.k0, range.t0, range.seed}; };
  CallBlock &block = m.block();
  block.gradient = numbers_of(gradient_.loop.data().range(0));
  block.update = numbers_of(updates_.range(0));
  write_real(block.adjoint, 1.0, real());
  write_real(block.share, 1.0 / static_cast<double>(call.steps), real());
  write_real(block.loss, 0.0, real());
}

bool DeviceUpdate::queue(const Step &step, gpu::Failure &failure) {
  UpdateMemory &m = step.memory;
  CallBlock &block = m.block();
  return m.queue_begin(stream_, from_start_, failure) &&
         step.c.device->queue(stream_, step.arrays, step.plan, m.on_device(&block.gradient), failure) &&
         optimizer_->queue(stream_, step.of_update, m.on_device(&block.update), failure) &&
         stream_.download(&block.result, m.on_device(&block.loss), size_of(real()), failure);
}

/// The graph of this call; null where none can be made, which is not tried again.
gpu::Graph *DeviceUpdate::graph_of(const Step &step) {
  constexpr std::size_t most = 16; // numbers of steps, of sequences that differ in length
  auto &graphs = step.memory.graphs;
  auto known = graphs.find(step.plan.steps);
  if (known != graphs.end())
    return &known->second;
  if (!step.memory.is_pinned())
    why_no_graph_ = "the system gives no pinned memory, from which a graph reads the numbers of a call";
  if (!why_no_graph_.empty())
    return nullptr;
  if (graphs.size() == most)
    graphs.clear();
  gpu::Graph &graph = graphs.try_emplace(step.plan.steps, device_).first->second;
  gpu::Failure failure;
  if (graph.record(stream_, [&] { return queue(step, failure); }, failure))
    return &graph;
  why_no_graph_ = failure.text;
  graphs.erase(step.plan.steps);
  return nullptr;
}

bool DeviceUpdate::launch(const Step &step, gpu::Failure &failure) {
  gpu::Graph *graph = graph_of(step);
  return graph ? graph->launch(stream_, failure) : queue(step, failure);
}

/// The host's numbers of what the kernels changed are old.
void DeviceUpdate::leave_there(const CompiledGradient &c, const UpdateMemory &m) {
  for (const std::shared_ptr<Slot> &slot : optimizer_->states)
    slot->keep_on(variables_.at(slot.get()), /*newer=*/true);
  for (std::size_t k : c.moving())
    if (m.state(k))
      c.states[k]->keep_on(*m.state(k), /*newer=*/true);
}

double DeviceUpdate::run(const Tree<Tensor> &data, const Tensor &given, SourceLocation at) {
  Tensor target = real_target(given, real(), at);
  Call call = gradient_.prepare(data, target, at);
  CompiledGradient &c = *gradient_.compiled;
  overtime_checkpoint_plan plan = gradient_.checkpoints(call.steps);
  std::vector<Rows> inputs = gradient_.inputs_of(call, target);
  updates_.check_index(Call{1, {}, false, at});
  DeviceOptimizer &optimizer = optimizer_for(c, at);
  UpdateMemory &m = memory_of(c, at);
  gpu::Failure failure;
  check(device_.enter(failure), failure, at);
  Waiting waiting(stream_);
  check(bring_variables(c, m, failure, at), failure, at);

  GradientMemory arrays = c.memory(inputs, {}, plan.tape_steps);
  bool has_share = gradient_.loss.over != Loss::Over::LastStep;
  m.place(arrays, has_share);
  for (std::size_t k = 0; k < c.params.size(); ++k)
    arrays.arrays[arrays.params[k]].there = address(variables_.at(c.params[k].get()));
  if (!c.device->has_room(arrays, plan))
    m.graphs.clear();
  c.device->reserve(arrays, plan);
  Step step{c, plan, m, arrays, {}};
  for (const auto *slots : {&optimizer.states, &optimizer.params})
    for (const std::shared_ptr<Slot> &slot : *slots)
      step.of_update.push_back(address(variables_.at(slot.get())));
  for (std::size_t k = 0; k < c.by_params.size(); ++k)
    step.of_update.push_back(arrays.arrays[arrays.adjoints[c.layout().carried.size() + k]].there);

  fill_block(m, call);
  bool ran = true;
  for (std::size_t k = 0; ran && k + (has_share ? 1 : 0) < inputs.size(); ++k)
    ran = stream_.upload(arrays.arrays[arrays.inputs[k]].there, std::as_const(inputs[k].numbers).data(),
                         inputs[k].numbers.bytes(), failure);
  ran = ran && launch(step, failure);
  check(ran && waiting.wait(failure), failure, at);

  leave_there(c, m);
  gradient_.finish(call);
  ++updates_.done;
  updates_.last = nullptr; // the host looks at its numbers again
  const double &loss = m.block().result;
  return real() == f32 ? static_cast<double>(*reinterpret_cast<const float *>(&loss)) : loss;
}

} // namespace overtime::detail
