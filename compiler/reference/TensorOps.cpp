// SPDX-License-Identifier: Apache-2.0
// The operations of tensor: new tensors, slices, reshapes, single elements.
#include "compiler/reference/Evaluator.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;

namespace overtime::reference {
namespace {

std::vector<int64_t> integersOf(const Evaluator &evaluator, ArrayRef<OpFoldResult> values) {
  std::vector<int64_t> integers;
  for (OpFoldResult value : values)
    integers.push_back(evaluator.getInteger(value));
  return integers;
}

/// The declared shape with its dynamic extents taken from operands in order.
std::vector<int64_t> shapeOf(const Evaluator &evaluator, Type type, ValueRange dynamicExtents) {
  std::vector<int64_t> shape = cast<RankedTensorType>(type).getShape().vec();
  size_t next = 0;
  for (int64_t &extent : shape)
    if (ShapedType::isDynamic(extent) && next < dynamicExtents.size())
      extent = evaluator.getInteger(dynamicExtents[next++]);
  return shape;
}

/// Reading what nobody wrote shows as NaN.
bool evaluateEmpty(Evaluator &evaluator, Operation *op) {
  auto empty = cast<tensor::EmptyOp>(op);
  Cell unwritten = realCell(std::numeric_limits<double>::quiet_NaN());
  std::optional<Datum> datum =
      evaluator.allocate(op, shapeOf(evaluator, empty.getType(), empty.getDynamicSizes()), unwritten);
  return datum && evaluator.bind(op->getResult(0), std::move(*datum));
}

bool evaluateSplat(Evaluator &evaluator, Operation *op) {
  auto splat = cast<tensor::SplatOp>(op);
  std::optional<Datum> datum =
      evaluator.allocate(op, shapeOf(evaluator, splat.getAggregate().getType(), splat.getDynamicSizes()),
                         evaluator.getScalar(splat.getInput()));
  return datum && evaluator.bind(op->getResult(0), std::move(*datum));
}

bool evaluateFromElements(Evaluator &evaluator, Operation *op) {
  Datum datum{shapeOf(evaluator, op->getResult(0).getType(), {}), {}};
  for (Value element : op->getOperands())
    datum.cells.push_back(evaluator.getScalar(element));
  return evaluator.bind(op->getResult(0), std::move(datum));
}

bool evaluateExtract(Evaluator &evaluator, Operation *op) {
  auto extract = cast<tensor::ExtractOp>(op);
  DatumRef source = evaluator.get(extract.getTensor());
  std::vector<int64_t> index;
  for (Value position : extract.getIndices())
    index.push_back(evaluator.getInteger(position));
  std::optional<int64_t> offset = offsetOf(index, source->shape);
  if (!offset)
    return evaluator.fail(op, "reads an element outside of its tensor");
  return evaluator.bind(op->getResult(0), Datum{{}, {source->cells[*offset]}});
}

bool evaluateExtractSlice(Evaluator &evaluator, Operation *op) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  DatumRef source = evaluator.get(slice.getSource());
  std::vector<int64_t> offsets = integersOf(evaluator, slice.getMixedOffsets());
  std::vector<int64_t> sizes = integersOf(evaluator, slice.getMixedSizes());
  std::vector<int64_t> strides = integersOf(evaluator, slice.getMixedStrides());
  std::optional<Datum> result = evaluator.allocate(op, sizes);
  if (!result)
    return false;
  std::vector<int64_t> index(sizes.size(), 0);
  for (Cell &cell : result->cells) {
    std::vector<int64_t> from(sizes.size());
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      from[axis] = int64_t(uint64_t(offsets[axis]) + uint64_t(index[axis]) * uint64_t(strides[axis]));
    std::optional<int64_t> offset = offsetOf(from, source->shape);
    if (!offset)
      return evaluator.fail(op, "reads outside of its source");
    cell = source->cells[*offset];
    nextIndex(index, sizes);
  }
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  result->shape.clear();
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    if (!dropped.test(axis))
      result->shape.push_back(sizes[axis]);
  return evaluator.bind(op->getResult(0), std::move(*result));
}

bool evaluateCollapse(Evaluator &evaluator, Operation *op) {
  auto collapse = cast<tensor::CollapseShapeOp>(op);
  Datum datum = *evaluator.get(collapse.getSrc());
  std::vector<int64_t> shape;
  for (const ReassociationIndices &group : collapse.getReassociationIndices()) {
    shape.push_back(1);
    for (int64_t axis : group)
      shape.back() *= datum.shape[axis];
  }
  datum.shape = shape;
  return evaluator.bind(op->getResult(0), std::move(datum));
}

bool evaluateExpand(Evaluator &evaluator, Operation *op) {
  auto expand = cast<tensor::ExpandShapeOp>(op);
  Datum datum = *evaluator.get(expand.getSrc());
  datum.shape = integersOf(evaluator, expand.getMixedOutputShape());
  return evaluator.bind(op->getResult(0), std::move(datum));
}

/// Checks happen where the result is bound: a cast that lies about an extent is a failure.
bool evaluateCast(Evaluator &evaluator, Operation *op) {
  return evaluator.bind(op->getResult(0), *evaluator.get(op->getOperand(0)));
}

bool evaluateDim(Evaluator &evaluator, Operation *op) {
  auto dim = cast<tensor::DimOp>(op);
  DatumRef source = evaluator.get(dim.getSource());
  int64_t axis = evaluator.getInteger(dim.getIndex());
  if (axis < 0 || axis >= int64_t(source->shape.size()))
    return evaluator.fail(op, "asks for axis " + Twine(axis) + " of a tensor of rank " + Twine(source->shape.size()));
  return evaluator.bind(op->getResult(0), Datum{{}, {integerCell(source->shape[axis])}});
}

bool evaluateConcat(Evaluator &evaluator, Operation *op) {
  auto concat = cast<tensor::ConcatOp>(op);
  size_t axis = concat.getDim();
  std::vector<int64_t> shape = evaluator.get(concat.getInputs().front())->shape;
  shape[axis] = 0;
  for (Value input : concat.getInputs())
    shape[axis] += evaluator.get(input)->shape[axis];
  std::optional<Datum> result = evaluator.allocate(op, shape);
  if (!result)
    return false;
  int64_t begin = 0;
  for (Value input : concat.getInputs()) {
    DatumRef part = evaluator.get(input);
    std::vector<int64_t> index(shape.size(), 0);
    for (const Cell &cell : part->cells) {
      std::vector<int64_t> to = index;
      to[axis] += begin;
      std::optional<int64_t> offset = offsetOf(to, shape);
      if (!offset)
        return evaluator.fail(op, "gets parts whose other extents differ");
      result->cells[*offset] = cell;
      nextIndex(index, part->shape);
    }
    begin += part->shape[axis];
  }
  return evaluator.bind(op->getResult(0), std::move(*result));
}

bool evaluateInsertSlice(Evaluator &evaluator, Operation *op) {
  auto insert = cast<tensor::InsertSliceOp>(op);
  Datum result = *evaluator.get(insert.getDest());
  DatumRef source = evaluator.get(insert.getSource());
  std::vector<int64_t> offsets = integersOf(evaluator, insert.getMixedOffsets());
  std::vector<int64_t> sizes = integersOf(evaluator, insert.getMixedSizes());
  std::vector<int64_t> strides = integersOf(evaluator, insert.getMixedStrides());
  std::vector<int64_t> index(sizes.size(), 0);
  for (const Cell &cell : source->cells) { // row-major in both, whatever dimensions of size 1 are dropped
    std::vector<int64_t> to(sizes.size());
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      to[axis] = int64_t(uint64_t(offsets[axis]) + uint64_t(index[axis]) * uint64_t(strides[axis]));
    std::optional<int64_t> offset = offsetOf(to, result.shape);
    if (!offset)
      return evaluator.fail(op, "writes outside of its destination");
    result.cells[*offset] = cell;
    nextIndex(index, sizes);
  }
  return evaluator.bind(op->getResult(0), std::move(result));
}

} // namespace

void addTensorRules(RuleTable &table) {
  table["tensor.cast"] = evaluateCast;
  table["tensor.collapse_shape"] = evaluateCollapse;
  table["tensor.concat"] = evaluateConcat;
  table["tensor.dim"] = evaluateDim;
  table["tensor.empty"] = evaluateEmpty;
  table["tensor.expand_shape"] = evaluateExpand;
  table["tensor.extract"] = evaluateExtract;
  table["tensor.extract_slice"] = evaluateExtractSlice;
  table["tensor.insert_slice"] = evaluateInsertSlice;
  table["tensor.from_elements"] = evaluateFromElements;
  table["tensor.splat"] = evaluateSplat;
}

} // namespace overtime::reference
