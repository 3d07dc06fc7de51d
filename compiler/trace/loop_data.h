// SPDX-License-Identifier: Apache-2.0
// What a LoopOverTime is made of. Private to compiler/trace.
#pragma once

#include "compiler/driver/Compiler.h"
#include "compiler/trace/program.h"

#include <map>
#include <memory>

namespace overtime::detail {

/// A program that is loaded, and what it was traced from.
struct LoadedProgram {
  std::unique_ptr<driver::HostProgram> host;
  std::vector<std::shared_ptr<Slot>> states, params;
  Tree<int> outputs, monitors;
  std::vector<std::pair<std::shared_ptr<Slot>, Tensor>> host_reads; // numbers that decided while tracing
  std::vector<std::pair<std::shared_ptr<Slot>, bool>> reached;      // times that did
  Tensor workspace, scratch;                                        // scratch: a row of each output that is not kept

  /// For a call that begins at time `now`; one that goes on where this program stopped has no times to come.
  bool still_valid(double now, double dt, bool goes_on) const;
};

/// One call, checked: time-major data and a number of steps.
struct Call {
  std::int64_t steps = 0;
  Tree<Tensor> data;
  bool swap_outputs = false; // no_state with 'B' gives back [B, T, ...]
  SourceLocation at = {};    // the user's
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

/// How the runtime may share the work of a program.
inline overtime_schedule schedule_of(const driver::ProgramInfo &info) {
  return {info.parts, info.partCycles, info.threadBytes, info.waitCycles};
}

/// "native"; the tests run the code of older processors by the variable OVERTIME_TARGET.
std::string target_of_runs();

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
  bool initial = false;                                 // the body is initial() of every model
  bool no_initial = false;                              // which assigns nothing
  std::shared_ptr<const GivenName> given_name;          // kept for as long as the loop lives

  Model &model() const { return target->model(); }
  Call by_data(const Tree<Tensor> &data, SourceLocation at) const;
  Call by_steps(std::int64_t steps, SourceLocation at) const;
  ProgramSpec spec(const Tree<InputSpec> &data, const std::string &program_name) const;
  Tree<InputSpec> input_specs(const Tree<Tensor> &data) const;
  RunStart start() const { return {now(), dt, options.real}; }
  double now() const { return options.t0.value_or(0.0) + static_cast<double>(done) * dt; }
  /// Whether this loop's last call left the target as it is now, at this time.
  bool goes_on() const;
  LoadedProgram *known_program(const std::string &key);
  TracedProgram trace(const ProgramSpec &wanted);
  LoadedProgram &load(const std::string &key, TracedProgram traced);
  LoadedProgram &program_for(const Call &call);
  LoopResult run(const Call &call);
  void run_initial(SourceLocation at);
  LoopResult result(const LoadedProgram &program, std::vector<Tensor> outputs, const Call &call) const;
};

/// initial() of every model of a tree, as the step of a loop.
LoopData initial_loop(ModelData &root);

/// Throws the driver's error as ours.
[[noreturn]] void throw_compile_error(llvm::Error error);

} // namespace overtime::detail
