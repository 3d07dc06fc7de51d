// SPDX-License-Identifier: Apache-2.0
// Which columns of the left factor of a product have anything but zeros in a tile of its rows.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace overtime::ir {

/// For every tile of rows the numbers of the columns that are not all zero, in order. Where the first tile has more
/// than half of them the data is no events: then no more is looked for, and all columns are listed.
class EventLists {
public:
  /// Writes the code that makes the lists at the builder's place; their memory is on the function's stack. `left`:
  /// elements of a row lie side by side.
  EventLists(mlir::OpBuilder &b, mlir::Location loc, mlir::func::FuncOp function, mlir::Value left, int64_t tileRows);

  /// Whether lists of a factor of this shape fit, and are worth it for so many columns of the product.
  static bool pay(mlir::MemRefType left, int64_t tileRows, int64_t columns);

  struct List {
    mlir::Value begin, end;
  };
  /// Places of the list of the tile that begins with row `first`.
  List of(mlir::OpBuilder &b, mlir::Value first) const;
  /// The column at a place.
  mlir::Value column(mlir::OpBuilder &b, mlir::Value place) const;

private:
  mlir::Value index(mlir::OpBuilder &b, int64_t v) const;
  mlir::Value fill(mlir::OpBuilder &b, mlir::Value tile);
  mlir::Value bits(mlir::OpBuilder &b, mlir::Value tile, mlir::Value block);

  mlir::Location loc;
  mlir::Value left;
  int64_t tileRows, rows, inner, tiles;
  mlir::Value columns, begins, ends; // memory
};

} // namespace overtime::ir
