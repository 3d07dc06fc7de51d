// SPDX-License-Identifier: Apache-2.0
// Directional derivatives through time: how outputs and states of a loop move along a direction (forward mode).
#pragma once

#include "compiler/trace/loops/loop_over_time.h"

#include <memory>

namespace overtime {

/// How far everything moves that the results depend on; what is not in it stands still.
struct Direction {
  std::vector<std::pair<Monitor, Tensor>> by = {}; ///< parameters, and states for their first values; in their shapes
  Tree<Tensor> data = {}; ///< in the structure and the shapes of the data; empty: it stands still
};

/// What a call gives: the results of the loop, and their derivatives along the direction (Jacobian-vector products).
class JvpResult {
public:
  Tree<Tensor> out;          ///< as of the loop itself
  Tree<Tensor> vars;         ///< likewise the monitors
  Tree<Tensor> out_tangent;  ///< the derivative of each number of `out`; 0 where an output is no real number
  Tree<Tensor> vars_tangent; ///< of each number of `vars`
  /// Of a state's last value.
  const Tensor &operator[](const Monitor &state) const;

private:
  friend struct JvpData;
  std::vector<std::pair<std::shared_ptr<detail::Slot>, Tensor>> states_;
};

struct JvpData;

/// Runs a loop and its tangent as one compiled program, in which the tangents of states are states. A call goes on from
/// the states as they are and leaves them as the loop would (semantics S10). Costs about twice the loop's time and no
/// memory that grows with T but for the outputs; one call gives one direction, so with many parameters and one loss
/// value_and_grad is the way.
class Jvp {
public:
  using At = std::source_location;
  explicit Jvp(LoopOverTime &loop);
  ~Jvp();
  Jvp(Jvp &&) noexcept;

  JvpResult operator()(const Tree<Tensor> &data, const Direction &along, At at = At::current());
  /// A number of steps without data.
  JvpResult steps(std::int64_t count, const Direction &along, At at = At::current());

private:
  std::unique_ptr<JvpData> data_;
};

/// `auto forward = jvp(over_time); auto r = forward(x, {.by = {{net.W, dW}}, .data = dx}); r.out, r.out_tangent`
Jvp jvp(LoopOverTime &loop);

} // namespace overtime
