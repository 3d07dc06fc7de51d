// SPDX-License-Identifier: Apache-2.0
// Runs a program and its adjoint over the steps of one call. Private to compiler/trace.
#pragma once

#include "compiler/trace/loops/loop_data.h"
#include "compiler/trace/training/device/device_gradient.h"

namespace overtime::detail {

class UpdateMemory;

inline std::int64_t row_bytes(const driver::ArrayInfo &array) {
  return array.elements() * static_cast<std::int64_t>(size_of(static_cast<DType>(array.dtype)));
}

inline Rows rows_of(const Tensor &t, const driver::ArrayInfo &array, bool one_row = false) {
  return {t, one_row ? 0 : array.elements(), one_row ? 0 : row_bytes(array)};
}

/// Both programs, loaded, and what they were traced from.
struct CompiledGradient : TraceFacts {
  std::unique_ptr<driver::HostGradient> host;
  std::unique_ptr<DeviceGradient> device; // in place of `host`
  std::shared_ptr<UpdateMemory> update;   // of a Trainer there; ends before `device`, whose memory its graphs use
  std::vector<std::shared_ptr<Slot>> states, params; // of the program
  std::vector<std::shared_ptr<Slot>> by_params, by_states;
  std::size_t loss = 0; // the state
  // Kept for the next call: outputs of the program, states to go back to, memory for temporaries.
  std::vector<Tensor> tape;
  Tensor checkpoints, workspace;

  const driver::GradientLayout &layout() const { return device ? device->layout() : *host; }
  std::int64_t tape_bytes() const;         // of a step
  std::vector<std::size_t> moving() const; // states that a step changes
  std::int64_t state_bytes() const;        // of those
  /// All arrays of a call, without places: `inputs` of the program, and outputs of the adjoint.
  GradientMemory memory(const std::vector<Rows> &inputs, const std::vector<Rows> &by_data,
                        std::int64_t tape_steps) const;
};

/// One call: memory of both programs, and what is done with it.
class GradientRun {
public:
  GradientRun(CompiledGradient &compiled, LoopData &over);

  std::vector<Rows> inputs; // of the program
  std::vector<Tensor> states, adjoints;
  std::vector<Rows> by_data; // outputs of the adjoint
  std::int64_t bytes = 0;    // of tape and kept states

  /// Runs all steps forward and backward in the order of the plan.
  void run(const overtime_checkpoint_plan &plan);

private:
  void place_on_host(GradientMemory &memory);
  void keep_tape(GradientMemory &memory, std::int64_t tape_steps);
  void run_here(const GradientMemory &memory, const overtime_checkpoint_plan &plan);

  CompiledGradient &c;
  LoopData &over;
  std::vector<Tensor> params;
};

} // namespace overtime::detail
