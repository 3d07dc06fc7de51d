// SPDX-License-Identifier: Apache-2.0
// LoopOverTime: construction, checks of a call, and what a call means (semantics S1-S16).
#include "compiler/trace/loops/loop_data.h"
#include "compiler/trace/loops/recording.h"

#include "runtime/parts.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <mutex>

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

Remat Remat::budget(std::int64_t bytes, std::source_location at) {
  if (bytes <= 0)
    throw Error(ErrorKind::Value, "a budget has more than 0 bytes, got " + std::to_string(bytes), at);
  return with(Policy::Budget, bytes, 0);
}

Remat Remat::every(std::int64_t k, std::source_location at) {
  if (k < 1)
    throw Error(ErrorKind::Value, "states are kept every 1 or more steps, got " + std::to_string(k), at);
  return with(Policy::Every, 0, k);
}

/// Numbers that are constants of the run, in its type.
static void check_real(const LoopOptions &options, double dt, SourceLocation at) {
  auto check = [&](const char *what, double value, bool zero_is_lost) {
    auto rounded = static_cast<float>(value);
    if (options.real == f32 && (!std::isfinite(rounded) || (zero_is_lost && rounded == 0.0F)))
      throw Error(ErrorKind::Value,
                  std::string(what) + " = " + shortest(value) + " ms is a number that f32 cannot hold; run in f64", at);
  };
  check("dt", dt, true);
  check("t0", options.t0.value_or(0.0), false);
}

LoopOverTime::LoopOverTime(Model &target, LoopOptions options, At at) : data_(std::make_unique<LoopData>()) {
  data_->target = target.data();
  data_->dt = checked_dt(options.dt ? options.dt->ms : get_dt(), at);
  if (options.data_first_axis != 'T' && options.data_first_axis != 'B')
    throw Error(ErrorKind::Value, std::string("data_first_axis is 'T' or 'B', got '") + options.data_first_axis + "'",
                at);
  if (options.real != f32 && options.real != f64)
    throw Error(ErrorKind::DType, "a loop runs in f32 or f64, not in " + name_of(options.real), at);
  if (options.real == f64 && options.matmul_precision != MatmulPrecision::Full)
    throw Error(
        ErrorKind::Usage,
        "matmul_precision rounds the operands of products of f32, and the loop runs in f64; set .real = f32, or "
        "leave .matmul_precision out",
        at);
  if (options.threads < 0 || options.threads > 1024)
    throw Error(ErrorKind::Value,
                "threads is 0 (as many as pay) or from 1 to 1024, got " + std::to_string(options.threads), at);
  if (options.on_step && options.jit)
    throw Error(ErrorKind::Usage,
                "on_step sees every step only with jit = false; with jit = true, progress is called between chunks",
                at);
  if (options.t0 && !std::isfinite(*options.t0))
    throw Error(ErrorKind::Value, "t0 must be finite", at);
  check_real(options, data_->dt, at);
  auto slots = target.data()->all_slots();
  options.out_vars.each([&](const std::string &, const Monitor &m) {
    if (m.slot() && std::find(slots.begin(), slots.end(), m.slot()) == slots.end())
      throw Error(ErrorKind::Name,
                  "out_vars holds '" + m.path() + "', which is not a variable of '" + target.name() + "'", at);
  });
  detail::check_recordings(options, at);
  if (!options.name.empty())
    data_->given_name = std::make_shared<detail::GivenName>(options.name, at);
  data_->name = options.name.empty() ? detail::unique_name("LoopOverTime") : options.name;
  if (!options.cache)
    target.data()->cache = target.data()->root().cache = false;
  data_->options = std::move(options);
}
LoopOverTime::~LoopOverTime() = default;
LoopOverTime::LoopOverTime(LoopOverTime &&) noexcept = default;

LoopData &LoopOverTime::data() const {
  if (!data_)
    throw Error(ErrorKind::Usage, "this LoopOverTime was moved from; use the one that it was moved to");
  return *data_;
}

/// An error without a place of its own, such as too little memory, is one of the call.
static LoopResult run_at(LoopData &loop, const Call &call) {
  try {
    return loop.run(call);
  } catch (Error &error) {
    error.place(call.at);
    throw;
  }
}

LoopResult LoopOverTime::operator()(Duration duration, At at) { return steps(steps_in(duration.ms, dt(), at), at); }
LoopResult LoopOverTime::steps(std::int64_t count, At at) { return run_at(data(), data().by_steps(count, at)); }
LoopResult LoopOverTime::operator()(const Tree<Tensor> &x, At at) { return run_at(data(), data().by_data(x, at)); }

MemoryNeed LoopOverTime::memory_need(std::int64_t count, At at) {
  return data().memory_need(data().by_steps(count, at));
}
MemoryNeed LoopOverTime::memory_need(const Tree<Tensor> &x, At at) { return data().memory_need(data().by_data(x, at)); }

void LoopOverTime::reset_state(std::optional<std::int64_t> batch, std::uint64_t seed, At at) {
  target().reset_state(batch, seed, at);
  data().done = 0;
}

