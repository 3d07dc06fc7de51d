// SPDX-License-Identifier: Apache-2.0
// Gradients through time: traces the loss into the step, compiles, and decides what is kept.
#include "compiler/trace/training/gradient_data.h"

#include <algorithm>
#include <cmath>

namespace overtime {

using detail::CompiledGradient;
using detail::GradientRun;
using detail::InputSpec;
using detail::numbers_for;
using detail::rows_of;
using detail::Slot;

Loss each_step(std::function<Value(Value, Value)> f) { return {Loss::Over::EachStep, std::move(f)}; }
Loss last_step(std::function<Value(Value, Value)> f) { return {Loss::Over::LastStep, std::move(f)}; }
Loss mean_output(std::function<Value(Value, Value)> f) { return {Loss::Over::MeanOutput, std::move(f)}; }

const Tensor &GradientResult::operator[](const Monitor &by) const {
  for (const auto &[slot, tensor] : by_)
    if (slot == by.slot())
      return tensor;
  throw Error(ErrorKind::Name, "there is no gradient by '" + by.path() + "'; list it in .wrt of the GradientOptions");
}

namespace {

/// A variable that belongs to no model: the loss so far, the mean output so far.
std::shared_ptr<Slot> extra_state(const char *name, Shape shape, const Unit &unit) {
  auto slot = std::make_shared<Slot>();
  slot->name = name;
  slot->shape = std::move(shape);
  slot->unit = unit;
  return slot;
}

} // namespace

/// Makes `total` the loss so far. All data comes under "data", then the target and, for a mean over time, the share of
/// a step in it. A loss of the last output or of the mean output is assigned at every step and so is that of the last
/// one, whose adjoint alone is not zero.
Tree<Value> ValueAndGradData::add_loss(const Tree<Value> &result, const Tree<Value> &all,
                                       const std::shared_ptr<Slot> &total,
                                       const detail::ProgramSpec::AddState &add) const {
  if (result.size() != 1)
    throw Error(ErrorKind::Usage, "a loss takes one output, the step of '" + over().model().name() + "' gives " +
                                      std::to_string(result.size()));
  Value out = as_real(result.leaves().front());
  add(total);
  if (loss.over == Loss::Over::MeanOutput) {
    auto mean_out = extra_state("mean output", out.shape(), out.unit());
    add(mean_out);
    mean_out->current = mean_out->current + all["share"].leaf() * out;
    mean_out->assigned = true;
    out = mean_out->current;
  }
  Value value = mean(loss.function(out, all["target"].leaf()));
  if (!value.unit().dimensionless())
    throw Error(ErrorKind::Unit, "the loss is in [" + value.unit().str() + "]; divide by a unit", value.where());
  total->current = loss.over == Loss::Over::EachStep ? total->current + all["share"].leaf() * value : value;
  total->assigned = true;
  return {};
}

/// What of the target belongs to one step.
Shape ValueAndGradData::target_row(const Tensor &target) const {
  const Shape &shape = target.shape();
  return loss.over == Loss::Over::EachStep ? Shape(shape.begin() + 1, shape.end()) : shape;
}

TracedLoss ValueAndGradData::trace(const detail::Call &call, const Tensor &target, const std::string &name,
                                   std::optional<bool> fit) {
  detail::LoopData &data = over();
  auto total = extra_state("loss", {}, {});
  Tree<InputSpec> inputs = data.input_specs(call.data);
  std::vector<std::pair<std::string, Tree<InputSpec>>> all = {{"data", inputs},
                                                              {"target", InputSpec{"target", target_row(target)}}};
  if (loss.over != Loss::Over::LastStep)
    all.emplace_back("share", InputSpec{"share", {}});
  detail::ProgramSpec spec = data.spec(call, Tree<InputSpec>::map(std::move(all)));
  spec.name = name;
  spec.out_vars = Tree<Monitor>();
  if (fit)
    spec.settings.shared.emplace("fit", *fit);
  spec.body = [&](const Tree<Value> &values) {
    return data.body ? data.body(values["data"]) : data.model().update(values["data"]);
  };
  spec.finish = [&](const Tree<Value> &result, const Tree<Value> &values, const detail::ProgramSpec::AddState &add) {
    return add_loss(result, values, total, add);
  };
  TracedLoss made{detail::trace_program(data.model(), spec), {}, {}, {}};
  made.by.loss = static_cast<unsigned>(std::ranges::find(made.program.states, total) - made.program.states.begin());
  if (options.data)
    for (unsigned k = 0; k < inputs.leaves().size(); ++k)
      made.by.inputs.push_back(k);
  find_variables(made, call.at);
  return made;
}

/// What the loss is to be differentiated by, as numbers of the program's arguments.
void ValueAndGradData::find_variables(TracedLoss &made, SourceLocation at) const {
  auto number = [](const auto &slots, const std::shared_ptr<Slot> &slot) {
    return static_cast<std::size_t>(std::ranges::find(slots, slot) - slots.begin());
  };
  const auto &params = made.program.params, &states = made.program.states;
  std::vector<std::shared_ptr<Slot>> wrt;
  for (const Monitor &m : options.wrt)
    wrt.push_back(m.slot());
  if (options.wrt.empty())
    std::ranges::copy_if(params, std::back_inserter(wrt), [](const auto &slot) { return slot->trainable; });
  for (const auto &slot : wrt) {
    if (std::size_t p = number(params, slot); p < params.size()) {
      made.by.params.push_back(static_cast<unsigned>(p));
      made.by_params.push_back(slot);
    } else if (std::size_t s = number(states, slot); s < states.size()) {
      made.by.states.push_back(static_cast<unsigned>(s));
      made.by_states.push_back(slot);
    } else {
      throw Error(ErrorKind::Name,
                  "'" + slot->path() + "' in .wrt is not a variable of '" + over().model().name() + "'",
                  slot->declared);
    }
  }
  if (made.by.params.empty() && made.by.inputs.empty() && made.by.states.empty())
    throw Error(ErrorKind::Usage,
                "'" + over().model().name() + "' has no trainable parameter; name in .wrt what to differentiate by",
                at);
}

std::unique_ptr<CompiledGradient> ValueAndGradData::compile(const detail::Call &call, const Tensor &target) {
  detail::LoopData &data = over();
  TracedLoss loss = trace(call, target, "program", trains ? std::optional(true) : std::nullopt);
  detail::TracedProgram &traced = loss.program;
  auto owned = std::make_unique<CompiledGradient>();
  CompiledGradient &made = *owned;
  made.by_params = std::move(loss.by_params);
  made.by_states = std::move(loss.by_states);
  mlir::ModuleOp module = *traced.trace->module;
  if (Device where = data.device(); where.is_cuda()) {
    made.device = std::make_unique<detail::DeviceGradient>(module, traced.info, loss.by, where.number(),
                                                           data.options.cache, call.at);
  } else {
    auto host =
        driver::compileGradientForHost(module, traced.info, loss.by, {data.options.cache, detail::target_of_runs()});
    if (!host)
      detail::throw_compile_error(host.takeError());
    made.host = std::make_unique<driver::HostGradient>(std::move(*host));
  }
  made.states = std::move(traced.states);
  made.params = std::move(traced.params);
  made.host_reads = std::move(traced.trace->host_reads);
  made.reached = std::move(traced.trace->reached);
  made.loss = loss.by.loss;
  return owned;
}

void ValueAndGradData::check_target(const detail::Call &call, const Tensor &target) const {
  if (target.dtype() != real())
    throw Error(ErrorKind::DType,
                "the target is " + name_of(target.dtype()) + ", this loop runs in " + name_of(real()) +
                    "; convert it with to(" + name_of(real()) + ")",
                call.at);
  if (loss.over == Loss::Over::EachStep && (target.rank() < 1 || target.shape()[0] != call.steps))
    throw Error(ErrorKind::Shape,
                "the target of each_step has shape " + to_string(target.shape()) + ", expected [" +
                    std::to_string(call.steps) + ", ...] as the data",
                call.at);
  if (call.steps < 1)
    throw Error(ErrorKind::Value, "a gradient needs at least one step of data", call.at);
}

/// What is kept and what is run again, by the loop's `remat`.
overtime_checkpoint_plan ValueAndGradData::checkpoints(std::int64_t steps) const {
  const Remat &remat = over().options.remat;
  auto plan = [&](overtime_remat policy, std::int64_t argument = 0) {
    overtime_checkpoint_plan plan;
    int status =
        overtime_plan_checkpoints(policy, argument, steps, compiled->tape_bytes(), compiled->state_bytes(), &plan);
    if (status == OVERTIME_NO_MEMORY)
      throw Error(ErrorKind::Memory, "remat has a budget of " + std::to_string(argument) + " bytes; a gradient over " +
                                         std::to_string(steps) + " steps needs at least " + std::to_string(plan.bytes));
    return plan;
  };
  switch (remat.policy) {
  case Remat::Policy::None:
    return plan(OVERTIME_REMAT_NONE);
  case Remat::Policy::Step:
    return plan(OVERTIME_REMAT_EVERY, 1);
  case Remat::Policy::Sqrt:
    return plan(OVERTIME_REMAT_SQRT);
  case Remat::Policy::Every:
    return plan(OVERTIME_REMAT_EVERY, remat.steps);
  case Remat::Policy::Budget:
    break;
  }
  return plan(OVERTIME_REMAT_BUDGET, remat.bytes);
}

Tensor real_target(const Tensor &target, DType real, SourceLocation at) {
  if (target.dtype() != i64 && target.dtype() != DType::Bool)
    return target;
  Tensor numbers = target.to(real);
  for (std::int64_t k = 0; real == f32 && k < target.size(); ++k)
    if (std::abs(target[k]) > 0x1p24)
      throw Error(ErrorKind::Value,
                  "the target holds " + std::to_string(std::llround(target[k])) +
                      ", which f32 cannot tell from its neighbours; run in f64",
                  at);
  return numbers;
}

detail::Call ValueAndGradData::prepare(const Tree<Tensor> &data, const Tensor &target, SourceLocation at) {
  detail::LoopData &loop = over();
  detail::Call call = loop.by_data(data, at);
  loop.check_index(call);
  check_target(call, target);
  if (!loop.goes_on())
    detail::prepare_run(*loop.target, loop.start());
  std::string key = loop.key_of(call.data) + "|" + to_string(target_row(target));
  std::unique_ptr<CompiledGradient> &known = programs[key]; // of an epoch, the last batch may be smaller
  if (!known || !known->still_valid(loop.now(), loop.dt, /*goes_on=*/false))
    known = compile(call, target);
  compiled = known.get();
  return call;
}

GradientPlan ValueAndGradData::plan(const Tree<Tensor> &data, const Tensor &given, std::int64_t steps,
                                    SourceLocation at) {
  Tensor target = real_target(given, real(), at);
  if (steps < 0)
    throw Error(ErrorKind::Value, "the plan of a gradient is for 1 or more steps, got " + std::to_string(steps), at);
  detail::Call call = prepare(data, target, at);
  overtime_checkpoint_plan plan = checkpoints(steps > 0 ? steps : call.steps);
  return {plan.steps, compiled->tape_bytes(), compiled->state_bytes(), plan.tape_steps, plan.slots, plan.steps_again,
          plan.bytes};
}

std::vector<detail::Rows> ValueAndGradData::inputs_of(const detail::Call &call, const Tensor &target) const {
  const std::vector<driver::ArrayInfo> &info = compiled->layout().forwardInfo.inputs;
  std::vector<detail::Rows> inputs;
  for (const Tensor &leaf : call.data.leaves())
    inputs.push_back(rows_of(leaf, info[inputs.size()]));
  inputs.push_back(rows_of(target, info[inputs.size()], loss.over != Loss::Over::EachStep));
  if (loss.over != Loss::Over::LastStep) {
    Tensor share = Tensor::full({1}, 1.0 / static_cast<double>(call.steps), real());
    inputs.push_back(rows_of(share, info[inputs.size()], /*one_row=*/true));
  }
  return inputs;
}

void ValueAndGradData::finish(const detail::Call &call) const {
  detail::LoopData &loop = over();
  loop.done += call.steps;
  loop.last = nullptr; // the next call looks at the states again
  loop.target->left_by = nullptr;
}

GradientResult ValueAndGradData::run(const Tree<Tensor> &data, const Tensor &given, SourceLocation at) {
  Tensor target = real_target(given, real(), at);
  detail::LoopData &loop = over();
  detail::Call call = prepare(data, target, at);
  CompiledGradient &c = *compiled;
  const driver::GradientLayout &layout = c.layout();
  const driver::ProgramInfo &info = layout.forwardInfo;

  GradientRun run(c, loop);
  run.inputs = inputs_of(call, target);
  auto leaves = call.data.leaves();
  for (std::size_t k = 0; k < c.states.size(); ++k) {
    bool own = c.states[k]->owner.lock() != nullptr;
    run.states.push_back(own ? numbers_for(*c.states[k], info.states[k], real(), /*writes=*/true).clone()
                             : Tensor(info.states[k].shape, real()));
  }
  for (const driver::ArrayInfo &array : layout.backwardInfo.states)
    run.adjoints.emplace_back(array.shape, real());
  auto seed = std::ranges::find(layout.carried, static_cast<unsigned>(c.loss));
  if (seed != layout.carried.end())
    run.adjoints[static_cast<std::size_t>(seed - layout.carried.begin())].set(0, 1.0);
  std::vector<Tensor> by_data;
  if (options.data)
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      by_data.emplace_back(leaves[k].shape(), real());
      run.by_data.push_back(rows_of(by_data.back(), info.inputs[k]));
    }
  run.run(checkpoints(call.steps));

