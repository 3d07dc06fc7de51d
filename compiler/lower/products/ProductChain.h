// SPDX-License-Identifier: Apache-2.0
// Matrix products on memory that accumulate into one result.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace overtime::ir {

/// On a linalg.matmul: the result's old content does not count.
inline constexpr llvm::StringLiteral overwriteAttr = "dyn.overwrite";

struct ProductChain {
  mlir::linalg::GenericOp bias; ///< writes a row into every row of the result before the first product; may be null
  llvm::SmallVector<mlir::linalg::MatmulOp> products;

  mlir::Value result() { return products.front().getOutputs()[0]; }
  /// The first product overwrites the result.
  bool startsFromZero() { return products.front()->hasAttr(overwriteAttr); }
  /// It is one product, which is added to the result when it has been summed.
  bool addsProduct();
  mlir::Value biasRow() { return bias ? bias.getInputs()[0] : mlir::Value(); }
  void erase();
};

/// All chains below an operation whose matrices have no gaps between the elements of a row, in order. A chain is to be
/// computed where its last product stands: what stands between leaves its matrices alone.
llvm::SmallVector<ProductChain> findProductChains(mlir::Operation *root);

} // namespace overtime::ir
