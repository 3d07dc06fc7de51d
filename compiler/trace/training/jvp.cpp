// SPDX-License-Identifier: Apache-2.0
// Directional derivatives through time: compiles a loop with its tangents, and calls it.
#include "compiler/trace/training/jvp.h"

#include "compiler/driver/training/Gradient.h"
#include "compiler/trace/loops/loop_data.h"
#include "compiler/trace/loops/recording.h"

#include <algorithm>

namespace overtime {

using detail::Slot;

const Tensor &JvpResult::operator[](const Monitor &state) const {
  for (const auto &[slot, tensor] : states_)
    if (slot == state.slot())
      return tensor;
  throw Error(ErrorKind::Name, "'" + state.path() + "' is not a state of this loop's model");
}

namespace {

struct CompiledJvp : detail::TraceFacts {
  std::string key;
  driver::Tangents made;
  detail::LoadedCode code;
  std::vector<std::shared_ptr<Slot>> states, params;
  std::vector<std::shared_ptr<Slot>> by_params; // of the direction
  Tree<int> outputs, monitors;
};

template <class Numbers> std::optional<std::size_t> place_of(const Numbers &numbers, std::size_t k) {
  auto found = std::ranges::find(numbers, k);
  return found == numbers.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - numbers.begin()));
}

} // namespace

struct JvpData {
  LoopOverTime &loop;
  std::optional<CompiledJvp> compiled;

  JvpResult run(const detail::Call &call, const Direction &along, SourceLocation at);

private:
  detail::LoopData &over() const { return loop.data(); }
  DType real() const { return over().options.real; }
  std::vector<Tensor> data_tangents(const detail::Call &call, const Direction &along, SourceLocation at) const;
  Tensor tangent(const std::shared_ptr<Slot> &slot, const Direction &along, SourceLocation at) const;
  void check_type(const std::string &what, const Tensor &tangent, SourceLocation at) const;
  void compile(const detail::Call &call, const Direction &along);
  JvpResult result(const detail::Call &call, const std::vector<Tensor> &outputs) const;
};

void JvpData::check_type(const std::string &what, const Tensor &tangent, SourceLocation at) const {
  if (tangent.dtype() != real())
    throw Error(ErrorKind::DType,
                "the direction of " + what + " is " + name_of(tangent.dtype()) + ", this loop runs in " +
                    name_of(real()) + "; convert it with to(" + name_of(real()) + ")",
                at);
}

/// One for each leaf of the data, time first; none where the data stands still.
std::vector<Tensor> JvpData::data_tangents(const detail::Call &call, const Direction &along, SourceLocation at) const {
  if (along.data.empty())
    return {};
  std::vector<Tensor> given = over().by_data(along.data, at).data.leaves(), leaves = call.data.leaves();
  if (given.size() != leaves.size())
    throw Error(ErrorKind::Shape,
                "the direction has data of " + std::to_string(given.size()) + " arrays, the data " +
                    std::to_string(leaves.size()),
                at);
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    check_type("the data", given[k], at);
    if (given[k].shape() != leaves[k].shape())
      throw Error(ErrorKind::Shape,
                  "the direction of the data has shape " + to_string(given[k].shape()) + ", expected " +
                      to_string(leaves[k].shape()) + " as the data",
                  at);
  }
  return given;
}

/// A copy of what the direction has for a variable; zeros where it has nothing.
Tensor JvpData::tangent(const std::shared_ptr<Slot> &slot, const Direction &along, SourceLocation at) const {
  auto given = std::ranges::find_if(along.by, [&](const auto &pair) { return pair.first.slot() == slot; });
  Shape shape = slot->is_state() ? slot->full_shape() : slot->shape_of_numbers();
  if (given == along.by.end())
    return Tensor(shape, real());
  check_type("'" + slot->path() + "'", given->second, at);
  if (given->second.shape() != shape)
    throw Error(ErrorKind::Shape,
                "the direction of '" + slot->path() + "' has shape " + to_string(given->second.shape()) +
                    ", expected " + to_string(shape),
                at);
  return given->second.clone();
}

void JvpData::compile(const detail::Call &call, const Direction &along) {
  detail::LoopData &data = over();
  detail::TracedProgram traced = detail::trace_program(data.model(), data.spec(call, data.input_specs(call.data)));
  CompiledJvp fresh;
  driver::GradientSpec spec;
  for (const auto &[variable, tensor] : along.by) {
    const auto &slot = variable.slot();
    auto p = std::ranges::find(traced.params, slot), s = std::ranges::find(traced.states, slot);
    if (p != traced.params.end()) {
      spec.params.push_back(static_cast<unsigned>(p - traced.params.begin()));
      fresh.by_params.push_back(slot);
    } else if (s != traced.states.end() && !slot->flag) {
      spec.states.push_back(static_cast<unsigned>(s - traced.states.begin()));
    } else {
      throw Error(ErrorKind::Name,
                  "'" + slot->path() + "' in the direction is not a real variable of '" + data.model().name() + "'",
                  call.at);
    }
  }
  if (!along.data.empty())
    for (unsigned k = 0; k < traced.info.inputs.size(); ++k)
      spec.inputs.push_back(k);
  mlir::ModuleOp module = *traced.trace->module;
  auto target = driver::TargetSpec::get(detail::target_of_runs());
  if (!target)
    detail::throw_compile_error(target.takeError());
  auto made = driver::addTangents(module, traced.info, spec, *target);
  if (!made)
    detail::throw_compile_error(made.takeError());
  fresh.made = std::move(*made);
  fresh.code = detail::LoadedCode(module, fresh.made.info, data.device(), data.options.cache, call.at);
  fresh.states = std::move(traced.states);
  fresh.params = std::move(traced.params);
  fresh.outputs = std::move(traced.outputs);
  fresh.monitors = std::move(traced.monitors);
  fresh.host_reads = std::move(traced.trace->host_reads);
  fresh.reached = std::move(traced.trace->reached);
  compiled = std::move(fresh);
}

