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
  Tensor workspace, scratch;                                        // scratch: a row of each output that is not kept

  bool still_valid() const;
};

/// One call, checked: time-major data and a number of steps.
struct Call {
  std::int64_t steps = 0;
  Tree<Tensor> data;
  bool swap_outputs = false; // no_state with 'B' gives back [B, T, ...]
};

struct LoopData {
  std::shared_ptr<ModelData> target;
  LoopOptions options;
  std::string name;
  double dt = 0.1;
  std::int64_t done = 0; // steps since t0 and i0
  std::int64_t compilations = 0;
  std::multimap<std::string, std::unique_ptr<LoadedProgram>> programs;

  Model &model() const { return target->model(); }
  Call by_data(const Tree<Tensor> &data, SourceLocation at) const;
  Call by_steps(std::int64_t steps, SourceLocation at) const;
  ProgramSpec spec(const Tree<InputSpec> &data, const std::string &program_name) const;
  Tree<InputSpec> input_specs(const Tree<Tensor> &data) const;
  LoadedProgram &program_for(const Tree<Tensor> &data);
  LoopResult run(const Call &call);
  LoopResult result(const LoadedProgram &program, std::vector<Tensor> outputs, const Call &call) const;
};

/// Throws the driver's error as ours.
[[noreturn]] void throw_compile_error(llvm::Error error);

} // namespace overtime::detail
