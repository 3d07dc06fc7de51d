// SPDX-License-Identifier: Apache-2.0
// Operations on synapses and ring buffers, shared by the threads of a team.
#pragma once

#include "compiler/lower/gpu/synapses/DrawnSynapses.h"

namespace overtime::ir {

/// What arrives at the targets of a dyn.propagate during a step. Numbers are added in the order of the sources,
/// whichever thread brings them, so that a sum does not depend on who is first: an arrival takes the next place of its
/// target by an atomic count, and the thread of the target adds up the places in order of their synapses. Where one
/// weight counts for all, the count says it all. Memory is there twice, for even and odd steps, so that the arrivals of
/// a step can come in while a slow thread still adds up those of the step before.
struct Arrivals {
  mlir::Value parity;    // of the step, index
  mlir::Value counts;    // [2 B M], i32
  mlir::Value starts;    // [M], i32: the first place of a target, for there are as many as it has synapses; or null
  mlir::Value places;    // [2 B K], i32: number of the synapse; or null
  mlir::Value strengths; // [2 B K]: of the event, times the weight where there is one for all; or null for flags
};

/// Writes code at the place of an operation; the operation stays.
class TeamSynapses {
public:
  TeamSynapses(const Team &team, mlir::Value workspace, mlir::OpBuilder &b)
      : team(team), workspace(workspace), b(b), drawn(team, workspace, b) {}

  /// Whether `scatter` and `gather` have a way for an operation; if not, `propagate` does all of it.
  static bool isInHalves(PropagateOp op) { return !op.getRule() || DrawnSynapses::areCounted(op); }
  void propagate(PropagateOp op) { drawn.propagateByRank(op); }
  /// The events of a step go to their targets. When the team has waited, `gather` may follow.
  Arrivals scatter(PropagateOp op);
  /// Each target adds what has arrived.
  void gather(PropagateOp op, const Arrivals &arrivals);

  void collect(CollectOp op);
  void correlate(CorrelateOp op);
  void readDelayed(ReadDelayedOp op);

private:
  Arrivals prepare(PropagateOp op);
  void countTargets(PropagateOp op, mlir::Location loc, const Arrivals &arrivals);
  void eachSynapse(mlir::Location loc, mlir::Value offsets, const Event &event,
                   llvm::function_ref<void(mlir::Value)> body);
  mlir::Value sumInOrder(mlir::Location loc, PropagateOp op, const Arrivals &arrivals, mlir::Value row,
                         mlir::Value target, mlir::Value count, mlir::Value start);

  const Team &team;
  mlir::Value workspace;
  mlir::OpBuilder &b;
  DrawnSynapses drawn;
};

} // namespace overtime::ir
