// SPDX-License-Identifier: Apache-2.0
// What a value of the program is inside the interpreter: a shape and cells, each a dual number or an integer.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace overtime::reference {

/// One element. Reals use `value` and `tangent`, its derivative along the direction being seeded; integers and truth
/// values use `integer`, sign-extended from their width, but for i1, which is 0 or 1.
struct Cell {
  double value = 0.0, tangent = 0.0;
  int64_t integer = 0;
};

inline Cell realCell(double value, double tangent = 0.0) { return {value, tangent, 0}; }
inline Cell integerCell(int64_t integer) { return {0.0, 0.0, integer}; }

/// A scalar (shape [], one cell) or a tensor in row-major order.
struct Datum {
  std::vector<int64_t> shape;
  std::vector<Cell> cells;
};
using DatumRef = std::shared_ptr<const Datum>;

inline DatumRef scalar(Cell cell) { return std::make_shared<const Datum>(Datum{{}, {cell}}); }

/// Number of elements of a shape; none for a negative extent or more elements than the interpreter wants to hold.
inline std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape) {
  constexpr int64_t most = int64_t(1) << 26;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    empty |= extent == 0;
  }
  int64_t count = 1;
  for (int64_t extent : shape) {
    if (!empty && count > most / extent)
      return std::nullopt;
    count = empty ? 0 : count * extent;
  }
  return count;
}

/// Place of an element in row-major order; none when the index is outside of the shape.
inline std::optional<int64_t> offsetOf(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape) {
  if (index.size() != shape.size())
    return std::nullopt;
  int64_t offset = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (index[axis] < 0 || index[axis] >= shape[axis])
      return std::nullopt;
    offset = offset * shape[axis] + index[axis];
  }
  return offset;
}

/// Moves on to the next index in row-major order; false after the last one.
inline bool nextIndex(llvm::MutableArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape) {
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (++index[axis] < shape[axis])
      return true;
    index[axis] = 0;
  }
  return false;
}

} // namespace overtime::reference
