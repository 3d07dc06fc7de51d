// SPDX-License-Identifier: Apache-2.0
// DSRunner: a LoopOverTime with monitors by name and inputs that are held.
#include "compiler/trace/runner.h"

#include "compiler/trace/nearest.h"

namespace overtime {

static LoopOptions loop_options(const Model &target, const RunnerOptions &options, std::source_location at) {
  std::vector<Tree<Monitor>::Named> monitors;
  for (const std::string &name : options.monitors) {
    if (name == "ts")
      throw Error(ErrorKind::Name, "'ts' holds the times of the steps and cannot be a monitor", at);
    monitors.emplace_back(name, target.var(name, at));
  }
  LoopOptions loop;
  if (!monitors.empty())
    loop.out_vars = Tree<Monitor>::map(std::move(monitors));
  loop.t0 = options.t0;
  loop.dt = options.dt;
  loop.real = options.real;
  loop.progress = options.progress;
  return loop;
}

DSRunner::DSRunner(Model &target, RunnerOptions options, At at) : loop_(target, loop_options(target, options, at), at) {
  auto known = target.inputs();
  for (const auto &[name, value] : options.inputs) {
    auto found = known.find(name);
    if (found == known.end()) {
      std::vector<std::string> names;
      for (const auto &[other, input] : known)
        names.push_back(other);
      throw Error(ErrorKind::Name, "'" + target.name() + "' has no input '" + name + "'" + did_you_mean(name, names),
                  at);
    }
    found->second.set_value(value, at);
  }
}

Tree<Tensor> DSRunner::run(Duration duration, At at) {
  double begin = *loop_.t0();
  std::int64_t first = *loop_.i0();
  return keep(loop_(duration, at), begin, first);
}

Tree<Tensor> DSRunner::run(const Tree<Tensor> &data, At at) {
  double begin = *loop_.t0();
  std::int64_t first = *loop_.i0();
  return keep(loop_(data, at), begin, first);
}

Tree<Tensor> DSRunner::keep(const LoopResult &result, double begin, std::int64_t first) {
  mon.clear();
  for (const auto &[name, array] : result.vars.items())
    mon.emplace(name, array.leaf());
  Tensor times(Shape{*loop_.i0() - first}, f64);
  for (std::int64_t k = 0; k < times.size(); ++k)
    times.set(k, begin + static_cast<double>(k) * loop_.dt());
  mon.emplace("ts", times);
  return result.out;
}

void DSRunner::reset_state(std::optional<std::int64_t> batch, std::uint64_t seed, At at) {
  loop_.reset_state(batch, seed, at);
}

} // namespace overtime
