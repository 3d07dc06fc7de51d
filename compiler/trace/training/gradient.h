// SPDX-License-Identifier: Apache-2.0
// Gradients through time: the loss of a loop over time, and its derivatives by parameters, initial states and data.
#pragma once

#include "compiler/trace/loops/loop_over_time.h"

#include <functional>
#include <memory>

namespace overtime {

/// A loss that compares outputs of a loop with a target.
///
///     Loss loss = each_step([](Value out, Value target) { return mean((out - target) * (out - target)); });
///
/// The function is traced into the step; what it returns, a number or an array whose mean counts, is dimensionless.
struct Loss {
  enum class Over {
    EachStep,  ///< mean over time of the function of each step's output; the target is [T, ...]
    LastStep,  ///< the function of the last output; the target has no time axis
    MeanOutput ///< the function of the mean over time of the output; the target has no time axis
  };
  Over over = Over::EachStep;
  std::function<Value(Value out, Value target)> function;
};
Loss each_step(std::function<Value(Value out, Value target)> function);
Loss last_step(std::function<Value(Value out, Value target)> function);
Loss mean_output(std::function<Value(Value out, Value target)> function);

struct GradientOptions {
  std::vector<Monitor> wrt =
      {};            ///< parameters, and states for their first values; all trainable parameters unless given
  bool data = false; ///< by the data too
};

/// What a gradient keeps in memory and runs again, by the `remat` of its loop.
struct GradientPlan {
  std::int64_t steps = 0;
  std::int64_t tape_step_bytes = 0; ///< that one step writes for the adjoint
  std::int64_t state_bytes = 0;     ///< of the states before a step, as far as steps change them
  std::int64_t tape_steps = 0;      ///< on the tape at a time
  std::int64_t kept_states = 0;     ///< on the way; unless 0, the last state is kept too
  std::int64_t steps_again = 0;     ///< that run forward a second, third, ... time
  std::int64_t tape_bytes = 0;      ///< of tape and kept states together: the peak
};

/// What a call gives: the loss and its derivatives.
class GradientResult {
public:
  double loss = 0.0;
  Tree<Tensor> data; ///< by the data, in its structure and as [T, ...]; empty unless asked for
  /// By a parameter, or by what a state was before the call.
  const Tensor &operator[](const Monitor &by) const;
  std::int64_t tape_bytes = 0; ///< memory that the call took for tape and kept states

private:
  friend struct ValueAndGradData;
  std::vector<std::pair<std::shared_ptr<detail::Slot>, Tensor>> by_;
};

struct ValueAndGradData;

/// The loss and its gradient as compiled programs: one that runs forward and keeps a tape, and its adjoint. A call goes
/// on from the states as they are and leaves them as the loop would (semantics S10), so calls in a row are truncated
/// backpropagation through time; reset_state of the loop starts afresh. The gradient does not depend on `remat` of the
/// loop's options, to the bit (S7): it decides what is kept and what is run again.
class ValueAndGrad {
public:
  using At = std::source_location;
  ValueAndGrad(LoopOverTime &loop, Loss loss, GradientOptions options = {}, At at = At::current());
  ~ValueAndGrad();
  ValueAndGrad(ValueAndGrad &&) noexcept;

  GradientResult operator()(const Tree<Tensor> &data, const Tensor &target, At at = At::current());
  /// What a call with data and target of these shapes will keep and run again; with `steps` of them in place of the
  /// data's, unless 0. Compiles the gradient if it is not, and runs nothing.
  GradientPlan plan(const Tree<Tensor> &data, const Tensor &target, std::int64_t steps = 0, At at = At::current());

private:
  std::unique_ptr<ValueAndGradData> data_;
};

/// `auto gradient = value_and_grad(over_time, each_step(loss)); auto g = gradient(x, y); g.loss, g[net.W]`
ValueAndGrad value_and_grad(LoopOverTime &loop, Loss loss, GradientOptions options = {},
                            std::source_location at = std::source_location::current());

} // namespace overtime
