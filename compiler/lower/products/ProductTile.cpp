// SPDX-License-Identifier: Apache-2.0
// The shape of the tile of a matrix product that is accumulated in registers.
#include "compiler/lower/products/ProductTile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace overtime::ir {

llvm::SmallVector<Patch> ProductTile::patches(int64_t rows) const {
  llvm::SmallVector<Patch> all;
  for (auto [k, strip] : llvm::enumerate(strips))
    for (int64_t row = 0; row < rows; row += all.back().rows)
      all.push_back({unsigned(k), row, std::min<int64_t>(strip.rows, llvm::bit_floor(uint64_t(rows - row)))});
  // Row by row: an element of the left factor is then used up at once.
  llvm::sort(all, [](const Patch &x, const Patch &y) { return std::pair(x.row, x.strip) < std::pair(y.row, y.strip); });
  return all;
}

bool ProductTile::shares() const {
  return llvm::any_of(strips, [](const Strip &strip) { return strip.rows > 1; });
}

int64_t tileColumns(int64_t rows, int64_t columns, const ProductTarget &target) {
  // 4 x 4 vectors with AVX-512, 6 x 2 with AVX2. Fewer rows leave accumulators for more columns; beyond 8 vectors
  // nothing waits any more.
  int64_t fewest = target.vectorBits >= 512 ? 4 : 2;
  int64_t vectors = std::clamp<int64_t>(target.accumulators() / std::max<int64_t>(rows, 1), fewest, 8);
  return std::min<int64_t>(vectors, llvm::divideCeil(columns, target.lanes())) * target.lanes();
}

/// Rows that share a vector with `width` columns each. A multiply-add of 256 bits takes as long as one of 128, and one
/// of 512 twice as long, so that only strips of up to 128 bits gain.
static int64_t sharingRows(int64_t width, int64_t wholeVectors, const ProductTarget &target) {
  if (width > 4 || width * target.elementBits > 128)
    return 1;
  int64_t fit = wholeVectors == 0 ? target.lanes() : target.accumulators() / wholeVectors;
  return std::min<int64_t>(target.lanes() / width, llvm::bit_floor(uint64_t(std::max<int64_t>(fit, 1))));
}

/// As many as `most`, or fewer when that leaves no remainder.
static int64_t evenly(int64_t rows, int64_t most) {
  for (int64_t n = most; n > most / 2; --n)
    if (rows % n == 0)
      return n;
  return std::min(rows, most);
}

static int64_t tileRows(int64_t rows, int64_t wholeVectors, const Strip *rest, const ProductTarget &target) {
  if (!rest || rest->rows == 1)
    return evenly(rows, std::clamp<int64_t>(target.accumulators() / (wholeVectors + bool(rest)), 1, 8));
  // Beside the accumulators of a group of rows stand their elements of the left factor, four of each row.
  int64_t registers = wholeVectors * rest->rows + 1 + 4 / rest->width;
  int64_t most = wholeVectors == 0 ? 4 : std::max<int64_t>(1, 8 / rest->rows);
  return std::min(rows, rest->rows * std::clamp<int64_t>(target.accumulators() * 5 / 4 / registers, 1, most));
}

ProductTile productTile(int64_t rows, int64_t columns, const ProductTarget &target, bool gather) {
  ProductTile tile;
  int64_t lanes = target.lanes(), rest = columns % lanes;
  // Half a vector beside one whole: three halves take one slot of a multiply-add unit each, while whole and half
  // vectors in turn get in each other's way.
  if (columns > lanes && columns < 2 * lanes && llvm::PowerOf2Ceil(rest) * 2 == uint64_t(lanes) &&
      lanes / 2 * target.elementBits >= 256)
    lanes /= 2, rest = columns % lanes;
  int64_t whole = columns / lanes;
  for (int64_t k = 0; k < whole; ++k)
    tile.strips.push_back({k * lanes, lanes, lanes, 1});
  if (rest > 0) {
    int64_t width = llvm::PowerOf2Ceil(rest);
    tile.strips.push_back({whole * lanes, width, rest, gather ? sharingRows(width, whole, target) : 1});
  }
  tile.rows = tileRows(rows, whole, rest > 0 ? &tile.strips.back() : nullptr, target);
  return tile;
}

} // namespace overtime::ir
