// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call.
#include "compiler/trace/training/gradient_run.h"

#include "runtime/gradient.h"

#include <algorithm>
#include <utility>

namespace overtime::detail {

std::int64_t CompiledGradient::tape_bytes() const {
  const auto &outputs = layout().forwardInfo.outputs;
  std::int64_t bytes = 0;
  for (std::size_t k = layout().tape; k < outputs.size(); ++k)
    bytes += row_bytes(outputs[k]);
  return bytes;
}

std::vector<std::size_t> CompiledGradient::moving() const {
  std::vector<std::size_t> numbers;
  for (std::size_t k = 0; k < states.size(); ++k)
    if (std::ranges::find(layout().fixed, k) == layout().fixed.end())
      numbers.push_back(k);
  return numbers;
}

std::int64_t CompiledGradient::state_bytes() const {
  std::int64_t bytes = 0;
  for (std::size_t k : moving())
    bytes += row_bytes(layout().forwardInfo.states[k]);
  return bytes;
}

GradientMemory CompiledGradient::memory(const std::vector<Rows> &inputs, const std::vector<Rows> &by_data,
                                        std::int64_t tape_steps) const {
  const driver::ProgramInfo &program = layout().forwardInfo, &adjoint = layout().backwardInfo;
  GradientMemory memory;
  auto whole = [&](const std::vector<driver::ArrayInfo> &infos, std::size_t count) {
    std::vector<std::size_t> arrays;
    for (std::size_t k = 0; k < count; ++k)
      arrays.push_back(memory.add(row_bytes(infos[k])));
    return arrays;
  };
  auto rows = [&](const std::vector<Rows> &all, GradientArguments &of) {
    std::vector<std::size_t> arrays;
    for (const Rows &r : all) {
      arrays.push_back(memory.add(static_cast<std::int64_t>(r.numbers.bytes())));
      of.rows.push_back({arrays.back(), r.stride, r.bytes, /*tape=*/false});
    }
    return arrays;
  };
  auto append = [](std::vector<std::size_t> &to, const std::vector<std::size_t> &more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  memory.states = whole(program.states, states.size());
  memory.adjoints = whole(adjoint.states, adjoint.states.size());
  memory.params = whole(program.params, params.size());
  for (std::size_t k : moving())
    memory.moving.push_back(memory.states[k]);
  append(memory.forward.whole, memory.states);
  append(memory.forward.whole, memory.params);
  append(memory.backward.whole, memory.adjoints);
  for (unsigned k : layout().fixed)
    memory.backward.whole.push_back(memory.states[k]);
  append(memory.backward.whole, memory.params);
  memory.inputs = rows(inputs, memory.forward);
  memory.backward.rows = memory.forward.rows;
  for (std::size_t k = 0; k < program.outputs.size(); ++k) { // one row that nobody reads, or the adjoint's input
    bool taped = k >= layout().tape;
    std::int64_t row = row_bytes(program.outputs[k]), stride = program.outputs[k].elements();
    memory.outputs.push_back(memory.add(row * (taped ? tape_steps : 1)));
    memory.forward.rows.push_back({memory.outputs.back(), taped ? stride : 0, taped ? row : 0, taped});
    if (taped)
      memory.backward.rows.push_back(memory.forward.rows.back());
  }
  memory.by_data = rows(by_data, memory.backward);
  return memory;
}

GradientRun::GradientRun(CompiledGradient &compiled, LoopData &over) : c(compiled), over(over) {
  DType real = over.options.real;
  for (std::size_t k = 0; k < c.params.size(); ++k) {
    c.params[k]->check_divisor(real);
    params.push_back(numbers_for(*c.params[k], c.layout().forwardInfo.params[k], real, /*writes=*/false));
  }
}

void GradientRun::place_on_host(GradientMemory &memory) {
  auto place = [&](const std::vector<std::size_t> &arrays, std::vector<Tensor> &numbers, bool given) {
    for (std::size_t k = 0; k < arrays.size(); ++k)
      memory.at_host(arrays[k], numbers[k].data(), /*taken=*/true, given);
  };
  place(memory.states, states, /*given=*/true);
  place(memory.adjoints, adjoints, /*given=*/true);
  place(memory.params, params, /*given=*/false);
  for (std::size_t k = 0; k < inputs.size(); ++k) // which are only read
    memory.at_host(memory.inputs[k], const_cast<void *>(std::as_const(inputs[k].numbers).data()), true, false);
  for (std::size_t k = 0; k < by_data.size(); ++k)
    memory.at_host(memory.by_data[k], by_data[k].numbers.data(), /*taken=*/false, /*given=*/true);
}

/// A device has its own.
void GradientRun::keep_tape(GradientMemory &memory, std::int64_t tape_steps) {
  const auto &outputs = c.layout().forwardInfo.outputs;
  c.tape.resize(c.device ? 0 : outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    bytes += memory.arrays[memory.outputs[k]].bytes;
    if (c.device)
      continue;
    Shape shape = outputs[k].shape;
    shape.insert(shape.begin(), k >= c.layout().tape ? tape_steps : 1);
    if (c.tape[k].shape() != shape)
      c.tape[k] = Tensor(shape, static_cast<DType>(outputs[k].dtype));
    memory.at_host(memory.outputs[k], c.tape[k].data(), false, false);
  }
}

void GradientRun::run(const overtime_checkpoint_plan &plan) {
  GradientMemory memory = c.memory(inputs, by_data, plan.tape_steps);
  place_on_host(memory);
  keep_tape(memory, plan.tape_steps);
  std::int64_t kept = plan.slots > 0 ? (plan.slots + 1) * c.state_bytes() : 0;
  bytes += kept + plan.slots * static_cast<std::int64_t>(sizeof(std::int64_t));
  if (c.device)
    c.device->run(over.range(0), std::move(memory), plan);
  else
    run_here(memory, plan);
}

namespace {

/// The tables of a program's entry function, which a GradientPart points at.
struct PartTables {
  std::vector<void *> buffers;
  std::vector<RowArray> rows;
  std::vector<std::int64_t> strides;

  PartTables(const GradientMemory &memory, const GradientArguments &arguments, void *workspace)
      : strides(arguments.rows.size()) {
    for (std::size_t k : arguments.whole)
      buffers.push_back(memory.arrays[k].host);
    for (const GradientArguments::Row &row : arguments.rows)
      rows.push_back({static_cast<char *>(memory.arrays[row.array].host), row.stride, row.bytes, row.tape});
    buffers.resize(buffers.size() + rows.size());
    buffers.push_back(workspace);
  }
  GradientPart part(const driver::HostProgram &program) {
    const driver::ProgramInfo &info = program.info;
    return {program.entry,    {info.parts, info.partCycles, info.threadBytes, info.waitCycles},
            buffers.data(),   std::ssize(buffers) - std::ssize(rows) - 1,
            std::ssize(rows), rows.data(),
            strides.data()};
  }
};

} // namespace

void GradientRun::run_here(const GradientMemory &memory, const overtime_checkpoint_plan &plan) {
  const driver::HostProgram &program = *c.host->forward, &adjoint = *c.host->backward;
  void *workspace = at_least(std::max(program.info.workspaceBytes, adjoint.info.workspaceBytes), c.workspace);
  PartTables forward(memory, memory.forward, workspace), backward(memory, memory.backward, workspace);
  std::vector<void *> numbers;
  std::vector<std::uint64_t> sizes;
  for (std::size_t k : memory.moving) {
    numbers.push_back(memory.arrays[k].host);
    sizes.push_back(static_cast<std::uint64_t>(memory.arrays[k].bytes));
  }
  std::vector<std::int64_t> places(static_cast<std::size_t>(plan.slots));
  auto kept = static_cast<std::uint64_t>(plan.slots > 0 ? (plan.slots + 1) * c.state_bytes() : 0);
  StepRange range = over.range(0);
  GradientCall call = {forward.part(program),
                       backward.part(adjoint),
                       range.i0,
                       range.k0,
                       range.t0,
                       range.seed,
                       over.options.threads,
                       std::ssize(numbers),
                       numbers.data(),
                       sizes.data(),
                       static_cast<char *>(at_least(kept, c.checkpoints)),
                       places.data()};
  if (int status = run_gradient(call, plan))
    throw Error(ErrorKind::Memory, overtime_status_message(status));
}

} // namespace overtime::detail
