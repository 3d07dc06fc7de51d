// SPDX-License-Identifier: Apache-2.0
// What a model does inside a step: time, shared arguments, differential equations.
#include "compiler/trace/trace.h"

#include "compiler/trace/host/nearest.h"
#include "dialect/Dyn.h"
#include "dialect/RungeKutta.h"

#include <functional>

namespace overtime {

using detail::Slot;
using detail::Trace;

static Trace &tracing(const std::shared_ptr<detail::ModelData> &model, const char *what, SourceLocation at) {
  if (!model->trace)
    throw Error(ErrorKind::Usage, std::string(what) + " exists only inside a step", at);
  return *model->trace;
}

static Trace &with_clock(const std::shared_ptr<detail::ModelData> &model, const char *what, SourceLocation at) {
  Trace &trace = tracing(model, what, at);
  if (trace.settings.initial)
    throw Error(ErrorKind::Usage, std::string(what) + " exists only inside a step, not in initial()", at);
  return trace;
}

Value Model::t(At at) const {
  Trace &trace = with_clock(data_, "t", at);
  if (!trace.settings.has_time)
    throw Error(ErrorKind::Usage, "'" + path() + "' reads t, but this loop was built with t0 = none", at);
  return trace.time;
}
Value Model::i(At at) const {
  Trace &trace = with_clock(data_, "i", at);
  if (!trace.settings.has_index)
    throw Error(ErrorKind::Usage, "'" + path() + "' reads i, but this loop was built with i0 = none", at);
  return trace.index;
}
Value Model::dt(At at) const {
  Trace &trace = tracing(data_, "dt", at);
  return trace.wrap(trace.number(trace.settings.dt, at), ms.unit, at);
}
double Model::step_length() const { return tracing(data_, "step_length", {}).settings.dt; }
DType Model::real() const { return tracing(data_, "real", {}).settings.real; }

bool Model::reaches_now(const State &times) const {
  Trace &trace = tracing(data_, "reaches_now", {});
  bool answer = detail::reaches(*times.slot_, trace.settings.now, trace.settings.dt);
  trace.reached.emplace_back(times.slot_, answer);
  return answer;
}

static std::string kind_of(const SharedValue &value) {
  static const char *const names[] = {"bool", "integer", "number", "text"};
  return names[value.index()];
}

SharedValue Model::shared(const std::string &name, SharedValue fallback) const {
  Trace &trace = tracing(data_, "a shared argument", {});
  trace.shared_reads.insert(name);
  auto it = trace.settings.shared.find(name);
  if (it == trace.settings.shared.end())
    return fallback;
  if (it->second.index() == fallback.index())
    return it->second;
  if (std::holds_alternative<double>(fallback) && std::holds_alternative<std::int64_t>(it->second))
    return static_cast<double>(std::get<std::int64_t>(it->second)); // 3 is a number as well
  throw Error(ErrorKind::DType,
              "the shared argument '" + name + "' is of type " + kind_of(it->second) + ", '" + path() +
                  "' reads it as " + kind_of(fallback),
              trace.settings.call);
}

Model &Model::method(const std::string &name, At at) {
  if (!ir::isExponentialEuler(name) && !ir::lookupButcherTable(name)) {
    std::vector<std::string> known;
    std::string list;
    for (llvm::StringRef method : ir::integrationMethods()) {
      known.push_back(method.str());
      list += (list.empty() ? "" : ", ") + method.str();
    }
    throw Error(
        ErrorKind::Name,
        "there is no integration method '" + name + "'" + did_you_mean(name, known) + "; the methods are: " + list, at);
  }
  data_->each([&](detail::ModelData &model) { model.method = name; });
  return *this;
}

EquationTerm Model::ddt(State &state) { return {state.slot_, data_, /*noise=*/false}; }
EquationTerm Model::noise(State &state) { return {state.slot_, data_, /*noise=*/true}; }

void EquationTerm::operator=(const Operand &given) {
  Slot &slot = *slot_;
  std::string path = slot.path(), term = (noise_ ? "noise(" : "ddt(") + path + ")";
  std::optional<Value> &target = noise_ ? slot.diffusion : slot.derivative;
  if (!slot.trace || !slot.trace->in_equations())
    throw Error(ErrorKind::Usage, term + " is given outside equations()", given.where());
  if (slot.owner.lock() != model_ || slot.flag)
    throw Error(ErrorKind::Usage,
                term + " is given in the equations of '" + model_->path() + "', " +
                    (slot.flag ? "but it is bool" : "which it is no state of; its own model gives it"),
                given.where())
        .note("'" + path + "' is declared here", slot.declared);
  if (target)
    throw Error(ErrorKind::Usage, term + " is given twice", given.where()).note("first given here", target->where());
  Trace &trace = *slot.trace;
  Unit expected = noise_ ? slot.unit : slot.unit / ms.unit;
  std::string what = noise_ ? "noise(" + path + "), for a square root of a ms," : "d" + path + "/dt";
  Value v = detail::materialize(trace, given);
  bool plain_zero = given.is_literal() && given.literal().value == 0.0;
  if (!plain_zero && !v.unit().same_dimension(expected))
    throw Error(ErrorKind::Unit, what + " must be in [" + expected.str() + "], got [" + v.unit().str() + "]",
                given.where())
        .note("'" + path + "' is declared here in [" + slot.unit.str() + "]", slot.declared);
  mlir::Value raw = trace.to_real(Trace::unwrap(v), given.where());
  if (!plain_zero)
    raw = trace.rescale(raw, v.unit(), expected, given.where());
  Shape shape = slot.full_shape(), got = v.shape();
  bool fits = got.size() <= shape.size();
  for (size_t d = 0; fits && d < got.size(); ++d)
    fits = got[d] == 1 || got[d] == shape[d + shape.size() - got.size()];
  if (!fits)
    throw Error(ErrorKind::Shape, what + " must have shape " + to_string(shape) + ", got " + to_string(got),
                given.where())
        .note("'" + path + "' is declared here", slot.declared);
  target = trace.wrap(trace.broadcast(raw, shape, given.where()), expected, given.where());
}

/// Which states have a rate, and where noise was given.
struct Given {
  llvm::SmallVector<bool> rate;
  std::vector<std::optional<SourceLocation>> noise;
};

/// Fills `block` with the equations: an argument for the time and for every state, a rate for each state that has one,
/// then a diffusion for each that has noise. The states' values are those of the step again afterwards, whatever
/// happens.
static Given trace_equations(Trace &trace, const std::vector<std::shared_ptr<Slot>> &states, mlir::Block &block,
                             SourceLocation at, const std::function<void()> &equations) {
  struct Restore {
    Trace &trace;
    const std::vector<std::shared_ptr<Slot>> &states;
    Value time;
    std::vector<Value> values;
    ~Restore() {
      trace.time = time;
      for (std::size_t k = 0; k < values.size(); ++k) {
        states[k]->current = values[k];
        states[k]->derivative.reset();
        states[k]->diffusion.reset();
      }
    }
  } restore{trace, states, trace.time, {}};
  mlir::Location loc = trace.location(at);
  Trace::Scope scope(trace, block);
  trace.time = trace.wrap(block.addArgument(trace.element(trace.settings.real), loc), ms.unit, at);
  for (const auto &slot : states) {
    restore.values.push_back(slot->current);
    slot->derivative.reset();
    slot->diffusion.reset();
    slot->current =
        trace.wrap(block.addArgument(Trace::unwrap(slot->current).getType(), loc), slot->unit, slot->declared);
  }
  equations();
  Given given;
  llvm::SmallVector<mlir::Value> rates, diffusions;
  for (const auto &slot : states) {
    given.rate.push_back(slot->derivative.has_value());
    given.noise.push_back(slot->diffusion ? std::optional(slot->diffusion->where()) : std::nullopt);
    if (slot->derivative)
      rates.push_back(Trace::unwrap(*slot->derivative));
    if (slot->diffusion && !slot->derivative)
      throw Error(ErrorKind::Usage,
                  "noise(" + slot->path() + ") is given, but not ddt(" + slot->path() + "); it may be 0",
                  slot->diffusion->where());
    if (slot->diffusion)
      diffusions.push_back(Trace::unwrap(*slot->diffusion));
  }
  rates.append(diffusions);
  ir::YieldOp::create(trace.builder, loc, rates);
  return given;
}

/// An error when the method of a model takes no noise.
static void require_noise(const detail::ModelData &model, const Slot &slot, SourceLocation at) {
  if (ir::takesNoise(model.method))
    return;
  std::string known;
  for (llvm::StringRef method : ir::stochasticMethods())
    known += (known.empty() ? "" : ", ") + method.str();
  throw Error(ErrorKind::Usage,
              "noise(" + slot.path() + ") is integrated with the method '" + model.method +
                  "', which takes none; the methods that do are: " + known,
              at);
}

void Model::integrate(At here) {
  SourceLocation at = here;
  Trace &trace = tracing(data_, "integrate()", at);
  if (trace.in_equations())
    throw Error(ErrorKind::Usage, "'" + path() + "' calls integrate() inside equations()", at);
  mlir::Location loc = trace.location(at);

  // The region is traced with every state of the model as an argument; those without an equation leave it again.
  std::vector<std::shared_ptr<Slot>> states;
  for (const auto &slot : data_->slots)
    if (slot->is_state() && !slot->flag)
      states.push_back(slot);
  auto block = std::make_unique<mlir::Block>();
  Given given = trace_equations(trace, states, *block, at, [&] { equations(); });

  llvm::SmallVector<mlir::Value> integrated, noises;
  llvm::SmallVector<std::int64_t> noisy;
  llvm::SmallVector<mlir::Type> types;
  std::vector<std::shared_ptr<Slot>> order;
  for (std::size_t k = states.size(); k-- > 0;)
    if (!given.rate[k]) {
      block->getArgument(1 + k).replaceAllUsesWith(Trace::unwrap(states[k]->current));
      block->eraseArgument(1 + k);
    }
  for (std::size_t k = 0; k < states.size(); ++k)
    if (given.rate[k]) {
      if (given.noise[k]) {
        noisy.push_back(static_cast<std::int64_t>(order.size()));
        require_noise(*data_, *states[k], *given.noise[k]);
        noises.push_back(Trace::unwrap(
            random("normal", "noise(" + states[k]->name + ")", states[k]->full_shape(), *given.noise[k])));
      }
      order.push_back(states[k]);
      integrated.push_back(Trace::unwrap(states[k]->current));
      types.push_back(integrated.back().getType());
    }
  if (order.empty())
    throw Error(ErrorKind::Usage, "'" + path() + "' calls integrate(), but its equations() give no ddt", at);
  mlir::Value time = trace.settings.has_time ? Trace::unwrap(trace.time) : trace.number(0.0, at);
  auto op =
      ir::IntegrateOp::create(trace.builder, loc, types, trace.builder.getStringAttr(data_->method), time,
                              trace.builder.getF64FloatAttr(trace.settings.dt), integrated, noises,
                              noises.empty() ? mlir::DenseI64ArrayAttr() : trace.builder.getDenseI64ArrayAttr(noisy));
  op.getBody().push_back(block.release());
  for (std::size_t k = 0; k < order.size(); ++k) {
    order[k]->current = trace.wrap(op.getResult(k), order[k]->unit, at);
    order[k]->assigned = true;
    if (trace.settings.no_state)
      throw Error(ErrorKind::Usage,
                  "state '" + order[k]->path() + "' is updated, but this loop was built with no_state = true", at);
  }
}

} // namespace overtime
