// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call.
#include "compiler/trace/gradient_run.h"

#include <algorithm>
#include <cstring>

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

void GradientRun::save(char *place) const {
  for (std::size_t k : moving) {
    std::memcpy(place, states[k].data(), states[k].bytes());
    place += states[k].bytes();
  }
}

void GradientRun::restore(const char *place) {
  for (std::size_t k : moving) {
    std::memcpy(states[k].data(), place, states[k].bytes());
    place += states[k].bytes();
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

void GradientRun::call(const driver::HostProgram &program, std::int64_t first, std::int64_t count,
                       std::vector<void *> buffers, const std::vector<Rows> &rows) {
  std::vector<std::int64_t> strides;
  for (const Rows &r : rows) {
    buffers.push_back(r.data);
    strides.push_back(r.stride);
  }
  buffers.push_back(at_least(program.info.workspaceBytes, c.workspace));
  call_program(program, over.range(count, first), over.options.threads, buffers, strides);
}

void GradientRun::forward(std::int64_t first, std::int64_t count, bool keep_tape) {
  std::vector<void *> buffers;
  for (Tensor &t : states)
    buffers.push_back(t.data());
  for (Tensor &t : params)
    buffers.push_back(t.data());
  std::vector<Rows> rows;
  for (const Rows &r : inputs)
    rows.push_back(r.at(first));
  for (std::size_t k = 0; k < c.tape.size(); ++k)
    rows.push_back(rows_of(c.tape[k], c.programs.forward->info.outputs[k], k < c.programs.tape || !keep_tape));
  call(*c.programs.forward, first, count, std::move(buffers), rows);
}

void GradientRun::backward(std::int64_t first, std::int64_t count) {
  std::vector<void *> buffers;
  for (Tensor &t : adjoints)
    buffers.push_back(t.data());
  for (unsigned k : c.programs.fixed)
    buffers.push_back(states[k].data());
  for (Tensor &t : params)
    buffers.push_back(t.data());
  std::vector<Rows> rows;
  for (const Rows &r : inputs)
    rows.push_back(r.at(first));
  for (std::size_t k = c.programs.tape; k < c.tape.size(); ++k)
    rows.push_back(rows_of(c.tape[k], c.programs.forward->info.outputs[k]));
  for (const Rows &r : by_data)
    rows.push_back(r.at(first));
  call(*c.programs.backward, first, count, std::move(buffers), rows);
}

void GradientRun::run(const overtime_checkpoint_plan &plan) {
  prepare_tape(plan.tape_steps);
  std::vector<std::int64_t> places(static_cast<std::size_t>(plan.slots));
  std::int64_t state = c.state_bytes(), kept = plan.slots > 0 ? (plan.slots + 1) * state : 0;
  auto *slots = static_cast<char *>(at_least(static_cast<std::uint64_t>(kept), c.checkpoints));
  bytes += kept + static_cast<std::int64_t>(places.size() * sizeof(std::int64_t));
  overtime_checkpoint_cursor cursor;
  overtime_checkpoints_begin(&cursor, &plan, places.data());
  for (;;) {
    overtime_checkpoint_action action = overtime_checkpoints_next(&cursor);
    switch (action.kind) {
    case OVERTIME_CHECKPOINT_SAVE:
      save(slots + action.slot * state);
      break;
    case OVERTIME_CHECKPOINT_RESTORE:
      restore(slots + action.slot * state);
      break;
    case OVERTIME_CHECKPOINT_FORWARD:
      forward(action.first, action.count, /*keep_tape=*/false);
      break;
    case OVERTIME_CHECKPOINT_TAPE:
      forward(action.first, action.count, /*keep_tape=*/true);
      break;
    case OVERTIME_CHECKPOINT_REVERSE:
      backward(action.first, action.count);
      break;
    case OVERTIME_CHECKPOINT_END:
      return;
    }
  }
}

} // namespace overtime::detail
