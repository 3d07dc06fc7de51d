// SPDX-License-Identifier: Apache-2.0
// Runs a loop with the reference interpreter in place of compiled code, for tests.
#include "compiler/trace/loops/reference_run.h"

#include "compiler/trace/arrays.h"
#include "compiler/trace/loops/loop_data.h"

namespace overtime {

using namespace detail;

static LoopResult interpret_call(LoopData &loop, const Call &call) {
  if (!loop.initial)
    prepare_run(*loop.target, loop.start());
  TracedProgram traced = trace_program(loop.model(), loop.spec(loop.input_specs(call.data), "program"));
  std::vector<reference::Array> arguments = {
      reference::Array::integer({}, {call.steps}),
      reference::Array::integer({}, {loop.options.i0.value_or(0) + loop.done}),
      reference::Array::integer({}, {loop.done}), reference::Array::real({}, {loop.options.t0.value_or(0.0)}),
      reference::Array::integer({}, {static_cast<std::int64_t>(loop.options.seed)})};
  for (const auto &slots : {traced.states, traced.params})
    for (const auto &slot : slots)
      arguments.push_back(to_array(slot->converted(slot->dtype(loop.options.real))));
  for (const Tensor &x : call.data.leaves())
    arguments.push_back(to_array(x));
  std::string error;
  auto results = reference::interpret(*traced.trace->module, "program", std::move(arguments), &error);
  if (!results)
    throw Error(ErrorKind::Compile, error);
  std::vector<Tensor> outputs;
  for (std::size_t k = 0; k < results->size(); ++k) {
    if (k < traced.states.size())
      traced.states[k]->store(to_tensor((*results)[k], f64));
    else
      outputs.push_back(to_tensor((*results)[k], f64));
  }
  loop.done += call.steps;
  LoadedProgram program;
  program.outputs = traced.outputs;
  program.monitors = traced.monitors;
  return loop.result(program, std::move(outputs), call);
}

LoopResult run_reference(LoopOverTime &loop, const Tree<Tensor> &data) {
  return interpret_call(loop.data(), loop.data().by_data(data, {}));
}
LoopResult run_reference(LoopOverTime &loop, Duration duration) {
  return interpret_call(loop.data(), loop.data().by_steps(steps_in(duration.ms, loop.dt()), {}));
}

void reset_reference(Model &model) {
  LoopData loop = initial_loop(*model.data());
  for (const auto &slot : model.data()->all_slots())
    if (slot->is_state())
      slot->reset(0);
  interpret_call(loop, Call{1, {}});
  start_delays(*model.data());
}

} // namespace overtime
