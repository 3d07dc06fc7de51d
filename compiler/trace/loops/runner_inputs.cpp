// SPDX-License-Identifier: Apache-2.0
// RunnerInputs: what a DSRunner does to variables at the beginning of every step.
#include "compiler/trace/loops/runner_inputs.h"

#include "compiler/trace/host/nearest.h"
#include "compiler/trace/trace.h"

namespace overtime::detail {

/// Numbers that are data of the program and not part of it: other numbers compile nothing.
struct RunnerInputs::Held : Model {
  Held() : Model(Shape{}) {}
  Tree<Value> update(const Tree<Value> &) override { return {}; }
  std::shared_ptr<Slot> add(const Tensor &numbers, DType real) {
    State one = state("input" + std::to_string(data()->slots.size()), numbers.to(real), numbers.shape());
    return data()->slots.back();
  }
};

static std::shared_ptr<Slot> found(const Model &target, const std::string &path, SourceLocation at) {
  std::map<std::string, Monitor> known = target.inputs();
  known.merge(target.states());
  if (auto it = known.find(path); it != known.end())
    return it->second.slot();
  std::vector<std::string> names;
  for (const auto &[name, variable] : known)
    names.push_back(name);
  throw Error(ErrorKind::Name, "'" + target.name() + "' has no input '" + path + "'" + did_you_mean(path, names), at);
}

RunnerInputs::RunnerInputs(Model &target, const std::vector<RunnerInput> &inputs, DType real, SourceLocation at)
    : held_(std::make_shared<Held>()) {
  for (const RunnerInput &input : inputs) {
    if (std::string("+-*/=").find(input.operation) == std::string::npos)
      throw Error(ErrorKind::Value,
                  "the operation of the input '" + input.path + "' is one of + - * / =, got '" +
                      std::string(1, input.operation) + "'",
                  at);
    One one{input, found(target, input.path, at), nullptr};
    if (const auto *fixed = std::get_if<Tensor>(&input.source))
      one.held = held_->add(*fixed, real);
    if (auto *rows = std::get_if<EachStep>(&one.what.source)) {
      if (rows->array.rank() == 0)
        throw Error(ErrorKind::Shape, "the rows of the input '" + input.path + "' are an array [T, ...], got a number",
                    at);
      rows->array = rows->array.to(real);
    }
    inputs_.push_back(std::move(one));
  }
}

bool RunnerInputs::has_rows() const {
  return std::ranges::any_of(inputs_, [](const One &one) { return std::holds_alternative<EachStep>(one.what.source); });
}

static std::string key_of(std::size_t number) { return "rows" + std::to_string(number); }

Tree<Tensor> RunnerInputs::data(std::int64_t first, std::int64_t steps, const std::optional<Tree<Tensor>> &given,
                                SourceLocation at) const {
  std::vector<Tree<Tensor>::Named> all;
  if (given)
    all.emplace_back("data", *given);
  for (std::size_t k = 0; k < inputs_.size(); ++k)
    if (const auto *rows = std::get_if<EachStep>(&inputs_[k].what.source)) {
      std::int64_t there = rows->array.shape()[0];
      if (first + steps > there)
        throw Error(ErrorKind::Shape,
                    "the input '" + inputs_[k].what.path + "' has " + std::to_string(there) + " rows, and steps " +
                        std::to_string(first) + " to " + std::to_string(first + steps) +
                        " since the reset are to run; give more rows, run fewer steps, or reset",
                    at);
      all.emplace_back(key_of(k), rows->array.rows(first, first + steps));
    }
  return Tree<Tensor>::map(std::move(all));
}

void RunnerInputs::enter(LoopData &loop) {
  if (inputs_.empty())
    return;
  for (const One &one : inputs_)
    if (one.held)
      loop.extra_states.push_back(one.held);
  std::shared_ptr<ModelData> target = loop.target;
  loop.body = [this, target](const Tree<Value> &data) {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      bool rows = std::holds_alternative<EachStep>(inputs_[k].what.source);
      apply(inputs_[k], *target->trace, rows ? data[key_of(k)] : Tree<Value>());
    }
    Tree<Value> own = has_rows() ? Tree<Value>() : data;
    for (const auto &[name, item] : data.items())
      if (has_rows() && name == "data")
        own = item;
    return target->model().update(own);
  };
}

/// A plain number counts in the unit of the variable.
static Value counted_in(Trace &trace, const Value &v, const Unit &unit) {
  return v.unit().dimensionless() && !unit.dimensionless() ? trace.wrap(Trace::unwrap(v), unit, v.where()) : v;
}

void RunnerInputs::apply(const One &one, Trace &trace, const Tree<Value> &row) const {
  Slot &slot = *one.slot;
  SourceLocation at = trace.settings.call;
  Value value;
  if (one.held)
    value = one.held->current;
  else if (const auto *function = std::get_if<RunnerInput::Function>(&one.what.source))
    value = (*function)({trace.time, trace.index, trace.wrap(trace.number(trace.settings.dt, at), ms.unit, at)});
  else
    value = row.leaf();
  char operation = one.what.operation;
  if (operation != '*' && operation != '/')
    value = counted_in(trace, value, slot.unit);
  Value old = slot.current;
  Value next = operation == '+'   ? old + value
               : operation == '-' ? old - value
               : operation == '*' ? old * value
               : operation == '/' ? old / value
                                  : value;
  if (slot.is_state())
    return assign(slot, next);
  if (!next.unit().same_dimension(slot.unit))
    throw Error(ErrorKind::Unit,
                "the input '" + slot.path() + "' is " + describe(slot.unit) + ", after '" + operation + "' " +
                    describe(next.unit()),
                at);
  slot.current = trace.wrap(trace.rescale(Trace::unwrap(next), next.unit(), slot.unit, at), slot.unit, at);
  slot.assigned = true;
}

} // namespace overtime::detail
