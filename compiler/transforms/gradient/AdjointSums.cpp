// SPDX-License-Identifier: Apache-2.0
// Adjoints of values while a step is differentiated: sums of what their uses contribute.
#include "compiler/transforms/gradient/AdjointSums.h"

#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace overtime::ir {

void AdjointSums::add(Value of, Value term) {
  Value &sum = sums[of];
  sum = sum ? arith::AddFOp::create(b, of.getLoc(), sum, term) : term;
}

LogicalResult AdjointSums::addPart(tensor::ExtractSliceOp slice, Value term) {
  if (slice.getType().getRank() != slice.getSourceType().getRank() ||
      llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic) || !slice.hasUnitStride())
    return slice.emitError("a slice with gaps, or without a fixed place, has no derivative");
  std::optional<Part> part;
  for (auto [axis, length] : llvm::enumerate(slice.getSourceType().getShape())) {
    int64_t begin = slice.getStaticOffsets()[axis], end = begin + slice.getStaticSizes()[axis];
    if (begin == 0 && end == length)
      continue;
    if (part) // of several axes: whole along all but the last
      part->term = sideBySide(slice.getLoc(), {*part}, slice.getSourceType().getDimSize(part->axis));
    part = Part{int64_t(axis), begin, end, part ? part->term : term};
  }
  if (!part) {
    add(slice.getSource(), term);
    return success();
  }
  auto apart = [&](const Part &other) {
    return other.axis == part->axis && (other.end <= part->begin || part->end <= other.begin);
  };
  auto &lists = parts[slice.getSource()];
  auto *list = llvm::find_if(lists, [&](ArrayRef<Part> others) { return llvm::all_of(others, apart); });
  (list == lists.end() ? lists.emplace_back() : *list).push_back(*part);
  return success();
}

Value AdjointSums::sideBySide(Location loc, SmallVector<Part> list, int64_t length) {
  llvm::sort(list, [](const Part &x, const Part &y) { return x.begin < y.begin; });
  auto type = cast<RankedTensorType>(list.front().term.getType());
  SmallVector<Value> pieces;
  int64_t axis = list.front().axis, end = 0;
  auto zeros = [&](int64_t count) {
    SmallVector<int64_t> shape(type.getShape());
    shape[axis] = count;
    if (count > 0)
      pieces.push_back(realConstant(b, loc, RankedTensorType::get(shape, type.getElementType()), 0.0));
  };
  for (const Part &part : list) {
    zeros(part.begin - end);
    pieces.push_back(part.term);
    end = part.end;
  }
  zeros(length - end);
  return pieces.size() == 1 ? pieces.front() : Value(tensor::ConcatOp::create(b, loc, axis, pieces));
}

Value AdjointSums::of(Value v) {
  if (auto found = parts.find(v); found != parts.end()) {
    auto lists = std::move(found->second);
    parts.erase(found);
    for (auto &list : lists)
      add(v, sideBySide(v.getLoc(), list, cast<RankedTensorType>(v.getType()).getDimSize(list.front().axis)));
  }
  return sums.lookup(v);
}

} // namespace overtime::ir
