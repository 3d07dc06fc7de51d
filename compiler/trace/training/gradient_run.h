// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call. Private to compiler/trace.
#pragma once

#include "compiler/driver/training/Gradient.h"
#include "compiler/trace/loops/loop_data.h"
#include "runtime/gradient.h"

namespace overtime::detail {

inline std::int64_t row_bytes(const driver::ArrayInfo &array) {
  return array.elements() * static_cast<std::int64_t>(size_of(static_cast<DType>(array.dtype)));
}

/// `one_row`: at all steps.
inline RowArray rows_of(const Tensor &t, const driver::ArrayInfo &array, bool one_row = false) {
  return {static_cast<char *>(const_cast<void *>(t.data())), one_row ? 0 : array.elements(),
          one_row ? 0 : row_bytes(array), /*tape=*/false};
}

/// Both programs, loaded, and what they were traced from.
struct CompiledGradient : TraceFacts {
  std::string key;
  driver::HostGradient programs;
  std::vector<std::shared_ptr<Slot>> states, params; // of the program
  std::vector<std::shared_ptr<Slot>> by_params, by_states;
  std::size_t loss = 0; // the state
  // Kept for the next call: outputs of the program, states to go back to, memory for temporaries.
  std::vector<Tensor> tape;
  Tensor checkpoints, workspace;

  std::int64_t tape_bytes() const;         // of a step
  std::vector<std::size_t> moving() const; // states that a step changes
  std::int64_t state_bytes() const;        // of those
};

/// One call: memory of both programs, and what is done with it.
class GradientRun {
public:
  GradientRun(CompiledGradient &compiled, LoopData &over);

  std::vector<RowArray> inputs; // of the program
  std::vector<Tensor> states, adjoints;
  std::vector<RowArray> by_data; // outputs of the adjoint
  std::int64_t bytes = 0;        // of tape and kept states

  /// Runs all steps forward and backward in the order of the plan.
  void run(const overtime_checkpoint_plan &plan);

private:
  void prepare_tape(std::int64_t length);
  std::vector<RowArray> tape() const;

  CompiledGradient &c;
  LoopData &over;
  std::vector<std::size_t> moving;
  std::vector<Tensor> params;
};

} // namespace overtime::detail
