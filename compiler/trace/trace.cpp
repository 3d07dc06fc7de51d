// SPDX-License-Identifier: Apache-2.0
// The trace of one step: types, constants, broadcasting.
#include "compiler/trace/trace.h"

#include "compiler/driver/Stages.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <cstdio>

using namespace mlir;

namespace overtime {

Shape Value::shape() const {
  if (!handle_)
    throw Error(ErrorKind::Usage, "this Value is empty: nothing was traced into it");
  return detail::Trace::shape_of(detail::Trace::unwrap(*this).getType());
}
DType Value::dtype() const {
  if (!handle_)
    throw Error(ErrorKind::Usage, "this Value is empty: nothing was traced into it");
  return detail::Trace::dtype_of(detail::Trace::unwrap(*this).getType());
}

namespace detail {

Trace::Trace(TraceSettings settings)
    : settings(std::move(settings)), context(MLIRContext::Threading::DISABLED), builder(&context) {
  driver::loadProgramDialects(context);
  module = ModuleOp::create(builder.getUnknownLoc());
}

Trace::~Trace() {
  for (const auto &slot : bound) {
    slot->trace = nullptr;
    slot->current = {};
    slot->derivative.reset();
    slot->diffusion.reset();
  }
  for (ModelData *model : entered)
    model->trace = nullptr;
}

Trace *Trace::of(const Value &v, SourceLocation used) {
  if (!v.handle_)
    return nullptr;
  auto refuse = [&](const char *why) {
    if (!used.known())
      throw Error(ErrorKind::Usage, why, v.at_);
    throw Error(ErrorKind::Usage, why, used).note("the Value was made here", v.at_);
  };
  std::shared_ptr<Trace> trace = v.trace_.lock();
  if (!trace)
    refuse("this Value belongs to a step that was traced before; a Value lives while its step is traced: keep "
           "numbers from step to step in a State");
  if (!llvm::is_contained(trace->open, v.scope_))
    refuse("this Value was made inside equations() and exists only there; compute it again in update()");
  return trace.get();
}

Trace::Scope::Scope(Trace &trace, mlir::Block &block) : trace(trace), guard(trace.builder) {
  trace.builder.setInsertionPointToEnd(&block);
  trace.open.push_back(++trace.scopes);
}
Trace::Scope::~Scope() { trace.open.pop_back(); }

mlir::Value Trace::unwrap(const Value &v) {
  of(v);
  return mlir::Value::getFromOpaquePointer(v.handle_);
}

void Trace::bind(const std::shared_ptr<Slot> &slot, const Value &value) {
  slot->trace = this;
  slot->current = value;
  slot->assigned = false;
  bound.push_back(slot);
  if (slot->kind == Slot::Kind::Param)
    params.emplace(value.handle_, slot.get());
}

void Trace::note_divisor(mlir::Value v) {
  if (!in_equations())
    return;
  auto [begin, end] = params.equal_range(v.getAsOpaquePointer());
  for (auto it = begin; it != end; ++it)
    if (it->second->current.handle_ == it->first)
      it->second->divides = true;
}

void Trace::enter(ModelData &root) {
  root.each([&](ModelData &model) {
    model.trace = this;
    for (const auto &ring : model.rings)
      ring->updated = false;
    entered.push_back(&model);
  });
}

Value Trace::wrap(mlir::Value v, const Unit &unit, SourceLocation at) {
  Value value;
  value.handle_ = v.getAsOpaquePointer();
  value.trace_ = alive;
  value.scope_ = open.back();
  value.unit_ = unit;
  value.at_ = at;
  return value;
}

Location Trace::location(SourceLocation at) {
  if (!at.known())
    return builder.getUnknownLoc();
  return FileLineColLoc::get(&context, at.file, at.line, at.column);
}

Type Trace::element(DType dtype) {
  switch (dtype) {
  case DType::F32:
    return builder.getF32Type();
  case DType::F64:
    return builder.getF64Type();
  case DType::I64:
    return builder.getI64Type();
  case DType::I32:
    return builder.getI32Type();
  case DType::U16:
    return builder.getIntegerType(16);
  case DType::Bool:
    return builder.getI1Type();
  }
  return {};
}

Type Trace::type(const Shape &shape, DType dtype) {
  return shape.empty() ? element(dtype) : Type(RankedTensorType::get(shape, element(dtype)));
}

Shape Trace::shape_of(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? Shape(tensor.getShape().begin(), tensor.getShape().end()) : Shape{};
}

DType Trace::dtype_of(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isInteger(1))
    return DType::Bool;
  if (element.isF32() || element.isF64())
    return element.isF32() ? DType::F32 : DType::F64;
  return element.isInteger(16) ? DType::U16 : element.isInteger(32) ? DType::I32 : DType::I64;
}

mlir::Value Trace::number(double v, SourceLocation at) {
  if (settings.real == f32 && std::isfinite(v) && !std::isfinite(static_cast<float>(v))) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", v);
    throw Error(ErrorKind::Value, std::string("f32 cannot hold the number ") + text + "; run in f64", at);
  }
  return arith::ConstantOp::create(builder, location(at), builder.getFloatAttr(element(settings.real), v));
}
mlir::Value Trace::integer(std::int64_t v, SourceLocation at) {
  return arith::ConstantOp::create(builder, location(at), builder.getI64IntegerAttr(v));
}
mlir::Value Trace::boolean(bool v, SourceLocation at) {
  return arith::ConstantOp::create(builder, location(at), builder.getBoolAttr(v));
}

