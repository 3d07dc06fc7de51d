// SPDX-License-Identifier: Apache-2.0
// DSRunner: a LoopOverTime with monitors by name, inputs, a progress bar, and Ctrl-C.
#include "compiler/trace/loops/runner.h"

#include "compiler/trace/host/host_memory.h"
#include "compiler/trace/loops/recording.h"
#include "compiler/trace/loops/runner_inputs.h"

#include <cstdio>
#include <map>

namespace overtime {

/// Under which names a monitor leaves arrays in `mon`.
static std::vector<std::string> names_of(const std::string &name, const detail::Recording &what) {
  if (what.events)
    return {name + ".i", name + ".t"};
  return what.every > 1 && what.file.empty() ? std::vector{name, name + ".t"} : std::vector{name};
}

static Tree<Monitor> monitors_of(const Model &target, const std::vector<RunnerMonitor> &monitors,
                                 std::source_location at) {
  std::vector<Tree<Monitor>::Named> named;
  std::map<std::string, std::string> taken; // by whom
  for (const RunnerMonitor &monitor : monitors) {
    if (monitor.name.empty())
      throw Error(ErrorKind::Name, "a monitor of a runner needs a name to be found by in mon", at);
    if (monitor.name == "ts")
      throw Error(ErrorKind::Name, "'ts' holds the times of the steps and cannot be a monitor", at);
    named.emplace_back(monitor.name, monitor.what ? *monitor.what : target.var(monitor.name, at));
    for (const std::string &name : names_of(monitor.name, named.back().second.leaf().recording()))
      if (auto [other, first] = taken.emplace(name, monitor.name); !first)
        throw Error(ErrorKind::Name,
                    "the monitors '" + other->second + "' and '" + monitor.name + "' would both be '" + name +
                        "'; give one another name",
                    at);
  }
  return named.empty() ? Tree<Monitor>() : Tree<Monitor>::map(std::move(named));
}

DSRunner::DSRunner(Model &target, RunnerOptions options, At at)
    : inputs_(std::make_unique<detail::RunnerInputs>(target, options.inputs, options.real, at)),
      progress_(std::move(options.progress)), watch_(std::make_shared<RunWatch *>()), bar_(options.bar) {
  LoopOptions loop;
  loop.out_vars = monitors_of(target, options.monitors, at);
  loop.t0 = options.t0;
  loop.dt = options.dt;
  loop.real = options.real;
  loop.seed = options.seed;
  loop.threads = options.threads;
  loop.keep_outputs = options.keep_outputs;
  loop.cache = options.cache;
  loop.progress = [watch = watch_, progress = progress_](std::int64_t done, std::int64_t steps) {
    return (!*watch || (**watch)(done, steps)) && (!progress || progress(done, steps));
  };
  loop_ = std::make_unique<LoopOverTime>(target, std::move(loop), at);
  inputs_->enter(loop_->data());
}
DSRunner::~DSRunner() = default;

Tree<Tensor> DSRunner::run(Duration duration, At at) {
  return go(steps_in(duration.ms, loop_->dt(), at), std::nullopt, at);
}

Tree<Tensor> DSRunner::run(const Tree<Tensor> &data, At at) {
  return go(loop_->data().by_data(data, at).steps, data, at);
}

MemoryNeed DSRunner::memory_need(Duration duration, At at) {
  std::int64_t steps = steps_in(duration.ms, loop_->dt(), at);
  detail::LoopData &loop = loop_->data();
  return need_of(inputs_->has_rows() ? loop.by_data(inputs_->data(loop.done, steps, {}, at), at)
                                     : loop.by_steps(steps, at));
}

/// What the loop takes, and the times of the steps.
MemoryNeed DSRunner::need_of(const detail::Call &call) {
  MemoryNeed need = loop_->data().memory_need(call);
  need.results += static_cast<double>(call.steps) * sizeof(double);
  return need;
}

Tree<Tensor> DSRunner::go(std::int64_t steps, const std::optional<Tree<Tensor>> &data, At at) {
  detail::LoopData &loop = loop_->data();
  std::int64_t first = loop.done;
  detail::Call call = inputs_->has_rows() ? loop.by_data(inputs_->data(first, steps, data, at), at)
                      : data              ? loop.by_data(*data, at)
                                          : loop.by_steps(steps, at);
  MemoryNeed need = need_of(call);
  std::string what = "the model and the results of " + std::to_string(steps) + " steps (" + need.results_text + ")";
  try {
    std::string warning = check_memory(need.total(), what, "run fewer steps or monitor less");
    if (bar_ == ProgressBar::Always || (!warning.empty() && bar_ != ProgressBar::Never))
      std::fprintf(stderr, "%s takes %s of memory: %s\n", loop.model().name().c_str(),
                   readable_bytes(need.total()).c_str(), what.c_str());
    RunWatch watch(bar_);
    *watch_ = &watch;
    watch.arm();
    LoopResult result = loop.run(call);
    *watch_ = nullptr;
    watch.finish();
    interrupted_ = watch.interrupted();
    keep(result, first);
    return result.out;
  } catch (Error &error) {
    *watch_ = nullptr;
    error.place(at);
    throw;
  } catch (...) {
    *watch_ = nullptr;
    throw;
  }
}

void DSRunner::keep(const LoopResult &result, std::int64_t first) {
  auto times = [&](std::int64_t begin, std::int64_t step, std::int64_t count) {
    Tensor t(Shape{count}, f64);
    for (std::int64_t k = 0; k < count; ++k)
      t.set(k, *loop_->options().t0 + static_cast<double>(begin + k * step) * loop_->dt());
    return t;
  };
  mon.clear();
  for (const auto &[name, array] : result.vars.items()) {
    array.each(
        [&](const std::string &path, const Tensor &t) { mon.emplace(path.empty() ? name : name + "." + path, t); });
    const detail::Recording &what = loop_->options().out_vars[name].leaf().recording();
    if (what.every > 1 && what.file.empty())
      mon.emplace(name + ".t", times((first / what.every + 1) * what.every - 1, what.every, array.leaf().shape()[0]));
  }
  mon.emplace("ts", times(first, 1, loop_->data().done - first));
}

void DSRunner::reset_state(std::optional<std::int64_t> batch, std::uint64_t seed, At at) {
  loop_->reset_state(batch, seed, at);
}

} // namespace overtime
