// SPDX-License-Identifier: Apache-2.0
// DSRunner: a LoopOverTime with monitors by name, inputs, a progress bar, and Ctrl-C.
#pragma once

#include "compiler/trace/host/memory_need.h"
#include "compiler/trace/host/progress.h"
#include "compiler/trace/loops/loop_over_time.h"

#include <variant>

namespace overtime {

/// What a runner records, under a name: "V", {"V", Monitor(hh.V).every(10)}, {"rate", [&] { return mean(hh.V); }}.
struct RunnerMonitor {
  RunnerMonitor(const char *path) : name(path) {}
  RunnerMonitor(std::string path) : name(std::move(path)) {}
  RunnerMonitor(std::string name, Monitor what) : name(std::move(name)), what(std::move(what)) {}
  template <class F>
    requires std::is_invocable_r_v<Value, const F &>
  RunnerMonitor(std::string name, F function, std::source_location at = std::source_location::current())
      : name(std::move(name)), what(Monitor(std::move(function), at)) {}

  std::string name;
  std::optional<Monitor> what; ///< the variable of that path unless given
};

/// Time of a step, for inputs that are functions of it.
struct StepClock {
  Value t;  ///< [ms]
  Value i;  ///< steps since the reset, i64
  Value dt; ///< [ms]
};

/// One row of an array for every step: row k is for step k since the last reset.
struct EachStep {
  Tensor array; ///< [T, ...]
};

/// What a runner does to an input or a state at the beginning of every step: x = x operation value.
class RunnerInput {
public:
  using Function = std::function<Value(const StepClock &)>;
  using Source = std::variant<Tensor, EachStep, Function>;
  RunnerInput(std::string path, double number, char operation = '+')
      : RunnerInput(std::move(path), Tensor(number, f64), operation) {}
  RunnerInput(std::string path, Tensor fixed, char operation = '+')
      : path(std::move(path)), source(std::move(fixed)), operation(operation) {}
  RunnerInput(std::string path, EachStep rows, char operation = '+')
      : path(std::move(path)), source(std::move(rows)), operation(operation) {}
  template <class F>
    requires std::is_invocable_r_v<Value, const F &, const StepClock &>
  RunnerInput(std::string path, F function, char operation = '+')
      : path(std::move(path)), source(Function(std::move(function))), operation(operation) {}

  std::string path;
  Source source;  ///< the same in every step ("fix"), a row for each ("iter"), or traced with the step ("func")
  char operation; ///< '+', '-', '*', '/', or '=' to replace it. Numbers to multiply with have no unit; others count in
                  ///< that of the variable
};

struct RunnerOptions {
  std::vector<RunnerMonitor> monitors = {};
  std::vector<RunnerInput> inputs = {}; ///< applied in this order
  std::optional<Duration> dt = {};      ///< step; the global one unless given
  double t0 = 0.0;                      ///< time of the first step [ms]
  DType real = f32;                     ///< element type of the run
  std::uint64_t seed = 0;               ///< of random numbers inside the loop
  std::int32_t threads = 0;             ///< of a run; 0: as many as pay
  bool keep_outputs = true;             ///< false: what the steps return is not kept
  ProgressBar bar = ProgressBar::Terminal;
  std::function<bool(std::int64_t done, std::int64_t steps)> progress = {}; ///< as in LoopOptions
  bool cache = true;                                                        ///< keep compiled objects on disk
};

namespace detail {
struct Call;
class RunnerInputs;
} // namespace detail

///   DSRunner runner(net, {.monitors = {"E.V", {"spikes", Monitor(net.E.spike).events()}},
///                         .inputs = {{"E.I", 20.0}, {"I.I", EachStep{current}, '-'}}});
///   runner.run(100.0);
///   Tensor V = runner.mon["E.V"], times = runner.mon["ts"], who = runner.mon["spikes.i"];
///
/// A run that needs more memory than there is is an error before it begins. Ctrl-C stops a run between two chunks of
/// it, and `mon` holds what was computed; the next run goes on from there.
class DSRunner {
public:
  using At = std::source_location;
  explicit DSRunner(Model &target, RunnerOptions options = {}, At at = At::current());
  ~DSRunner();

  /// Runs on from where the last run stopped, and returns what the steps returned; `mon` holds this run's monitors.
  Tree<Tensor> run(Duration duration, At at = At::current());
  Tree<Tensor> run(const Tree<Tensor> &data, At at = At::current());
  void reset_state(std::optional<std::int64_t> batch = {}, std::uint64_t seed = 0, At at = At::current());

  /// What such a run takes, told before it; compiles what it needs to know.
  MemoryNeed memory_need(Duration duration, At at = At::current());

  /// By the names of the monitors: arrays [T, ...], and events as "NAME.i" and "NAME.t". The times of the steps are
  /// "ts" [ms], f64; those of a monitor with rows for windows, of their last steps, "NAME.t".
  std::map<std::string, Tensor> mon;
  bool interrupted() const { return interrupted_; } ///< the last run, by Ctrl-C
  LoopOverTime &loop() { return *loop_; }

private:
  MemoryNeed need_of(const detail::Call &call);
  Tree<Tensor> go(std::int64_t steps, const std::optional<Tree<Tensor>> &data, At at);
  void keep(const LoopResult &result, std::int64_t first);
  std::unique_ptr<detail::RunnerInputs> inputs_;
  std::unique_ptr<LoopOverTime> loop_;
  std::function<bool(std::int64_t, std::int64_t)> progress_;
  std::shared_ptr<RunWatch *> watch_; // of the run that is going on
  ProgressBar bar_;
  bool interrupted_ = false;
};

using Runner = DSRunner;

} // namespace overtime
