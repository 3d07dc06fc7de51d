// SPDX-License-Identifier: Apache-2.0
// What a LoopOverTime is made of. Private to compiler/trace.
#pragma once

#include "compiler/trace/loops/loaded_code.h"
#include "compiler/trace/loops/recorder.h"
#include "compiler/trace/program.h"

#include <map>
#include <memory>

namespace overtime::detail {

/// What decided while a program was traced, besides its key.
struct TraceFacts {
  std::vector<std::pair<std::shared_ptr<Slot>, Tensor>> host_reads; // numbers
  std::vector<std::pair<std::shared_ptr<Slot>, bool>> reached;      // times

  /// For a call that begins at time `now`; one that goes on where this program stopped has no times to come.
  bool still_valid(double now, double dt, bool goes_on) const;
};

/// A program that is loaded, and what it was traced from.
struct LoadedProgram : TraceFacts {
  LoadedCode code;
  std::vector<std::shared_ptr<Slot>> states, params;
  std::vector<bool> reads; // params that a step looks at
  Tree<int> outputs, monitors;
  const driver::ProgramInfo &info() const { return code.info(); }
  Tensor scratch;                         // a row of each output that is not kept
  std::map<std::size_t, Tensor> recorded; // a few rows of each output that a recorder takes
};

/// One call, checked: time-major data and a number of steps.
struct Call {
  std::int64_t steps = 0;
  Tree<Tensor> data;
  bool swap_outputs = false; // no_state with 'B' gives back [B, T, ...]
  SourceLocation at = {};    // the user's
  bool on_device = false;    // data and results are addresses of the loop's GPU, in tensors that nobody reads
};

/// A name that a user gave to a loop: two that live at once may not have the same.
class GivenName {
public:
  GivenName(const std::string &name, SourceLocation at);
  ~GivenName();
  GivenName(const GivenName &) = delete;
  GivenName &operator=(const GivenName &) = delete;

private:
  std::string name_;
};

/// The numbers of a variable as a program takes them, which may write over them. An error when their shape is not the
/// program's.
const Tensor &numbers_for(Slot &slot, const driver::ArrayInfo &array, DType real, bool writes);

struct LoopData {
  std::shared_ptr<ModelData> target;
  LoopOptions options;
  std::string name;
  double dt = 0.1;
  std::int64_t done = 0; // steps since t0 and i0
  std::int64_t compilations = 0;
  driver::StageTimes times;            // of the last of them
  const LoadedProgram *last = nullptr; // that ran
  std::uint64_t last_edits = 0;        // of the target, then
  std::multimap<std::string, std::unique_ptr<LoadedProgram>> programs;
  std::function<Tree<Value>(const Tree<Value> &)> body; // in place of the target's update
  std::vector<std::shared_ptr<Slot>> extra_states;      // that the body assigns: variables of another model
  bool initial = false;                                 // the body is initial() of every model
  bool no_initial = false;                              // which assigns nothing
  std::shared_ptr<const GivenName> given_name;          // kept for as long as the loop lives
  std::vector<std::shared_ptr<Recorder>> recorders;     // by number of the monitor; null where rows are the result

  Model &model() const { return target->model(); }
  Call by_data(const Tree<Tensor> &data, SourceLocation at) const;
  Call by_steps(std::int64_t steps, SourceLocation at) const;
  ProgramSpec spec(const Tree<InputSpec> &data, const std::string &program_name) const;
  /// For a call: the place of the user's line, and which lengths could be a batch's.
  ProgramSpec spec(const Call &call, const Tree<InputSpec> &data) const;
  Tree<InputSpec> input_specs(const Tree<Tensor> &data) const;
  RunStart start() const { return {now(), dt, options.real}; }
  double now() const { return options.t0.value_or(0.0) + static_cast<double>(done) * dt; }
  /// Whether this loop's last call left the target as it is now, at this time.
  bool goes_on() const;
  /// Everything that decides which program a call with this data needs, but for the facts of its trace.
  std::string key_of(const Tree<Tensor> &data) const;
  /// The next steps but `skipped` of them.
  StepRange range(std::int64_t count, std::int64_t skipped = 0) const {
    return {count, options.i0.value_or(0) + done + skipped, done + skipped, options.t0.value_or(0.0), options.seed};
  }
  /// An error where the index of the step after a call would be no number.
  void check_index(const Call &call) const;
  LoadedProgram *known_program(const std::string &key);
  TracedProgram trace(const ProgramSpec &wanted);
  LoadedProgram &load(const std::string &key, TracedProgram traced, SourceLocation at);
  Device device() const; // of the next run
  LoadedProgram &program_for(const Call &call);
  MemoryNeed memory_need(const Call &call);
  LoopResult run(const Call &call);
  DeviceResult run_on_device(Call call);
  Tree<Tensor> placed(const Tree<DeviceTensor> &data, SourceLocation at) const;
  DeviceTensor on_device(const Monitor &variable, SourceLocation at) const;
  void run_initial(SourceLocation at);
  LoopResult result(const LoadedProgram &program, std::vector<Tensor> outputs, const Call &call) const;
  /// The recorders of a program's outputs, by number; null for outputs that are recorded as they are written.
  std::vector<Recorder *> recorders_of(const LoadedProgram &program);
};

/// initial() of every model of a tree, as the step of a loop.
LoopData initial_loop(ModelData &root);

} // namespace overtime::detail
