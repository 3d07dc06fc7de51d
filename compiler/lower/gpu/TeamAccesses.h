// SPDX-License-Identifier: Apache-2.0
// What operations that a team shares do to memory since its threads last waited for each other.
#pragma once

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

  bool empty() const { return all.empty(); }
  void clear() { all.clear(); }
  void add(const TeamAccesses &more) { all.append(more.all.begin(), more.all.end()); }
  /// Whether a thread may read what another writes, or write what another touches.
  bool meets(const TeamAccesses &other) const;

private:
  llvm::SmallVector<TeamAccess> all;
};

} // namespace overtime::ir
