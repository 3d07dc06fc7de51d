// SPDX-License-Identifier: Apache-2.0
// What operations that a team shares do to memory since its threads last waited for each other.
#pragma once

#include "compiler/lower/gpu/columns/ColumnTiles.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace overtime::ir {

/// On a view of a buffer in two halves (exchange-buffers): 0, what the step before has written; 1, what this one does.
inline constexpr llvm::StringLiteral halfAttr = "dyn.half";

/// Elements of one memory. With `own`, element e of the operation is element e of the view, and so are all others with
/// the same view: the thread that runs e is the only one to touch it. With `columns` too, the thread of an element is
/// that of its row and column, whatever the view's first column is.
struct TeamAccess {
  mlir::Value root, view;
  bool writes = false, own = false, columns = false;
  int half = -1; // of a buffer, else -1
};

class TeamAccesses {
public:
  /// Those of an operation: what it may read or write, by whom.
  static TeamAccesses of(mlir::Operation *op, const std::optional<ColumnTiles> &tiles = {});
  /// The two halves of a dyn.propagate: events go to their targets, and each target adds what has arrived.
  static TeamAccesses ofEvents(PropagateOp op);
  static TeamAccesses ofSums(PropagateOp op);

  /// What an operation on loops reads, and what it writes; `columns`: by threads that have columns of matrices.
  static TeamAccesses ofInputs(mlir::linalg::LinalgOp op, bool columns = false);
  static TeamAccesses ofResults(mlir::linalg::LinalgOp op, bool columns = false);
  /// All elements of one memory, each by any thread.
  static TeamAccesses ofAll(mlir::Value memory, bool writes);

  bool empty() const { return all.empty(); }
  void clear() { all.clear(); }
  void add(const TeamAccesses &more);
  /// Whether a thread may read what another writes, or write what another touches; with `nextStep`, in the step after.
  bool meets(const TeamAccesses &other, bool nextStep = false) const;
  /// Whether one of both writes what the other touches, whichever thread it is.
  bool touches(const TeamAccesses &other) const;

private:
  void add(mlir::Value operand, bool writes, bool own, bool columns = false);

  std::optional<ColumnTiles> tiles;
  llvm::SmallVector<TeamAccess> all;
};

} // namespace overtime::ir
