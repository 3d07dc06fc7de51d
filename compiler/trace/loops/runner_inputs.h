// SPDX-License-Identifier: Apache-2.0
// RunnerInputs: what a DSRunner does to variables at the beginning of every step. Private to compiler/trace.
#pragma once

#include "compiler/trace/loops/loop_data.h"
#include "compiler/trace/loops/runner.h"

namespace overtime::detail {

class RunnerInputs {
public:
  RunnerInputs(Model &target, const std::vector<RunnerInput> &inputs, DType real, SourceLocation at);

  bool empty() const { return inputs_.empty(); }
  bool has_rows() const;
  /// Makes the loop apply them before its target's update.
  void enter(LoopData &loop);
  /// Data of a call of `steps` steps after `first` since the reset: the caller's, and rows of the inputs.
  Tree<Tensor> data(std::int64_t first, std::int64_t steps, const std::optional<Tree<Tensor>> &given,
                    SourceLocation at) const;

private:
  struct Held;
  struct One {
    RunnerInput what;
    std::shared_ptr<Slot> slot;
    std::shared_ptr<Slot> held; // the number or array that is the same in every step
  };
  void apply(const One &one, Trace &trace, const Tree<Value> &data) const;
  std::vector<One> inputs_;
  std::shared_ptr<Held> held_;
};

} // namespace overtime::detail
