// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call.
#include "compiler/trace/training/gradient_run.h"

#include <algorithm>

namespace overtime::detail {

std::int64_t CompiledGradient::tape_bytes() const {
  const auto &outputs = programs.forward->info.outputs;
  std::int64_t bytes = 0;
  for (std::size_t k = programs.tape; k < outputs.size(); ++k)
    bytes += row_bytes(outputs[k]);
  return bytes;
}

std::vector<std::size_t> CompiledGradient::moving() const {
  std::vector<std::size_t> numbers;
  for (std::size_t k = 0; k < states.size(); ++k)
    if (std::ranges::find(programs.fixed, k) == programs.fixed.end())
      numbers.push_back(k);
  return numbers;
}

std::int64_t CompiledGradient::state_bytes() const {
  std::int64_t bytes = 0;
  for (std::size_t k : moving())
    bytes += row_bytes(programs.forward->info.states[k]);
  return bytes;
}

GradientRun::GradientRun(CompiledGradient &compiled, LoopData &over)
    : c(compiled), over(over), moving(compiled.moving()) {
  DType real = over.options.real;
  for (std::size_t k = 0; k < c.params.size(); ++k) {
    c.params[k]->check_divisor(real);
    params.push_back(numbers_for(*c.params[k], c.programs.forward->info.params[k], real, /*writes=*/false));
  }
}

void GradientRun::prepare_tape(std::int64_t length) {
  const auto &outputs = c.programs.forward->info.outputs;
  c.tape.resize(outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    bool taped = k >= c.programs.tape;
    Shape shape = outputs[k].shape;
    shape.insert(shape.begin(), taped ? length : 1);
    if (c.tape[k].shape() != shape)
      c.tape[k] = Tensor(shape, static_cast<DType>(outputs[k].dtype));
    bytes += static_cast<std::int64_t>(c.tape[k].bytes());
  }
}

std::vector<RowArray> GradientRun::tape() const {
  std::vector<RowArray> rows;
  for (std::size_t k = c.programs.tape; k < c.tape.size(); ++k) {
    rows.push_back(rows_of(c.tape[k], c.programs.forward->info.outputs[k]));
    rows.back().tape = true;
  }
  return rows;
}

/// The tables of a program's entry function, which a GradientPart points at.
struct PartTables {
  std::vector<void *> buffers;
  std::vector<RowArray> rows;
  std::vector<std::int64_t> strides;

  void add(const std::vector<RowArray> &more) { rows.insert(rows.end(), more.begin(), more.end()); }
  GradientPart part(const driver::HostProgram &program, void *workspace) {
    const driver::ProgramInfo &info = program.info;
    auto first = std::ssize(buffers);
    buffers.resize(buffers.size() + rows.size());
    buffers.push_back(workspace);
    strides.resize(rows.size());
    return {program.entry,    {info.parts, info.partCycles, info.threadBytes, info.waitCycles},
            buffers.data(),   first,
            std::ssize(rows), rows.data(),
            strides.data()};
  }
};

void GradientRun::run(const overtime_checkpoint_plan &plan) {
  prepare_tape(plan.tape_steps);
  std::vector<std::int64_t> places(static_cast<std::size_t>(plan.slots));
  std::int64_t state = c.state_bytes(), kept = plan.slots > 0 ? (plan.slots + 1) * state : 0;
  bytes += kept + static_cast<std::int64_t>(places.size() * sizeof(std::int64_t));
  PartTables forward, backward;
  for (Tensor &t : states)
    forward.buffers.push_back(t.data());
  for (Tensor &t : adjoints)
    backward.buffers.push_back(t.data());
  for (unsigned k : c.programs.fixed)
    backward.buffers.push_back(states[k].data());
  for (Tensor &t : params) {
    forward.buffers.push_back(t.data());
    backward.buffers.push_back(t.data());
  }
  forward.add(inputs);
  for (std::size_t k = 0; k < c.programs.tape; ++k)
    forward.rows.push_back(rows_of(c.tape[k], c.programs.forward->info.outputs[k], /*one_row=*/true));
  forward.add(tape());
  backward.add(inputs);
  backward.add(tape());
  backward.add(by_data);

  std::vector<void *> numbers;
  std::vector<std::uint64_t> sizes;
  for (std::size_t k : moving) {
    numbers.push_back(states[k].data());
    sizes.push_back(states[k].bytes());
  }
  const driver::HostProgram &program = *c.programs.forward, &adjoint = *c.programs.backward;
  void *workspace = at_least(std::max(program.info.workspaceBytes, adjoint.info.workspaceBytes), c.workspace);
  StepRange range = over.range(0);
  GradientCall call = {forward.part(program, workspace),
                       backward.part(adjoint, workspace),
                       range.i0,
                       range.k0,
                       range.t0,
                       range.seed,
                       over.options.threads,
                       std::ssize(numbers),
                       numbers.data(),
                       sizes.data(),
                       static_cast<char *>(at_least(static_cast<std::uint64_t>(kept), c.checkpoints)),
                       places.data()};
  if (int status = run_gradient(call, plan))
    throw Error(ErrorKind::Memory, overtime_status_message(status));
}

} // namespace overtime::detail