mlir::Value Trace::to_real(mlir::Value v, SourceLocation at) {
  DType from = dtype_of(v.getType());
  Type to = type(shape_of(v.getType()), settings.real);
  if (from == settings.real)
    return v;
  if (from == DType::Bool || from == DType::U16)
    return arith::UIToFPOp::create(builder, location(at), to, v);
  if (is_integer(from))
    return arith::SIToFPOp::create(builder, location(at), to, v);
  return from == DType::F32 ? mlir::Value(arith::ExtFOp::create(builder, location(at), to, v))
                            : mlir::Value(arith::TruncFOp::create(builder, location(at), to, v));
}

mlir::Value Trace::widened(mlir::Value v, SourceLocation at) {
  Type wide = type(shape_of(v.getType()), i64);
  if (dtype_of(v.getType()) == DType::U16)
    return arith::ExtUIOp::create(builder, location(at), wide, v);
  return dtype_of(v.getType()) == DType::I32 ? mlir::Value(arith::ExtSIOp::create(builder, location(at), wide, v)) : v;
}

mlir::Value Trace::reshape(mlir::Value v, const Shape &shape, SourceLocation at) {
  Shape from = shape_of(v.getType());
  if (from == shape)
    return v;
  Location loc = location(at);
  DType dtype = dtype_of(v.getType());
  if (from.empty())
    v = tensor::SplatOp::create(builder, loc, v, cast<RankedTensorType>(type({1}, dtype)));
  else if (from.size() > 1) {
    SmallVector<ReassociationIndices> all(1);
    for (size_t d = 0; d < from.size(); ++d)
      all[0].push_back(d);
    v = tensor::CollapseShapeOp::create(builder, loc, v, all);
  }
  if (shape.empty()) {
    mlir::Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    return tensor::ExtractOp::create(builder, loc, v, mlir::ValueRange{zero});
  }
  if (shape.size() > 1) {
    SmallVector<ReassociationIndices> all(1);
    for (size_t d = 0; d < shape.size(); ++d)
      all[0].push_back(d);
    v = tensor::ExpandShapeOp::create(builder, loc, cast<RankedTensorType>(type(shape, dtype)), v, all);
  }
  return v;
}

mlir::Value Trace::broadcast(mlir::Value v, const Shape &shape, SourceLocation at) {
  Shape from = shape_of(v.getType());
  if (from == shape)
    return v;
  Location loc = location(at);
  auto target = cast<RankedTensorType>(type(shape, dtype_of(v.getType())));
  if (from.empty())
    return tensor::SplatOp::create(builder, loc, v, target);
  // Axes of length one go away first: linalg.broadcast only adds axes.
  Shape kept;
  SmallVector<int64_t> added;
  size_t lead = shape.size() - from.size();
  for (size_t d = 0; d < shape.size(); ++d) {
    if (d < lead || (from[d - lead] == 1 && shape[d] != 1))
      added.push_back(d);
    else
      kept.push_back(from[d - lead]);
  }
  v = reshape(v, kept, at);
  if (kept.empty())
    return tensor::SplatOp::create(builder, loc, v, target);
  if (added.empty())
    return v;
  mlir::Value empty = tensor::EmptyOp::create(builder, loc, target.getShape(), target.getElementType());
  return linalg::BroadcastOp::create(builder, loc, v, empty, added)->getResult(0);
}

mlir::Value Trace::rescale(mlir::Value v, const Unit &from, const Unit &to, SourceLocation at) {
  if (from.same_scale(to))
    return v;
  v = to_real(v, at);
  mlir::Value factor = broadcast(number(from.scale / to.scale, at), shape_of(v.getType()), at);
  return arith::MulFOp::create(builder, location(at), v, factor);
}

Trace &trace_of(std::initializer_list<const Operand *> operands, const char *what) {
  Trace *found = nullptr;
  for (const Operand *operand : operands) {
    if (operand->is_literal())
      continue;
    Trace *trace = Trace::of(operand->value(), operand->where());
    if (!trace)
      throw Error(ErrorKind::Usage, std::string("an operand of ") + what + " is an empty Value", operand->where());
    if (found && found != trace)
      throw Error(ErrorKind::Usage, std::string("the operands of ") + what + " belong to two different steps",
                  operand->where())
          .note("the Value was made here", operand->value().where());
    found = trace;
  }
  if (found)
    return *found;
  throw Error(ErrorKind::Usage,
              std::string("both sides of ") + what + " are constants; compute them in C++ before the step",
              (*operands.begin())->where());
}

Value materialize(Trace &trace, const Operand &operand, const Unit *unit) {
  if (!operand.is_literal())
    return operand.value();
  const Quantity &q = operand.literal();
  const Unit &counted = unit ? *unit : q.unit;
  return trace.wrap(trace.number(q.in(counted), operand.where()), counted, operand.where());
}

std::string describe(const Unit &unit) {
  return unit.dimensionless() && unit.scale == 1.0 ? "a dimensionless value" : "a value in [" + unit.str() + "]";
}

Shape broadcast_shapes(const Shape &a, const Shape &b, const char *what, const Operand &left, const Operand &right) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t d = 0; d < result.size(); ++d) {
    int64_t x = d < result.size() - a.size() ? 1 : a[d - (result.size() - a.size())];
    int64_t y = d < result.size() - b.size() ? 1 : b[d - (result.size() - b.size())];
    if (x != y && x != 1 && y != 1) {
      Error error(ErrorKind::Shape, std::string("cannot ") + what + " shapes " + to_string(a) + " and " + to_string(b),
                  left.where());
      if (!left.is_literal())
        error.note("the " + to_string(a) + " value comes from here", left.value().where());
      if (!right.is_literal())
        error.note("the " + to_string(b) + " value comes from here", right.value().where());
      throw error;
    }
    result[d] = x == 1 ? y : x;
  }
  return result;
}

} // namespace detail
} // namespace overtime