std::map<std::string, Monitor> LoopOverTime::vars(const NodeOptions &options, At at) const {
  return target().vars(options, at);
}
std::map<std::string, Monitor> LoopOverTime::states(const NodeOptions &options, At at) const {
  return target().states(options, at);
}
std::map<std::string, Monitor> LoopOverTime::params(const NodeOptions &options, At at) const {
  return target().params(options, at);
}
std::map<std::string, Monitor> LoopOverTime::train_vars(const NodeOptions &options, At at) const {
  return target().train_vars(options, at);
}
std::map<std::string, Model *> LoopOverTime::nodes(const NodeOptions &options, At at) const {
  return target().nodes(options, at);
}
Mode LoopOverTime::mode() const { return target().mode(); }
StateDict LoopOverTime::state_dict() const {
  StateDict dict = target().state_dict();
  Tensor steps({}, i64);
  steps.values<std::int64_t>()[0] = data().done;
  dict.emplace(steps_key, steps);
  return dict;
}
LoadResult LoopOverTime::load_state_dict(const StateDict &dict, const LoadOptions &options, At at) {
  std::int64_t done = data().done;
  if (auto found = dict.find(steps_key); found != dict.end()) {
    const Tensor &steps = found->second;
    if (steps.dtype() != i64 || steps.size() != 1 || steps.values<std::int64_t>()[0] < 0)
      throw Error(ErrorKind::Value,
                  "'" + found->first + "' is the number of steps so far, one i64 of at least 0; got " + steps.str(),
                  at);
    done = steps.values<std::int64_t>()[0];
  }
  LoadResult result = target().load_state_dict(dict, options, at);
  data().done = done;
  return result;
}
void LoopOverTime::save_states(const std::string &path) const { save_tensors(path, state_dict()); }
LoadResult LoopOverTime::load_states(const std::string &path, const LoadOptions &options, At at) {
  return load_state_dict(load_tensors(path), options, at);
}
LoopOverTime &LoopOverTime::to(const std::string &device, At at) { return to(Device(device, at)); }
LoopOverTime &LoopOverTime::to(const Device &device) {
  data().options.device = device;
  return *this;
}
LoopOverTime &LoopOverTime::cpu(At at) { return to("cpu", at); }
LoopOverTime &LoopOverTime::cuda(At at) { return to("cuda", at); }
LoopOverTime &LoopOverTime::tpu(At at) { return to("tpu", at); }

std::optional<double> LoopOverTime::t0() const {
  return data().options.t0 ? std::optional(data().now()) : std::nullopt;
}
std::optional<std::int64_t> LoopOverTime::i0() const {
  if (!data().options.i0)
    return std::nullopt;
  return *data().options.i0 + data().done;
}
double LoopOverTime::dt() const { return data().dt; }
const std::string &LoopOverTime::name() const { return data().name; }
Model &LoopOverTime::target() const { return data().model(); }
const LoopOptions &LoopOverTime::options() const { return data().options; }
std::int64_t LoopOverTime::workspace_bytes() const {
  std::int64_t bytes = 0;
  for (const auto &[key, program] : data().programs)
    bytes += static_cast<std::int64_t>(program->info().workspaceBytes);
  return bytes;
}
std::int64_t LoopOverTime::compilations() const { return data().compilations; }
const std::vector<std::pair<std::string, double>> &LoopOverTime::times() const { return data().times; }

const Tensor &LoopResult::operator[](const Monitor &m) const {
  for (const auto &[slot, tensor] : monitored_)
    if (slot == m.slot())
      return tensor;
  throw Error(ErrorKind::Name, "'" + m.path() + "' was not monitored; name it in out_vars");
}

namespace detail {

namespace {
std::mutex names_mutex;
std::map<std::string, SourceLocation> &given_names() {
  static std::map<std::string, SourceLocation> names;
  return names;
}
} // namespace

GivenName::GivenName(const std::string &name, SourceLocation at) : name_(name) {
  std::lock_guard lock(names_mutex);
  auto [known, added] = given_names().emplace(name, at);
  if (!added)
    throw Error(ErrorKind::Name, "two loops are named '" + name + "'", at)
        .note("the other is built here", known->second);
}

GivenName::~GivenName() {
  std::lock_guard lock(names_mutex);
  given_names().erase(name_);
}

Call LoopData::by_steps(std::int64_t steps, SourceLocation at) const {
  if (options.no_state)
    throw Error(ErrorKind::Usage, "a loop with no_state = true has no run by duration: it needs data", at);
  if (steps < 0)
    throw Error(ErrorKind::Value, "the number of steps must not be negative, got " + std::to_string(steps), at);
  return {steps, {}, false, at};
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
  Call call{first->shape()[time_axis], data, batch_first && options.no_state, at};
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
  spec.settings = {.real = options.real,
                   .dt = dt,
                   .has_time = options.t0.has_value(),
                   .has_index = options.i0.has_value(),
                   .no_state = options.no_state,
                   .shared = options.shared_arg,
                   .now = now(),
                   .initial = initial,
                   .call = {},
                   .leading = {}};
  spec.body = body;
  spec.extra_states = extra_states;
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
  case Remat::Policy::Every:
    spec.remat = "every=" + std::to_string(options.remat.steps);
    break;
  case Remat::Policy::Budget:
    spec.remat = "budget=" + std::to_string(options.remat.bytes);
    break;
  }
  spec.fast = options.numerics == Numerics::Fast;
  if (options.matmul_precision != MatmulPrecision::Full)
    spec.matmul_precision = options.matmul_precision == MatmulPrecision::Tf32 ? "tf32" : "bf16";
  spec.threads_asked = options.threads > 0;
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
  auto monitors = options.out_vars.leaves();
  std::size_t next = 0;
  result.vars = program.monitors.graft<Tensor>([&](const int &number) {
    std::size_t k = next++;
    bool own = k < recorders.size() && recorders[k]; // none of the interpreter's runs
    Tree<Tensor> recorded = own ? recorders[k]->finish() : Tree<Tensor>(pick(number));
    if (recorded.is_leaf() && monitors[k].slot())
      result.monitored_.emplace_back(monitors[k].slot(), recorded.leaf());
    return recorded;
  });
  return result;
}

} // namespace detail
} // namespace overtime