JvpResult JvpData::result(const detail::Call &call, const std::vector<Tensor> &outputs) const {
  const auto &moving = compiled->made.outputs;
  std::size_t plain = outputs.size() - moving.size();
  auto swapped = [&](const Tensor &t) { return call.swap_outputs && t.rank() >= 2 ? t.swap_first_axes() : t; };
  std::function<Tensor(const int &)> value = [&](const int &k) {
    return swapped(outputs[static_cast<std::size_t>(k)]);
  };
  std::function<Tensor(const int &)> tangent = [&](const int &k) {
    auto number = static_cast<std::size_t>(k);
    std::optional<std::size_t> place = place_of(moving, number);
    return swapped(place ? outputs[plain + *place] : Tensor(outputs[number].shape(), real()));
  };
  JvpResult r;
  r.out = compiled->outputs.map_leaves(value);
  r.vars = compiled->monitors.map_leaves(value);
  r.out_tangent = compiled->outputs.map_leaves(tangent);
  r.vars_tangent = compiled->monitors.map_leaves(tangent);
  return r;
}

JvpResult JvpData::run(const detail::Call &call, const Direction &along, SourceLocation at) {
  detail::LoopData &data = over();
  data.options.out_vars.each([&](const std::string &path, const Monitor &m) {
    if (!m.recording().direct())
      throw Error(ErrorKind::Usage,
                  "a directional derivative has a row for every step; the monitor '" + (m.slot() ? m.path() : path) +
                      "' wants others: leave every(), events() and file() away, and take elements that follow each "
                      "other",
                  at);
  });
  data.check_index(call);
  if (!data.goes_on())
    detail::prepare_run(*data.target, data.start());
  std::vector<Tensor> moved = data_tangents(call, along, at);
  std::string key = data.key_of(call.data) + (moved.empty() ? "|" : "|data");
  for (const auto &[variable, tensor] : along.by)
    key += "|" + std::to_string(reinterpret_cast<std::uintptr_t>(variable.slot().get())); // names may be the same
  if (!compiled || compiled->key != key || !compiled->still_valid(data.now(), data.dt, /*goes_on=*/false)) {
    compile(call, along);
    compiled->key = key;
  }
  CompiledJvp &c = *compiled;
  const driver::ProgramInfo &info = c.made.info;

  std::vector<Tensor> states, params, outputs;
  for (std::size_t k = 0; k < c.states.size(); ++k)
    states.push_back(detail::numbers_for(*c.states[k], info.states[k], real(), /*writes=*/true).clone());
  for (unsigned k : c.made.states)
    states.push_back(tangent(c.states[k], along, at));
  for (std::size_t k = 0; k < c.params.size(); ++k) {
    c.params[k]->check_divisor(real());
    params.push_back(detail::numbers_for(*c.params[k], info.params[k], real(), /*writes=*/false));
  }
  for (const auto &slot : c.by_params)
    params.push_back(tangent(slot, along, at));
  for (unsigned k : c.made.constant)
    params.push_back(tangent(c.states[k], along, at));
  for (const driver::ArrayInfo &array : info.outputs) {
    Shape shape = array.shape;
    shape.insert(shape.begin(), call.steps);
    outputs.emplace_back(shape, static_cast<DType>(array.dtype));
  }
  std::vector<Tensor> inputs = call.data.leaves();
  inputs.insert(inputs.end(), moved.begin(), moved.end());

  std::vector<void *> buffers;
  std::vector<std::int64_t> strides;
  for (std::vector<Tensor> *all : {&states, &params, &inputs, &outputs})
    for (Tensor &t : *all)
      buffers.push_back(t.data());
  for (const auto *arrays : {&info.inputs, &info.outputs})
    for (const driver::ArrayInfo &array : *arrays)
      strides.push_back(array.elements());
  c.code.run(data.range(call.steps), data.options.threads, buffers, strides, /*fresh=*/true);

  JvpResult r = result(call, outputs);
  for (std::size_t k = 0; k < c.states.size(); ++k) {
    c.states[k]->store(states[k]);
    std::optional<std::size_t> place = place_of(c.made.states, k);
    r.states_.emplace_back(c.states[k], place ? states[c.states.size() + *place] : tangent(c.states[k], along, at));
  }
  data.done += call.steps;
  data.last = nullptr; // the next call looks at the states again
  return r;
}

Jvp::Jvp(LoopOverTime &loop) : data_(new JvpData{loop, {}}) {}
Jvp::~Jvp() = default;
Jvp::Jvp(Jvp &&) noexcept = default;
JvpResult Jvp::operator()(const Tree<Tensor> &data, const Direction &along, At at) {
  return data_->run(data_->loop.data().by_data(data, at), along, at);
}
JvpResult Jvp::steps(std::int64_t count, const Direction &along, At at) {
  return data_->run(data_->loop.data().by_steps(count, at), along, at);
}
Jvp jvp(LoopOverTime &loop) { return Jvp(loop); }

} // namespace overtime
