// SPDX-License-Identifier: Apache-2.0
// Products, reductions and changes of shape.
#include "compiler/trace/trace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

namespace overtime {
namespace {

using detail::materialize;
using detail::Trace;
using detail::trace_of;

mlir::Value filled(Trace &trace, const Shape &shape, double v, SourceLocation at) {
  mlir::Location loc = trace.location(at);
  mlir::Value empty = mlir::tensor::EmptyOp::create(trace.builder, loc, shape, trace.element(trace.settings.real));
  return mlir::linalg::FillOp::create(trace.builder, loc, trace.number(v, at), empty).getResult(0);
}

/// 0, 1, 2, ...
mlir::Value counted(Trace &trace, std::int64_t length, SourceLocation at) {
  auto type = mlir::cast<mlir::RankedTensorType>(trace.type({length}, trace.settings.real));
  std::vector<mlir::Attribute> numbers;
  for (std::int64_t k = 0; k < length; ++k)
    numbers.push_back(trace.builder.getFloatAttr(type.getElementType(), static_cast<double>(k)));
  return mlir::arith::ConstantOp::create(trace.builder, trace.location(at),
                                         mlir::DenseElementsAttr::get(type, numbers));
}

int normal_axis(int axis, const Shape &shape, const char *what, SourceLocation at) {
  int rank = static_cast<int>(shape.size());
  if (axis < -rank || axis >= rank)
    throw Error(
        ErrorKind::Shape,
        std::string(what) + ": axis " + std::to_string(axis) + " of shape " + to_string(shape) + " does not exist", at);
  return axis < 0 ? axis + rank : axis;
}

enum class Reduction { Sum, Max, Min };

double neutral(Reduction r) {
  double inf = std::numeric_limits<double>::infinity();
  return r == Reduction::Sum ? 0.0 : r == Reduction::Max ? -inf : inf;
}
mlir::Value combine(Reduction r, mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y) {
  if (r == Reduction::Sum)
    return mlir::arith::AddFOp::create(b, loc, x, y);
  return r == Reduction::Max ? mlir::Value(mlir::arith::MaximumFOp::create(b, loc, x, y))
                             : mlir::Value(mlir::arith::MinimumFOp::create(b, loc, x, y));
}

Value reduce(const Operand &x, std::optional<int> axis, bool keep, Reduction kind, const char *what) {
  Trace &trace = trace_of({&x}, what);
  SourceLocation at = x.where();
  mlir::Value v = trace.to_real(Trace::unwrap(x.value()), at);
  Shape shape = x.value().shape(), kept, result_shape;
  if (shape.empty())
    return trace.wrap(v, x.value().unit(), at);
  llvm::SmallVector<std::int64_t> axes;
  for (int d = 0; d < static_cast<int>(shape.size()); ++d) {
    bool reduced = !axis || normal_axis(*axis, shape, what, at) == d;
    if (reduced)
      axes.push_back(d);
    else
      kept.push_back(shape[d]);
    if (!reduced || keep)
      result_shape.push_back(reduced ? 1 : shape[d]);
  }
  mlir::Location loc = trace.location(at);
  mlir::Value init = filled(trace, kept, neutral(kind), at);
  mlir::Value result = mlir::linalg::ReduceOp::create(
                           trace.builder, loc, mlir::ValueRange{v}, mlir::ValueRange{init}, axes,
                           [&](mlir::OpBuilder &b, mlir::Location inner, mlir::ValueRange args) {
                             mlir::linalg::YieldOp::create(b, inner, combine(kind, b, inner, args[1], args[0]));
                           })
                           ->getResult(0);
  if (kept.empty())
    result = mlir::tensor::ExtractOp::create(trace.builder, loc, result, mlir::ValueRange{});
  return trace.wrap(trace.reshape(result, result_shape, at), x.value().unit(), at);
}

} // namespace

Value matmul(Operand a, Operand b) {
  Trace &trace = trace_of({&a, &b}, "matmul");
  SourceLocation at = a.where();
  Value x = materialize(trace, a), y = materialize(trace, b);
  Shape left = x.shape(), right = y.shape();
  if (left.empty() || right.size() != 2 || left.back() != right[0]) {
    Error error(ErrorKind::Shape,
                "matmul takes [.., K] and [K, N], got " + to_string(left) + " and " + to_string(right), at);
    error.note("the " + to_string(left) + " value comes from here", x.where());
    error.note("the " + to_string(right) + " value comes from here", y.where());
    throw error;
  }
  std::int64_t rows = element_count(left) / left.back();
  mlir::Value u = trace.reshape(trace.to_real(Trace::unwrap(x), at), {rows, left.back()}, at);
  mlir::Value w = trace.to_real(Trace::unwrap(y), at);
  mlir::Value zero = filled(trace, {rows, right[1]}, 0.0, at);
  mlir::Value product =
      mlir::linalg::MatmulOp::create(trace.builder, trace.location(at), mlir::TypeRange{zero.getType()},
                                     mlir::ValueRange{u, w}, mlir::ValueRange{zero})
          .getResult(0);
  Shape shape = left;
  shape.back() = right[1];
  return trace.wrap(trace.reshape(product, shape, at), x.unit() * y.unit(), at);
}

Value sum(Operand x, std::optional<int> axis, bool keep) { return reduce(x, axis, keep, Reduction::Sum, "sum"); }
Value max(Operand x, std::optional<int> axis, bool keep) { return reduce(x, axis, keep, Reduction::Max, "max"); }
Value min(Operand x, std::optional<int> axis, bool keep) { return reduce(x, axis, keep, Reduction::Min, "min"); }
Value mean(Operand x, std::optional<int> axis, bool keep) {
  Value total = sum(x, axis, keep);
  return total /
         (static_cast<double>(element_count(x.value().shape())) / static_cast<double>(element_count(total.shape())));
}

Value concat(const std::vector<Value> &parts, int axis, std::source_location here) {
  SourceLocation at = here;
  if (parts.empty())
    throw Error(ErrorKind::Shape, "concat needs at least one value", at);
  for (const Value &part : parts)
    if (!Trace::of(part, at))
      throw Error(ErrorKind::Usage, "a part of concat is an empty Value", at);
  Trace &trace = *Trace::of(parts.front());
  Shape first = parts.front().shape();
  int d = normal_axis(axis, first, "concat", at);
  llvm::SmallVector<mlir::Value> values;
  bool one_scale = std::all_of(parts.begin(), parts.end(),
                               [&](const Value &part) { return part.unit().same_scale(parts.front().unit()); });
  for (const Value &part : parts) {
    Shape shape = part.shape(), expected = first;
    if (shape.size() == first.size())
      expected[d] = shape[d];
    if (shape != expected || part.dtype() != parts.front().dtype())
      throw Error(
          ErrorKind::Shape,
          "concat along axis " + std::to_string(d) + ": " + to_string(shape) + " does not fit " + to_string(first), at);
    if (!part.unit().same_dimension(parts.front().unit()))
      throw Error(
          ErrorKind::Unit,
          "cannot concatenate " + detail::describe(parts.front().unit()) + " and " + detail::describe(part.unit()), at);
    mlir::Value v = one_scale ? Trace::unwrap(part) : trace.to_real(Trace::unwrap(part), at);
    values.push_back(trace.rescale(v, part.unit(), parts.front().unit(), at));
  }
  if (values.size() == 1)
    return parts.front();
  mlir::Value joined = mlir::tensor::ConcatOp::create(trace.builder, trace.location(at), d, values);
  return trace.wrap(joined, parts.front().unit(), at);
}

Value slice(Operand x, std::int64_t begin, std::int64_t end, int axis) {
  Trace &trace = trace_of({&x}, "slice");
  Shape shape = x.value().shape();
  int d = normal_axis(axis, shape, "slice", x.where());
  if (begin < 0 || end < begin || end > shape[d])
    throw Error(ErrorKind::Shape,
                "slice [" + std::to_string(begin) + ", " + std::to_string(end) + ") of axis " + std::to_string(d) +
                    " does not lie in shape " + to_string(shape),
                x.where());
  llvm::SmallVector<mlir::OpFoldResult> offsets(shape.size(), trace.builder.getIndexAttr(0)), sizes,
      strides(shape.size(), trace.builder.getIndexAttr(1));
  for (std::int64_t n : shape)
    sizes.push_back(trace.builder.getIndexAttr(n));
  offsets[d] = trace.builder.getIndexAttr(begin);
  sizes[d] = trace.builder.getIndexAttr(end - begin);
  mlir::Value part = mlir::tensor::ExtractSliceOp::create(trace.builder, trace.location(x.where()),
                                                          Trace::unwrap(x.value()), offsets, sizes, strides);
  return trace.wrap(part, x.value().unit(), x.where());
}

Value glu(Operand x, int axis) {
  Shape shape = x.value().shape();
  int d = normal_axis(axis, shape, "glu", x.where());
  if (shape[d] % 2 != 0)
    throw Error(ErrorKind::Shape,
                "glu halves axis " + std::to_string(d) + " of shape " + to_string(shape) + ", whose length is odd",
                x.where());
  return slice(x, 0, shape[d] / 2, d) * sigmoid(slice(x, shape[d] / 2, shape[d], d));
}

Value one_hot(Operand x, std::int64_t classes) {
  Trace &trace = trace_of({&x}, "one_hot");
  SourceLocation at = x.where();
  if (classes < 1)
    throw Error(ErrorKind::Value, "one_hot needs at least 1 class, got " + std::to_string(classes), at);
  Shape shape = x.value().shape();
  shape.push_back(1);
  mlir::Value column = trace.to_real(trace.reshape(Trace::unwrap(x.value()), shape, at), at);
  return as_real(trace.wrap(column, x.value().unit(), at) == trace.wrap(counted(trace, classes, at), {}, at));
}

Value reshape(Operand x, const Shape &shape) {
  Trace &trace = trace_of({&x}, "reshape");
  if (element_count(shape) != element_count(x.value().shape()))
    throw Error(ErrorKind::Shape,
                "cannot reshape " + to_string(x.value().shape()) + " to " + to_string(shape) +
                    ": the number of elements differs",
                x.where());
  return trace.wrap(trace.reshape(Trace::unwrap(x.value()), shape, x.where()), x.value().unit(), x.where());
}

Value transpose(Operand x) {
  Trace &trace = trace_of({&x}, "transpose");
  Shape shape = x.value().shape();
  if (shape.size() < 2)
    throw Error(ErrorKind::Shape, "transpose needs two axes, got shape " + to_string(shape), x.where());
  llvm::SmallVector<std::int64_t> order;
  for (size_t d = 0; d < shape.size(); ++d)
    order.push_back(static_cast<std::int64_t>(d));
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  mlir::Location loc = trace.location(x.where());
  mlir::Value empty = mlir::tensor::EmptyOp::create(trace.builder, loc, shape, trace.element(x.value().dtype()));
  mlir::Value result =
      mlir::linalg::TransposeOp::create(trace.builder, loc, Trace::unwrap(x.value()), empty, order)->getResult(0);
  return trace.wrap(result, x.value().unit(), x.where());
}

Value broadcast_to(Operand x, const Shape &shape) {
  Trace &trace = trace_of({&x}, "broadcast_to");
  Shape from = x.value().shape();
  bool fits = from.size() <= shape.size();
  for (size_t d = 0; fits && d < from.size(); ++d)
    fits = from[d] == 1 || from[d] == shape[d + shape.size() - from.size()];
  if (!fits)
    throw Error(ErrorKind::Shape, "cannot broadcast " + to_string(from) + " to " + to_string(shape), x.where());
  return trace.wrap(trace.broadcast(Trace::unwrap(x.value()), shape, x.where()), x.value().unit(), x.where());
}

} // namespace overtime
