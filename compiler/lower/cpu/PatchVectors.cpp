// SPDX-License-Identifier: Apache-2.0
// Vectors that hold a few columns of several rows of a matrix.
#include "compiler/lower/cpu/PatchVectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace overtime::ir {

Value PatchVectors::maskOf(int64_t width, int64_t active) {
  return vector::ConstantMaskOp::create(b, loc, VectorType::get({width}, b.getI1Type()), ArrayRef<int64_t>{active});
}

Value PatchVectors::shuffle(Value x, Value y, ArrayRef<int64_t> taken) {
  return vector::ShuffleOp::create(b, loc, x, y, taken);
}

/// All lanes one after the other; the number of parts is a power of two.
Value PatchVectors::join(ArrayRef<Value> parts) {
  if (parts.size() == 1)
    return parts.front();
  Value low = join(parts.take_front(parts.size() / 2)), high = join(parts.drop_front(parts.size() / 2));
  return shuffle(low, high, llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanesOf(low))));
}

Value PatchVectors::loadRow(Value memory, ArrayRef<Value> at, int64_t width, int64_t active) {
  auto type = VectorType::get({width}, element);
  if (active == width)
    return vector::LoadOp::create(b, loc, type, memory, at);
  Value zero = arith::ConstantOp::create(b, loc, type, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, memory, at, maskOf(width, active), zero);
}

Value PatchVectors::repeat(Value row, int64_t rows) {
  SmallVector<int64_t> taken;
  for (int64_t lane = 0, width = lanesOf(row); lane < rows * width; ++lane)
    taken.push_back(lane % width);
  return rows == 1 ? row : shuffle(row, row, taken);
}

Value PatchVectors::load(Value matrix, ArrayRef<Value> rows, Value column, int64_t width, int64_t active) {
  SmallVector<Value> parts;
  for (Value row : rows)
    parts.push_back(loadRow(matrix, {row, column}, width, active));
  return join(parts);
}

void PatchVectors::store(Value patch, Value matrix, ArrayRef<Value> rows, Value column, int64_t width, int64_t active) {
  for (auto [r, row] : llvm::enumerate(rows)) {
    Value part = rows.size() == 1
                     ? patch
                     : vector::ExtractStridedSliceOp::create(b, loc, patch, ArrayRef<int64_t>{int64_t(r) * width},
                                                             ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
    if (active == width)
      vector::StoreOp::create(b, loc, part, matrix, ValueRange{row, column});
    else
      vector::MaskedStoreOp::create(b, loc, matrix, ValueRange{row, column}, maskOf(width, active), part);
  }
}

SmallVector<Value> PatchVectors::gather(Value matrix, ArrayRef<Value> rows, Value column, int64_t count) {
  SmallVector<Value> gathered;
  for (size_t each = std::max<int64_t>(1, lanes / depth); !rows.empty(); rows = rows.drop_front(each)) {
    each = std::min(each, rows.size());
    gathered.push_back(load(matrix, rows.take_front(each), column, depth, count));
  }
  return gathered;
}

Value PatchVectors::column(ArrayRef<Value> gathered, int64_t k, int64_t rows, int64_t width) {
  if (gathered.size() == 4) { // rows of either half next to each other first, in the lower lanes
    int64_t half = rows / 2, whole = lanesOf(gathered.front());
    SmallVector<int64_t> place(whole, vector::ShuffleOp::kPoisonIndex), taken;
    for (int64_t r = 0; r < half; ++r)
      place[r] = r * depth + k;
    for (int64_t lane = 0; lane < rows * width; ++lane)
      taken.push_back(lane / width < half ? lane / width : whole + lane / width - half);
    return shuffle(shuffle(gathered[0], gathered[1], place), shuffle(gathered[2], gathered[3], place), taken);
  }
  assert(gathered.size() <= 2 && "strips are a power of two wide");
  SmallVector<int64_t> taken;
  for (int64_t lane = 0; lane < rows * width; ++lane)
    taken.push_back(lane / width * depth + k);
  return shuffle(gathered.front(), gathered.back(), taken);
}

} // namespace overtime::ir
