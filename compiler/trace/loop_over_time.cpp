// SPDX-License-Identifier: Apache-2.0
// LoopOverTime: construction, checks of a call, and what a call means (semantics S1-S16).
#include "compiler/trace/loop_data.h"

#include "runtime/parts.h"

#include <atomic>
#include <cmath>
#include <cstdio>

namespace overtime {

using detail::Call;
using detail::InputSpec;
using detail::LoopData;
using detail::ProgramSpec;

static std::string shortest(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

static std::atomic<double> default_dt{0.1};
double get_dt() { return default_dt; }

static double checked_dt(double dt, SourceLocation at) {
  if (!(dt > 0.0) || !std::isfinite(dt))
    throw Error(ErrorKind::Value, "dt must be positive and finite, got " + shortest(dt) + " ms", at);
  return dt;
}
void set_dt(Duration dt) { default_dt = checked_dt(dt.ms, {}); }

Duration::Duration(const Quantity &q, std::source_location at) : ms(q.in(overtime::ms.unit)) {
  if (!q.unit.same_dimension(overtime::ms.unit))
    throw Error(ErrorKind::Unit, "a duration counts in [ms], got [" + q.unit.str() + "]", at);
}

std::int64_t steps_in(double duration, double dt, SourceLocation at) {
  if (!std::isfinite(duration) || duration < 0.0)
    throw Error(ErrorKind::Value, "a duration must be finite and not negative, got " + shortest(duration) + " ms", at);
  double n = duration / dt, nearest = std::round(n);
  double steps = std::abs(n - nearest) <= 1e-9 * std::max(1.0, n) ? nearest : std::ceil(n);
  if (steps > 9.0e18)
    throw Error(ErrorKind::Value,
                "a duration of " + shortest(duration) + " ms has too many steps of " + shortest(dt) + " ms", at);
  return static_cast<std::int64_t>(steps);
}

LoopOverTime::LoopOverTime(Model &target, LoopOptions options, At at) : data_(std::make_unique<LoopData>()) {
  data_->target = target.data();
  data_->dt = checked_dt(options.dt ? options.dt->ms : get_dt(), at);
  if (options.data_first_axis != 'T' && options.data_first_axis != 'B')
    throw Error(ErrorKind::Value, std::string("data_first_axis is 'T' or 'B', got '") + options.data_first_axis + "'",
                at);
  if (options.real != f32 && options.real != f64)
    throw Error(ErrorKind::DType, "a loop runs in f32 or f64, not in " + name_of(options.real), at);
  if (options.threads < 0 || options.threads > 1024)
    throw Error(ErrorKind::Value,
                "threads is 0 (as many as pay) or from 1 to 1024, got " + std::to_string(options.threads), at);
  if (options.on_step && options.jit)
    throw Error(ErrorKind::Usage,
                "on_step sees every step only with jit = false; with jit = true, progress is called between chunks",
                at);
  if (options.t0 && !std::isfinite(*options.t0))
    throw Error(ErrorKind::Value, "t0 must be finite", at);
  auto slots = target.data()->all_slots();
  options.out_vars.each([&](const std::string &, const Monitor &m) {
    if (std::find(slots.begin(), slots.end(), m.slot()) == slots.end())
      throw Error(ErrorKind::Name,
                  "out_vars holds '" + m.path() + "', which is not a variable of '" + target.name() + "'", at);
  });
  data_->name = options.name.empty() ? detail::unique_name("LoopOverTime") : options.name;
  data_->options = std::move(options);
}
LoopOverTime::~LoopOverTime() = default;
LoopOverTime::LoopOverTime(LoopOverTime &&) noexcept = default;

LoopResult LoopOverTime::operator()(Duration duration, At at) {
  return steps(steps_in(duration.ms, data_->dt, at), at);
}
LoopResult LoopOverTime::steps(std::int64_t count, At at) { return data_->run(data_->by_steps(count, at)); }
LoopResult LoopOverTime::operator()(const Tree<Tensor> &data, At at) { return data_->run(data_->by_data(data, at)); }

void LoopOverTime::reset_state(std::optional<std::int64_t> batch, std::uint64_t seed) {
  data_->model().reset_state(batch, seed);
  data_->done = 0;
}

std::optional<double> LoopOverTime::t0() const {
  if (!data_->options.t0)
    return std::nullopt;
  return *data_->options.t0 + static_cast<double>(data_->done) * data_->dt;
}
std::optional<std::int64_t> LoopOverTime::i0() const {
  if (!data_->options.i0)
    return std::nullopt;
  return *data_->options.i0 + data_->done;
}
double LoopOverTime::dt() const { return data_->dt; }
const std::string &LoopOverTime::name() const { return data_->name; }
Model &LoopOverTime::target() const { return data_->model(); }
const LoopOptions &LoopOverTime::options() const { return data_->options; }
std::int64_t LoopOverTime::compilations() const { return data_->compilations; }

const Tensor &LoopResult::operator[](const Monitor &m) const {
  for (const auto &[slot, tensor] : monitored_)
    if (slot == m.slot())
      return tensor;
  throw Error(ErrorKind::Name, "'" + m.path() + "' was not monitored; name it in out_vars");
}

namespace detail {

Call LoopData::by_steps(std::int64_t steps, SourceLocation at) const {
  if (options.no_state)
    throw Error(ErrorKind::Usage, "a loop with no_state = true has no run by duration: it needs data", at);
  if (steps < 0)
    throw Error(ErrorKind::Value, "the number of steps must not be negative, got " + std::to_string(steps), at);
  return {steps, {}, false};
}

/// Semantics S5, S9, S15.
Call LoopData::by_data(const Tree<Tensor> &data, SourceLocation at) const {
  bool batch_first = options.data_first_axis == 'B' && target->batch;
  std::size_t time_axis = batch_first ? 1 : 0;
  const Tensor *first = nullptr;
  std::string first_path;
  auto leaves = data.leaves(); // keeps the arrays while `first` points at one
  std::size_t number = 0;
  data.each([&](const std::string &path, const Tensor &) {
    const Tensor &x = leaves[number++];
    std::string name = path.empty() ? "the data" : "data '" + path + "'";
    if (x.shape().size() <= time_axis)
      throw Error(ErrorKind::Shape,
                  name + " has shape " + to_string(x.shape()) + " and no time axis; expected " +
                      (batch_first ? "[B, T, ...]" : "[T, ...]"),
                  at);
    if (x.dtype() != options.real)
      throw Error(ErrorKind::DType,
                  name + " is " + name_of(x.dtype()) + ", this loop runs in " + name_of(options.real) +
                      "; convert it with to(" + name_of(options.real) + ")",
                  at);
    if (first && x.shape()[time_axis] != first->shape()[time_axis])
      throw Error(ErrorKind::Shape,
                  name + " has shape " + to_string(x.shape()) + ", " + first_path + " has shape " +
                      to_string(first->shape()) + ": their time axes differ",
                  at);
    std::size_t batch_axis = 1 - time_axis;
    if (target->batch && (x.shape().size() < 2 || x.shape()[batch_axis] != *target->batch))
      throw Error(ErrorKind::Shape,
                  name + " has shape " + to_string(x.shape()) + ", but the states of '" + model().name() +
                      "' have batch size " + std::to_string(*target->batch) +
                      "; call reset_state with the batch size of the data",
                  at);
    if (!first) {
      first = &x;
      first_path = name;
    }
  });
  if (!first)
    throw Error(ErrorKind::Usage, "the data is empty; call the loop with a duration to run without data", at);
  Call call{first->shape()[time_axis], data, batch_first && options.no_state};
  if (batch_first)
    call.data = data.map_leaves<Tensor>([](const Tensor &x) { return x.swap_first_axes(); });
  return call;
}

Tree<InputSpec> LoopData::input_specs(const Tree<Tensor> &data) const {
  std::vector<std::string> paths;
  data.each(
      [&](const std::string &path, const Tensor &) { paths.push_back(path.empty() ? model().input_name() : path); });
  std::size_t next = 0;
  return data.map_leaves<InputSpec>(
      [&](const Tensor &x) { return InputSpec{paths[next++], Shape(x.shape().begin() + 1, x.shape().end())}; });
}

ProgramSpec LoopData::spec(const Tree<InputSpec> &data, const std::string &program_name) const {
  ProgramSpec spec;
  spec.name = program_name;
  spec.settings = {options.real,      dt, options.t0.has_value(), options.i0.has_value(), options.no_state,
                   options.shared_arg};
  spec.t0 = options.t0.value_or(0.0);
  spec.i0 = options.i0.value_or(0);
  switch (options.remat.policy) {
  case Remat::Policy::None:
    break;
  case Remat::Policy::Step:
    spec.remat = "step";
    break;
  case Remat::Policy::Sqrt:
    spec.remat = "sqrt";
    break;
  case Remat::Policy::Budget:
    spec.remat = "budget=" + std::to_string(options.remat.bytes);
    break;
  }
  spec.fast = options.numerics == Numerics::Fast;
  spec.threads = options.threads > 0 ? options.threads : detail::available_threads();
  spec.data = data;
  spec.out_vars = options.out_vars;
  return spec;
}

LoopResult LoopData::result(const LoadedProgram &program, std::vector<Tensor> outputs, const Call &call) const {
  auto pick = [&](int number) {
    Tensor t = outputs[static_cast<std::size_t>(number)];
    return call.swap_outputs && t.rank() >= 2 ? t.swap_first_axes() : t;
  };
  LoopResult result;
  if (options.keep_outputs)
    result.out = program.outputs.map_leaves<Tensor>([&](const int &number) { return pick(number); });
  result.vars = program.monitors.map_leaves<Tensor>([&](const int &number) { return pick(number); });
  auto monitors = options.out_vars.leaves();
  auto tensors = result.vars.leaves();
  for (std::size_t k = 0; k < monitors.size(); ++k)
    result.monitored_.emplace_back(monitors[k].slot(), tensors[k]);
  return result;
}

} // namespace detail
} // namespace overtime
