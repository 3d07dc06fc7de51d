// SPDX-License-Identifier: Apache-2.0
// Sums of so many terms that one thread would keep the others waiting: the mean of a population, the loss of a batch.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace overtime::ir {

/// An operation that reduces many terms to a few elements is computed in two steps: `sums` partial ones for each
/// element, of every sums-th term, and these one after the other. Which terms are in a partial sum depends on nobody's
/// number of threads, so neither do the bits.
struct LongSum {
  static constexpr int64_t sums = 256;

  mlir::Operation *combiner; // of the body: a sum, product, maximum or minimum
  mlir::TypedAttr neutral;   // what a partial sum starts from

  /// Nothing for other operations.
  static std::optional<LongSum> find(mlir::linalg::LinalgOp op);
  mlir::Value combine(mlir::OpBuilder &b, mlir::Value x, mlir::Value y) const;
};

} // namespace overtime::ir
