// SPDX-License-Identifier: Apache-2.0
// From a model to a program: the traced function and what its arguments stand for. Private to compiler/trace.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/trace/loops/loop_over_time.h"
#include "compiler/trace/trace.h"

#include <memory>
#include <vector>

namespace overtime::detail {

/// Shape and name of one array of the data, without the time axis.
struct InputSpec {
  std::string name;
  Shape shape;
};

/// A program as traced. Arguments: the five scalars, states, params (parameters, then defaults of inputs), inputs.
struct TracedProgram {
  std::unique_ptr<Trace> trace;
  driver::ProgramInfo info;
  std::vector<std::shared_ptr<Slot>> states, params;
  Tree<int> outputs;    // number of the program output behind each leaf of the step's result
  Tree<int> monitors;   // likewise for out_vars
  bool assigns = false; // a state
};

struct ProgramSpec {
  std::string name; // C name of the program
  TraceSettings settings;
  double t0 = 0.0;
  std::int64_t i0 = 0;
  std::string remat = "none";
  std::int32_t threads = 1; // that a run may have
  bool threads_asked = false;
  bool fast = false;                     // numerics
  std::string matmul_precision = "full"; // | "tf32" | "bf16"
  Tree<InputSpec> data;                  // empty for a run by duration
  Tree<Monitor> out_vars;
  std::vector<std::shared_ptr<Slot>> extra_states;      // behind the target's
  std::function<Tree<Value>(const Tree<Value> &)> body; // in place of the target's update
  /// What is put out in place of the step's result. Adds states behind the others, in shapes that the result tells.
  using AddState = std::function<void(const std::shared_ptr<Slot> &)>;
  std::function<Tree<Value>(const Tree<Value> &result, const Tree<Value> &data, const AddState &add)> finish;
};

/// Runs the target's step once and writes the function @NAME around it.
TracedProgram trace_program(Model &target, const ProgramSpec &spec);

} // namespace overtime::detail
