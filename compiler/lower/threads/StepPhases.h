// SPDX-License-Identifier: Apache-2.0
// Phases of a step: what parts may run between two barriers.
#pragma once

#include "compiler/lower/threads/StepItems.h"

#include <vector>

namespace overtime::ir {

/// Items of a block in order, and where parts wait for each other before one.
struct Sequence {
  std::vector<Item> items;
  std::vector<bool> waits;

  int64_t barriers() const { return llvm::count(waits, true); }
  /// Moves every operation of the block to the first phase that it can be in, so that barriers are few and sums of
  /// several populations run at the same time.
  void sort(mlir::Block &body, int64_t parts);
  /// As few as there can be in this order. In a loop the last items of a step come before the first of the next.
  void placeBarriers(int64_t parts, bool repeats);
};

} // namespace overtime::ir
