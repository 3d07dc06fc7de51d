// SPDX-License-Identifier: Apache-2.0
// What operations that a team shares do to memory since its threads last waited for each other.
#pragma once

#include "dialect/Dyn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace overtime::ir {

/// Elements of one memory. With `own`, element e of the operation is element e of the view, and so are all others with
/// the same view: the thread that runs e is the only one to touch it.
struct TeamAccess {
  mlir::Value root, view;
  bool writes = false, own = false;
};

class TeamAccesses {
public:
  /// Those of an operation: what it may read or write, by whom.
  static TeamAccesses of(mlir::Operation *op);
  /// The two halves of a dyn.propagate: events go to their targets, and each target adds what has arrived.
  static TeamAccesses ofEvents(PropagateOp op);
  static TeamAccesses ofSums(PropagateOp op);

  bool empty() const { return all.empty(); }
  void clear() { all.clear(); }
  void add(const TeamAccesses &more) { all.append(more.all.begin(), more.all.end()); }
  /// Whether a thread may read what another writes, or write what another touches.
  bool meets(const TeamAccesses &other) const;
  /// Whether one of both writes what the other touches, whichever thread it is.
  bool touches(const TeamAccesses &other) const;

private:
  static TeamAccesses ofLoops(mlir::linalg::LinalgOp op);
  void add(mlir::Value operand, bool writes, bool own);

  llvm::SmallVector<TeamAccess> all;
};

} // namespace overtime::ir
