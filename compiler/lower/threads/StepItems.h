// SPDX-License-Identifier: Apache-2.0
// What the operations of a step do to memory when parts of them run at the same time.
#pragma once

#include "dialect/Dyn.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

#include <optional>

namespace overtime::ir {

/// Elements of one memory that an operation touches: for each part an interval of one axis, or everything.
struct Access {
  mlir::Value root;
  bool writes = false;
  int64_t axis = -1;              // of the root; -1: the intervals are not known
  int64_t begin = 0, end = 1;     // of all parts together
  std::optional<int64_t> chunk{}; // of each part; none: every part that touches it may touch all
  std::optional<int64_t> only{};  // the part that touches it; none: all of them
  bool alternates = false;        // steps take turns with two memories

  /// What part p touches; empty when the second is not larger.
  std::pair<int64_t, int64_t> of(int64_t p) const;
};

/// Whether one part writes what another one touches.
bool meets(const Access &a, const Access &b, int64_t parts);

/// Whether two things are of one step, or of one and the next.
enum class Steps { Same, Next };

/// An operation of a step that touches memory, and who runs it.
struct Item {
  enum How { Every, Alone, Split };
  mlir::Operation *op;
  How how = Every;
  int64_t part = 0;              // Alone
  unsigned loop = 0;             // Split: dimension of the iteration
  int64_t extent = 0, chunk = 0; // Split: part p runs [p * chunk, (p + 1) * chunk) of it
  llvm::SmallVector<Access> accesses{};

  bool meets(const Item &other, int64_t parts, Steps steps = Steps::Same) const;
  /// Whether the order of the two is of any account.
  bool touchesSame(const Item &other) const;
  /// Run by the same parts over the same intervals.
  bool isLike(const Item &other) const;
};

/// Elements of a dimension that a part owns: all operations cut it in the same places, so that what one leaves is where
/// the next needs it.
int64_t chunkOf(int64_t extent, int64_t parts);

/// Decides who runs the operations of a program, one after the other.
class ItemReader {
public:
  explicit ItemReader(int64_t parts) : parts(parts) {}

  /// Nothing for an operation that touches no memory.
  mlir::FailureOr<std::optional<Item>> read(mlir::Operation *op);
  /// What comes next has no part yet: it does not run with what was read so far.
  void startAgain() { homes.clear(); }

private:
  bool readLinalg(mlir::linalg::LinalgOp op, Item &item);
  bool readLoop(mlir::scf::ForOp op, Item &item);
  bool readPropagate(PropagateOp op, Item &item);
  bool readList(ListEventsOp op, Item &item);
  mlir::LogicalResult readAlone(mlir::Operation *op, Item &item);
  std::optional<int64_t> ownerOfTail(const Access &written);
  int64_t partFor(llvm::ArrayRef<Access> accesses);

  int64_t parts, next = 0;
  llvm::DenseMap<mlir::Value, int64_t> homes; // of memory that one part alone writes
};

} // namespace overtime::ir
