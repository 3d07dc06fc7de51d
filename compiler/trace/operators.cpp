// SPDX-License-Identifier: Apache-2.0
// Operators and elementwise functions on Values: units, types, broadcasting, then one MLIR operation.
#include "compiler/trace/trace.h"

#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

namespace overtime {
namespace {

using detail::describe;
using detail::materialize;
using detail::Trace;
using detail::trace_of;

/// Two operands of one shape, type and unit, ready for an operation.
struct Pair {
  Trace &trace;
  mlir::Value a, b;
  Shape shape;
  Unit unit;
  SourceLocation at;
  Unit unit_a = unit, unit_b = unit; // that the operands count in
};

bool is_zero(const Operand &x) { return x.is_literal() && x.literal().value == 0.0; }

[[noreturn]] void unit_mismatch(const char *what, const Operand &a, const Operand &b, const Unit &ua, const Unit &ub) {
  Error error(ErrorKind::Unit, std::string("cannot ") + what + " " + describe(ua) + " and " + describe(ub), a.where());
  for (auto [operand, unit] : {std::pair(&a, &ua), std::pair(&b, &ub)})
    if (!operand->is_literal())
      error.note(describe(*unit) + " comes from here", operand->value().where());
  throw error;
}

/// Both operands in the unit of the first (of the traced one for a plain literal 0).
Pair same_unit(const Operand &a, const Operand &b, const char *what) {
  Trace &trace = trace_of({&a, &b}, what);
  Unit ua = a.is_literal() ? a.literal().unit : a.value().unit();
  Unit ub = b.is_literal() ? b.literal().unit : b.value().unit();
  if (is_zero(a))
    ua = ub;
  if (is_zero(b))
    ub = ua;
  if (!ua.same_dimension(ub))
    unit_mismatch(what, a, b, ua, ub);
  Unit unit = a.is_literal() ? ub : ua;
  Value va = materialize(trace, a, a.is_literal() ? &unit : nullptr);
  Value vb = materialize(trace, b, b.is_literal() ? &unit : nullptr);
  mlir::Value x = trace.rescale(Trace::unwrap(va), va.unit(), unit, a.where());
  mlir::Value y = trace.rescale(Trace::unwrap(vb), vb.unit(), unit, b.where());
  return {trace, x, y, {}, unit, a.where()};
}

/// Integer literals beside an i64 value stay integers; otherwise mixed types become real.
void unify_types(Pair &p, const Operand &a, const Operand &b) {
  p.a = p.trace.widened(p.a, p.at);
  p.b = p.trace.widened(p.b, p.at);
  DType da = Trace::dtype_of(p.a.getType()), db = Trace::dtype_of(p.b.getType());
  auto integral = [](const Operand &o, const Unit &unit) -> std::optional<std::int64_t> {
    double v = o.is_literal() ? o.literal().in(unit) : 0.5;
    // Casting a number outside of i64 is undefined; 2^63 itself is outside.
    return std::floor(v) == v && std::abs(v) < 0x1p63 ? std::optional(static_cast<std::int64_t>(v)) : std::nullopt;
  };
  if (auto n = integral(b, p.unit_b); n && da == DType::I64)
    p.b = p.trace.integer(*n, b.where());
  else if (auto n = integral(a, p.unit_a); n && db == DType::I64)
    p.a = p.trace.integer(*n, a.where());
  else if (da != db) {
    p.a = p.trace.to_real(p.a, p.at);
    p.b = p.trace.to_real(p.b, p.at);
  }
}

void unify_shapes(Pair &p, const char *what, const Operand &a, const Operand &b) {
  p.shape = detail::broadcast_shapes(Trace::shape_of(p.a.getType()), Trace::shape_of(p.b.getType()), what, a, b);
  p.a = p.trace.broadcast(p.a, p.shape, p.at);
  p.b = p.trace.broadcast(p.b, p.shape, p.at);
}

void bools_to_real(Pair &p) {
  if (Trace::dtype_of(p.a.getType()) == DType::Bool) {
    p.a = p.trace.to_real(p.a, p.at);
    p.b = p.trace.to_real(p.b, p.at);
  }
}

template <class RealOp, class IntOp> Value arithmetic(Pair p, const char *what, const Operand &a, const Operand &b) {
  unify_types(p, a, b);
  bools_to_real(p);
  unify_shapes(p, what, a, b);
  mlir::Location loc = p.trace.location(p.at);
  mlir::Value result = Trace::dtype_of(p.a.getType()) == DType::I64
                           ? mlir::Value(IntOp::create(p.trace.builder, loc, p.a, p.b))
                           : mlir::Value(RealOp::create(p.trace.builder, loc, p.a, p.b));
  return p.trace.wrap(result, p.unit, p.at);
}

Pair any_unit(const Operand &a, const Operand &b, const char *what, bool divides) {
  Trace &trace = trace_of({&a, &b}, what);
  Value x = materialize(trace, a), y = materialize(trace, b);
  Unit unit = divides ? x.unit() / y.unit() : x.unit() * y.unit();
  return {trace, Trace::unwrap(x), Trace::unwrap(y), {}, unit, a.where(), x.unit(), y.unit()};
}

/// mV / V is the number 0.001, not 1 in a unit of a thousandth.
Value plain_when_dimensionless(const Value &v) {
  if (!v.unit().dimensionless() || v.unit().scale == 1.0)
    return v;
  Trace &trace = *Trace::of(v);
  return trace.wrap(trace.rescale(Trace::unwrap(v), v.unit(), {}, v.where()), {}, v.where());
}

using mlir::arith::CmpFPredicate;
using mlir::arith::CmpIPredicate;

/// A bool has no sign: false < true, although the one bit of true is -1 with one.
CmpIPredicate without_sign(CmpIPredicate p) {
  switch (p) {
  case CmpIPredicate::slt:
    return CmpIPredicate::ult;
  case CmpIPredicate::sle:
    return CmpIPredicate::ule;
  case CmpIPredicate::sgt:
    return CmpIPredicate::ugt;
  case CmpIPredicate::sge:
    return CmpIPredicate::uge;
  default:
    return p;
  }
}

Value compare(const Operand &a, const Operand &b, CmpFPredicate real, CmpIPredicate integer) {
  Pair p = same_unit(a, b, "compare");
  unify_types(p, a, b);
  unify_shapes(p, "compare", a, b);
  mlir::Location loc = p.trace.location(p.at);
  DType type = Trace::dtype_of(p.a.getType());
  bool reals = type == p.trace.settings.real;
  if (type == DType::Bool)
    integer = without_sign(integer);
  mlir::Value result = reals ? mlir::Value(mlir::arith::CmpFOp::create(p.trace.builder, loc, real, p.a, p.b))
                             : mlir::Value(mlir::arith::CmpIOp::create(p.trace.builder, loc, integer, p.a, p.b));
  return p.trace.wrap(result, {}, p.at);
}

/// A condition from a bool or a number (true where it is not zero).
mlir::Value condition(Trace &trace, const Operand &x) {
  Value v = materialize(trace, x);
  if (v.dtype() == DType::Bool)
    return Trace::unwrap(v);
  return Trace::unwrap(compare(Operand(v), 0, CmpFPredicate::UNE, CmpIPredicate::ne));
}

template <class Op> Value logical(const Operand &a, const Operand &b, const char *what) {
  Trace &trace = trace_of({&a, &b}, what);
  Pair p{trace, condition(trace, a), condition(trace, b), {}, {}, a.where()};
  unify_shapes(p, what, a, b);
  return trace.wrap(Op::create(trace.builder, trace.location(p.at), p.a, p.b), {}, p.at);
}

/// The real value of a function's argument, which must have no unit.
struct Argument {
  Trace &trace;
  mlir::Value x;
  SourceLocation at;
};

Argument plain(const Operand &x, const char *function) {
  Trace &trace = trace_of({&x}, function);
  const Unit &unit = x.value().unit();
  if (!unit.dimensionless()) {
    Error error(ErrorKind::Unit,
                std::string(function) + " takes a dimensionless value, got " + describe(unit) +
                    "; divide by a unit first, as in V / mV",
                x.where());
    error.note("the value comes from here", x.value().where());
    throw error;
  }
  mlir::Value v = trace.rescale(trace.to_real(Trace::unwrap(x.value()), x.where()), unit, {}, x.where());
  return {trace, v, x.where()};
}

template <class Op> Value function(const Operand &x, const char *name) {
  Argument a = plain(x, name);
  return a.trace.wrap(Op::create(a.trace.builder, a.trace.location(a.at), a.x), {}, a.at);
}

/// A function that keeps the unit.
template <class Op> Value keeping(const Operand &x, const char *name) {
  Trace &trace = trace_of({&x}, name);
  mlir::Value v = trace.to_real(Trace::unwrap(x.value()), x.where());
  return trace.wrap(Op::create(trace.builder, trace.location(x.where()), v), x.value().unit(), x.where());
}

} // namespace

Value operator+(Operand a, Operand b) {
  return arithmetic<mlir::arith::AddFOp, mlir::arith::AddIOp>(same_unit(a, b, "add"), "add", a, b);
}
Value operator-(Operand a, Operand b) {
  return arithmetic<mlir::arith::SubFOp, mlir::arith::SubIOp>(same_unit(a, b, "subtract"), "subtract", a, b);
}
Value operator*(Operand a, Operand b) {
  return plain_when_dimensionless(
      arithmetic<mlir::arith::MulFOp, mlir::arith::MulIOp>(any_unit(a, b, "multiply", false), "multiply", a, b));
}
Value operator/(Operand a, Operand b) {
  Pair p = any_unit(a, b, "divide", true);
  p.trace.note_divisor(p.b);
  p.a = p.trace.to_real(p.a, p.at);
  p.b = p.trace.to_real(p.b, p.at);
  return plain_when_dimensionless(arithmetic<mlir::arith::DivFOp, mlir::arith::DivSIOp>(
      p, "divide", Operand(p.trace.wrap(p.a, {}, p.at)), Operand(p.trace.wrap(p.b, {}, p.at))));
}
Value operator-(Operand a) {
  Trace &trace = trace_of({&a}, "negate");
  mlir::Value v = Trace::unwrap(a.value());
  if (a.value().dtype() == DType::I64)
    return Operand(0) - a;
  v = trace.to_real(v, a.where());
  return trace.wrap(mlir::arith::NegFOp::create(trace.builder, trace.location(a.where()), v), a.value().unit(),
                    a.where());
}

Value operator<(Operand a, Operand b) { return compare(a, b, CmpFPredicate::OLT, CmpIPredicate::slt); }
Value operator<=(Operand a, Operand b) { return compare(a, b, CmpFPredicate::OLE, CmpIPredicate::sle); }
Value operator>(Operand a, Operand b) { return compare(a, b, CmpFPredicate::OGT, CmpIPredicate::sgt); }
Value operator>=(Operand a, Operand b) { return compare(a, b, CmpFPredicate::OGE, CmpIPredicate::sge); }
Value operator==(Operand a, Operand b) { return compare(a, b, CmpFPredicate::OEQ, CmpIPredicate::eq); }
Value operator!=(Operand a, Operand b) { return compare(a, b, CmpFPredicate::UNE, CmpIPredicate::ne); }
Value operator&&(Operand a, Operand b) { return logical<mlir::arith::AndIOp>(a, b, "combine"); }
Value operator||(Operand a, Operand b) { return logical<mlir::arith::OrIOp>(a, b, "combine"); }
Value operator!(Operand a) {
  Trace &trace = trace_of({&a}, "negate");
  mlir::Value v = condition(trace, a);
  mlir::Value one = trace.broadcast(trace.boolean(true, a.where()), Trace::shape_of(v.getType()), a.where());
  return trace.wrap(mlir::arith::XOrIOp::create(trace.builder, trace.location(a.where()), v, one), {}, a.where());
}

Value where(Operand c, Operand a, Operand b) {
  Trace &trace = trace_of({&c, &a, &b}, "where");
  mlir::Value choice = condition(trace, c);
  Pair p = a.is_literal() && b.is_literal()
               ? same_unit(Operand(trace.wrap(trace.number(a.literal().value, a.where()), a.literal().unit, a.where())),
                           b, "choose between")
               : same_unit(a, b, "choose between");
  unify_types(p, a, b);
  unify_shapes(p, "choose between", a, b);
  Operand chosen(trace.wrap(p.a, p.unit, p.at));
  Shape shape = detail::broadcast_shapes(Trace::shape_of(choice.getType()), p.shape, "choose between", c, chosen);
  mlir::Value result =
      mlir::arith::SelectOp::create(trace.builder, trace.location(c.where()), trace.broadcast(choice, shape, c.where()),
                                    trace.broadcast(p.a, shape, c.where()), trace.broadcast(p.b, shape, c.where()));
  return trace.wrap(result, p.unit, c.where());
}
Value minimum(Operand a, Operand b) {
  return arithmetic<mlir::arith::MinimumFOp, mlir::arith::MinSIOp>(same_unit(a, b, "take the minimum of"),
                                                                   "take the minimum of", a, b);
}
Value maximum(Operand a, Operand b) {
  return arithmetic<mlir::arith::MaximumFOp, mlir::arith::MaxSIOp>(same_unit(a, b, "take the maximum of"),
                                                                   "take the maximum of", a, b);
}

Value exp(Operand x) { return function<mlir::math::ExpOp>(x, "exp"); }
Value expm1(Operand x) { return function<mlir::math::ExpM1Op>(x, "expm1"); }
Value spike(Operand x, Operand slope) {
  Argument a = plain(x, "spike"), s = plain(slope, "spike");
  Shape shape = Trace::shape_of(a.x.getType());
  if (Trace::shape_of(s.x.getType()) != shape)
    throw Error(ErrorKind::Shape,
                "the slope of spike has shape " + to_string(Trace::shape_of(s.x.getType())) + ", x has " +
                    to_string(shape),
                x.where());
  return a.trace.wrap(ir::SpikeOp::create(a.trace.builder, a.trace.location(a.at), a.x, s.x), {}, a.at);
}
Value with_gradient_of(Operand value, Operand other) {
  Pair p = same_unit(value, other, "give the gradient to");
  p.a = p.trace.to_real(p.a, p.at);
  p.b = p.trace.to_real(p.b, p.at);
  unify_shapes(p, "give the gradient to", value, other);
  return p.trace.wrap(ir::WithGradientOfOp::create(p.trace.builder, p.trace.location(p.at), p.a, p.b), p.unit, p.at);
}
Value stop_gradient(Operand x) { return with_gradient_of(x, 0); }
Value exprel(Operand x) { return function<ir::ExprelOp>(x, "exprel"); }
Value log(Operand x) { return function<mlir::math::LogOp>(x, "log"); }
Value log1p(Operand x) { return function<mlir::math::Log1pOp>(x, "log1p"); }
Value tanh(Operand x) { return function<mlir::math::TanhOp>(x, "tanh"); }
Value sinh(Operand x) { return function<mlir::math::SinhOp>(x, "sinh"); }
Value cosh(Operand x) { return function<mlir::math::CoshOp>(x, "cosh"); }
Value sin(Operand x) { return function<mlir::math::SinOp>(x, "sin"); }
Value cos(Operand x) { return function<mlir::math::CosOp>(x, "cos"); }
Value erf(Operand x) { return function<mlir::math::ErfOp>(x, "erf"); }

Value abs(Operand x) { return keeping<mlir::math::AbsFOp>(x, "abs"); }
Value floor(Operand x) { return keeping<mlir::math::FloorOp>(x, "floor"); }
Value ceil(Operand x) { return keeping<mlir::math::CeilOp>(x, "ceil"); }
Value round(Operand x) { return keeping<mlir::math::RoundEvenOp>(x, "round"); }
Value identity(Operand x) { return materialize(trace_of({&x}, "identity"), x); }
Value as_real(Operand x) {
  Trace &trace = trace_of({&x}, "as_real");
  return trace.wrap(trace.to_real(Trace::unwrap(x.value()), x.where()), x.value().unit(), x.where());
}
Value square(Operand x) { return x * x; }
Value cube(Operand x) { return x * x * x; }

Value sqrt(Operand x) {
  Trace &trace = trace_of({&x}, "sqrt");
  Unit unit = x.value().unit();
  for (signed char &power : unit.power) {
    if (power % 2)
      throw Error(ErrorKind::Unit, "sqrt needs a unit with even powers, got " + describe(x.value().unit()), x.where());
    power = static_cast<signed char>(power / 2);
  }
  unit.scale = std::sqrt(unit.scale);
  mlir::Value v = trace.to_real(Trace::unwrap(x.value()), x.where());
  return trace.wrap(mlir::math::SqrtOp::create(trace.builder, trace.location(x.where()), v), unit, x.where());
}

Value pow(Operand x, Operand exponent) {
  double n = exponent.is_literal() ? exponent.literal().value : 0.5;
  if (exponent.is_literal() && std::floor(n) == n && std::abs(n) <= 16 && !x.is_literal()) {
    Value base = x.value(), result;
    for (int k = static_cast<int>(std::abs(n)); k > 0; k >>= 1) { // by squaring
      if (k & 1)
        result = Trace::of(result) ? result * base : base;
      if (k > 1)
        base = base * base;
    }
    if (n == 0)
      return where(x.value() == x.value(), 1, 1);
    return n < 0 ? 1 / result : result;
  }
  Trace &trace = trace_of({&x, &exponent}, "pow");
  Argument a = plain(Operand(materialize(trace, x)), "pow"), b = plain(Operand(materialize(trace, exponent)), "pow");
  Pair p{trace, a.x, b.x, {}, {}, x.where()};
  unify_shapes(p, "raise", x, exponent);
  return trace.wrap(mlir::math::PowFOp::create(trace.builder, trace.location(p.at), p.a, p.b), {}, p.at);
}

} // namespace overtime
