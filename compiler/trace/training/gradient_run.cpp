// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call.
#include "compiler/trace/training/gradient_run.h"

#include "runtime/gradient.h"

#include <algorithm>

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

GradientRun::GradientRun(CompiledGradient &compiled, LoopData &over)
    : c(compiled), over(over), moving(compiled.moving()) {
  DType real = over.options.real;
  for (std::size_t k = 0; k < c.params.size(); ++k) {
    c.params[k]->check_divisor(real);
    params.push_back(numbers_for(*c.params[k], c.layout().forwardInfo.params[k], real, /*writes=*/false));
  }
}

/// Outputs of the program: one row that nobody reads, or the tape, which the adjoint takes in. A device has its own.
void GradientRun::add_tape(GradientMemory &memory, std::int64_t tape_steps) {
  const auto &outputs = c.layout().forwardInfo.outputs;
  c.tape.resize(c.device ? 0 : outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    bool taped = k >= c.layout().tape;
    Shape shape = outputs[k].shape;
    shape.insert(shape.begin(), taped ? tape_steps : 1);
    if (!c.device && c.tape[k].shape() != shape)
      c.tape[k] = Tensor(shape, static_cast<DType>(outputs[k].dtype));
    std::int64_t row = row_bytes(outputs[k]), all = row * shape.front();
    bytes += all;
    std::size_t array = memory.add({c.device ? nullptr : c.tape[k].data(), all});
    memory.forward.rows.push_back({array, taped ? outputs[k].elements() : 0, taped ? row : 0, taped});
    if (taped)
      memory.backward.rows.push_back({array, outputs[k].elements(), row, taped});
  }
}

GradientMemory GradientRun::memory(std::int64_t tape_steps) {
  GradientMemory memory;
  auto whole = [&](Tensor &t, bool given) {
    return memory.add({t.data(), static_cast<std::int64_t>(t.bytes()), /*taken=*/true, given});
  };
  auto rows = [&](const Rows &r, bool given) {
    auto *data = const_cast<void *>(r.numbers.data()); // of inputs only read
    auto bytes = static_cast<std::int64_t>(r.numbers.bytes());
    return GradientArguments::Row{memory.add({data, bytes, !given, given}), r.stride, r.bytes, /*tape=*/false};
  };
  for (Tensor &t : states)
    memory.forward.whole.push_back(whole(t, /*given=*/true));
  for (Tensor &t : adjoints)
    memory.backward.whole.push_back(whole(t, /*given=*/true));
  for (unsigned k : c.layout().fixed)
    memory.backward.whole.push_back(memory.forward.whole[k]);
  for (std::size_t k : moving)
    memory.moving.push_back(memory.forward.whole[k]);
  for (Tensor &t : params) {
    memory.forward.whole.push_back(whole(t, /*given=*/false));
    memory.backward.whole.push_back(memory.forward.whole.back());
  }
  for (const Rows &r : inputs)
    memory.forward.rows.push_back(rows(r, /*given=*/false));
  memory.backward.rows = memory.forward.rows;
  add_tape(memory, tape_steps);
  for (const Rows &r : by_data)
    memory.backward.rows.push_back(rows(r, /*given=*/true));
  return memory;
}

void GradientRun::run(const overtime_checkpoint_plan &plan) {
  GradientMemory all = memory(plan.tape_steps);
  std::int64_t kept = plan.slots > 0 ? (plan.slots + 1) * c.state_bytes() : 0;
  bytes += kept + plan.slots * static_cast<std::int64_t>(sizeof(std::int64_t));
  if (c.device)
    c.device->run(over.range(0), all, plan);
  else
    run_here(all, plan);
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
