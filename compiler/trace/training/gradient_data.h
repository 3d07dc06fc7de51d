// SPDX-License-Identifier: Apache-2.0
// What a ValueAndGrad is made of. Private to compiler/trace.
#pragma once

#include "compiler/trace/training/gradient.h"
#include "compiler/trace/training/gradient_run.h"

namespace overtime {

/// A step with the loss in it, and what to differentiate by.
struct TracedLoss {
  detail::TracedProgram program;
  driver::GradientSpec by;
  std::vector<std::shared_ptr<detail::Slot>> by_params, by_states; // variables behind the numbers
};

struct ValueAndGradData {
  LoopOverTime &loop;
  Loss loss;
  GradientOptions options;
  std::map<std::string, std::unique_ptr<detail::CompiledGradient>> programs; // by key
  detail::CompiledGradient *compiled = nullptr;                              // of the last call
  bool trains = false; // the shared argument fit is true, unless the loop sets it

  GradientResult run(const Tree<Tensor> &data, const Tensor &target, SourceLocation at);
  /// For data of this call's shapes; `fit` where the loop does not set it.
  TracedLoss trace(const detail::Call &call, const Tensor &target, const std::string &name, std::optional<bool> fit);
  void check_target(const detail::Call &call, const Tensor &target) const;
  GradientPlan plan(const Tree<Tensor> &data, const Tensor &target, std::int64_t steps, SourceLocation at);

  // A run in parts.
  /// Checks a call and sees to its programs.
  detail::Call prepare(const Tree<Tensor> &data, const Tensor &target, SourceLocation at);
  /// Of the program: data, target, and for a mean over time the share of a step in it.
  std::vector<detail::Rows> inputs_of(const detail::Call &call, const Tensor &target) const;
  overtime_checkpoint_plan checkpoints(std::int64_t steps) const;
  /// The steps have run, and every loop over the target looks at its variables again.
  void finish(const detail::Call &call) const;

private:
  detail::LoopData &over() const { return loop.data(); }
  DType real() const { return over().options.real; }
  Shape target_row(const Tensor &target) const;
  std::unique_ptr<detail::CompiledGradient> compile(const detail::Call &call, const Tensor &target);
  Tree<Value> add_loss(const Tree<Value> &result, const Tree<Value> &all, const std::shared_ptr<detail::Slot> &total,
                       const detail::ProgramSpec::AddState &add) const;
  void find_variables(TracedLoss &made, SourceLocation at) const;
};

/// A target of whole numbers, such as labels, in the type of the run. One that the type cannot hold is an error.
Tensor real_target(const Tensor &target, DType real, SourceLocation at);

} // namespace overtime
