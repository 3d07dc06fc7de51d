// SPDX-License-Identifier: Apache-2.0
// DSRunner: a LoopOverTime with monitors by name and inputs that are held.
#pragma once

#include "compiler/trace/loop_over_time.h"

namespace overtime {

struct RunnerOptions {
  std::vector<std::string> monitors = {};    ///< variables by path, such as "V"
  std::map<std::string, Tensor> inputs = {}; ///< value of an input during every step: a number or [N]
  std::optional<Duration> dt = {};           ///< step; the global one unless given
  double t0 = 0.0;                           ///< time of the first step [ms]
  DType real = f32;                          ///< element type of the run
  std::function<bool(std::int64_t done, std::int64_t steps)> progress = {}; ///< as in LoopOptions
};

///   DSRunner runner(hh, {.monitors = {"V", "spike"}, .inputs = {{"I", Tensor(5.0)}}});
///   runner.run(100.0);
///   Tensor V = runner.mon["V"], times = runner.mon["ts"];
class DSRunner {
public:
  using At = std::source_location;
  explicit DSRunner(Model &target, RunnerOptions options = {}, At at = At::current());

  /// Runs on from where the last run stopped, and returns what the steps returned; `mon` holds this run's monitors.
  Tree<Tensor> run(Duration duration, At at = At::current());
  Tree<Tensor> run(const Tree<Tensor> &data, At at = At::current());
  void reset_state(std::optional<std::int64_t> batch = {}, std::uint64_t seed = 0, At at = At::current());

  /// Arrays [T, ...] by the names of the monitors, and the times of the steps as "ts" [ms], f64.
  std::map<std::string, Tensor> mon;
  LoopOverTime &loop() { return loop_; }

private:
  Tree<Tensor> keep(const LoopResult &result, double begin, std::int64_t first);
  LoopOverTime loop_;
};

using Runner = DSRunner;

} // namespace overtime
