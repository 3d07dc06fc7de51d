// SPDX-License-Identifier: Apache-2.0
// Operations on synapses that are drawn at every event, shared by the threads of a team.
#pragma once

#include "compiler/lower/gpu/synapses/WarpEvents.h"
#include "compiler/lower/gpu/synapses/WarpRows.h"
#include "dialect/Dyn.h"

namespace overtime::ir {

/// Writes code at the place of an operation; the operation stays.
class DrawnSynapses {
public:
  DrawnSynapses(const Team &team, mlir::Value workspace, mlir::OpBuilder &b);

  /// Whether a target needs only know how many arrive, in whatever order, and no source its targets before they are
  /// drawn. Other operations go by ranks.
  static bool areCounted(PropagateOp op);
  /// Calls `body` with the targets (index) of a source, each in one thread of the warp.
  void eachTarget(PropagateOp op, const Event &event, llvm::function_ref<void(mlir::Value)> body);

  /// Events get ranks by their place. Rounds of as many of them as there are bits for each target follow each other, in
  /// which the bit of an event says that it arrives there: in the order of the bits the targets add up.
  void propagateByRank(PropagateOp op);
  /// A warp draws the row of a source and adds it up in the order in which it is drawn.
  void collect(CollectOp op);

private:
  struct Ranks;
  Ranks prepare(PropagateOp op);
  mlir::Value rankEvents(mlir::Location loc, mlir::Value events, const Ranks &ranks);
  void markTargets(PropagateOp op, const Ranks &ranks, mlir::Value round);
  void addMarked(PropagateOp op, const Ranks &ranks, mlir::Value round);
  void collectRows(CollectOp op, const Marks &marks);

  const Team &team;
  mlir::Value workspace;
  mlir::OpBuilder &b;
  ModuleConstants constants;
};

} // namespace overtime::ir
