// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call.
#include "compiler/trace/gradient_run.h"

#include <algorithm>

namespace overtime::detail {

GradientRun::GradientRun(CompiledGradient &compiled, LoopData &over, std::int64_t steps)
    : c(compiled), over(over), steps(steps) {
  DType real = over.options.real;
  for (std::size_t k = 0; k < c.params.size(); ++k) {
    c.params[k]->check_divisor(real);
    params.push_back(numbers_for(*c.params[k], c.programs.forward->info.params[k], real));
  }
}

std::vector<Tensor> GradientRun::copies() const {
  std::vector<Tensor> all;
  for (const Tensor &t : states)
    all.push_back(t.clone());
  return all;
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

void GradientRun::run(std::int64_t length) {
  prepare_tape(std::min(length, steps));
  std::int64_t stretches = length > 0 ? (steps + length - 1) / length : 0;
  std::vector<std::vector<Tensor>> kept;
  for (std::int64_t s = 0; s < stretches; ++s) {
    bool last = s + 1 == stretches;
    if (!last)
      kept.push_back(copies());
    forward(s * length, std::min(length, steps - s * length), last);
  }
  std::vector<Tensor> end = states; // a stretch that is run again has states of its own
  if (stretches > 1)
    for (const Tensor &t : states)
      bytes += static_cast<std::int64_t>(t.bytes()) * (std::ssize(kept) + 1);
  for (std::int64_t s = stretches; s-- > 0;) {
    std::int64_t first = s * length, count = std::min(length, steps - first);
    if (s + 1 < stretches) {
      states = std::move(kept.back());
      kept.pop_back();
      forward(first, count, true);
    }
    backward(first, count);
  }
  states = std::move(end);
}

} // namespace overtime::detail
