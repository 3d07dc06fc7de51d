// SPDX-License-Identifier: Apache-2.0
// The shape of the tile of a matrix product that is accumulated in registers.
#pragma once

#include "llvm/ADT/SmallVector.h"

namespace overtime::ir {

/// What a product may use of the processor.
struct ProductTarget {
  unsigned vectorBits, elementBits;

  int64_t lanes() const { return vectorBits / elementBits; }
  /// Accumulators beside which there is room for rows of the right factor and elements of the left one: AVX-512 has 32
  /// registers, AVX2 has 16.
  int64_t accumulators() const { return vectorBits >= 512 ? 16 : 12; }
};

/// Neighbouring columns of a tile that fill a vector: of one row, or, when they are few, of several rows.
struct Strip {
  int64_t first;  // column of the tile
  int64_t width;  // lanes for each row, a power of two
  int64_t active; // columns that exist
  int64_t rows;   // that share a vector, a power of two
};

/// One accumulator: rows [row, row + rows) of a strip.
struct Patch {
  unsigned strip;
  int64_t row, rows;
};

struct ProductTile {
  llvm::SmallVector<Strip> strips;
  int64_t rows;

  /// Cuts a tile's rows into patches, in the order of rows; what remains of the rows shares by twos and ones.
  llvm::SmallVector<Patch> patches(int64_t rows) const;
  /// Whether rows share a vector anywhere, which takes several elements of a row at a time.
  bool shares() const;
};

/// Columns of a whole tile: as many vectors as keep the multiply-add units busy on the rows there are.
int64_t tileColumns(int64_t rows, int64_t columns, const ProductTarget &target);

/// A tile of `columns` columns, at most tileColumns(), and of as many of the rows as there are registers for. `gather`:
/// elements of a row of the left factor lie side by side, so that rows may share a vector.
ProductTile productTile(int64_t rows, int64_t columns, const ProductTarget &target, bool gather);

} // namespace overtime::ir