  GradientResult result;
  result.loss = run.states[c.loss][0];
  result.tape_bytes = run.bytes;
  for (std::size_t k = 0; k < c.by_params.size(); ++k)
    result.by_.emplace_back(c.by_params[k], run.adjoints[layout.carried.size() + k]);
  for (const auto &slot : c.by_states) {
    auto number = static_cast<unsigned>(std::ranges::find(c.states, slot) - c.states.begin());
    auto place = [&](const std::vector<unsigned> &states) {
      return static_cast<std::size_t>(std::ranges::find(states, number) - states.begin());
    };
    std::size_t carried = place(layout.carried), constant = place(layout.constant);
    if (carried < layout.carried.size())
      result.by_.emplace_back(slot, run.adjoints[carried]);
    else if (constant < layout.constant.size())
      result.by_.emplace_back(slot, run.adjoints[layout.carried.size() + c.by_params.size() + constant]);
    else // the loss does not depend on it
      result.by_.emplace_back(slot, Tensor(slot->full_shape(), real()));
  }
  std::size_t next = 0;
  if (options.data)
    result.data = call.data.map_leaves<Tensor>([&](const Tensor &) { return by_data[next++]; });
  for (std::size_t k = 0; k < c.states.size(); ++k)
    if (c.states[k]->owner.lock())
      c.states[k]->store(run.states[k]);
  finish(call);
  return result;
}

ValueAndGrad::ValueAndGrad(LoopOverTime &loop, Loss loss, GradientOptions options, At at)
    : data_(new ValueAndGradData{loop, std::move(loss), std::move(options), {}, nullptr}) {
  if (!data_->loss.function)
    throw Error(ErrorKind::Usage, "the loss has no function", at);
}
ValueAndGrad::~ValueAndGrad() = default;
ValueAndGrad::ValueAndGrad(ValueAndGrad &&) noexcept = default;
GradientResult ValueAndGrad::operator()(const Tree<Tensor> &data, const Tensor &target, At at) {
  return data_->run(data, target, at);
}
GradientPlan ValueAndGrad::plan(const Tree<Tensor> &data, const Tensor &target, std::int64_t steps, At at) {
  return data_->plan(data, target, steps, at);
}
ValueAndGrad value_and_grad(LoopOverTime &loop, Loss loss, GradientOptions options, std::source_location at) {
  return ValueAndGrad(loop, std::move(loss), std::move(options), at);
}

} // namespace overtime
