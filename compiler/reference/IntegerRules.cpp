// SPDX-License-Identifier: Apache-2.0
// Exact rules of integers and truth values, comparisons, selection and conversions between kinds.
#include "compiler/reference/ScalarRules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace overtime::reference {

unsigned bitWidth(Type type) { return isa<IndexType>(type) ? 64 : type.getIntOrFloatBitWidth(); }

int64_t wrap(uint64_t bits, Type type) {
  unsigned width = bitWidth(type);
  if (width == 1)
    return int64_t(bits & 1);
  return width >= 64 ? int64_t(bits) : llvm::SignExtend64(bits, width);
}

namespace {

/// The two readings of an operand's bits. A signed i1 is 0 or -1.
uint64_t asUnsigned(const Cell &x, Type type) {
  unsigned width = bitWidth(type);
  return width >= 64 ? uint64_t(x.integer) : uint64_t(x.integer) & llvm::maskTrailingOnes<uint64_t>(width);
}
int64_t asSigned(const Cell &x, Type type) { return bitWidth(type) == 1 ? -x.integer : x.integer; }

Cell wrapped(const ScalarCall &c, uint64_t bits) { return integerCell(wrap(bits, c.to)); }
uint64_t bits(const ScalarCall &c, unsigned k) { return uint64_t(c.x[k].integer); }

Cell divideSigned(ScalarCall &c, bool remainder) {
  int64_t a = asSigned(c.x[0], c.from), b = asSigned(c.x[1], c.from);
  if (b == 0) {
    c.problem = "divides an integer by zero; guard the divisor";
    return {};
  }
  if (b == -1) // the quotient of the smallest integer wraps, where the host traps
    return wrapped(c, remainder ? 0 : 0 - uint64_t(a));
  return wrapped(c, uint64_t(remainder ? a % b : a / b));
}

Cell divideUnsigned(ScalarCall &c, bool remainder) {
  uint64_t a = asUnsigned(c.x[0], c.from), b = asUnsigned(c.x[1], c.from);
  if (b == 0) {
    c.problem = "divides an integer by zero; guard the divisor";
    return {};
  }
  return wrapped(c, remainder ? a % b : a / b);
}

/// A shift by the width or more has no defined value; 0 keeps an unselected one harmless.
Cell shift(ScalarCall &c, bool left) {
  uint64_t a = asUnsigned(c.x[0], c.from), by = asUnsigned(c.x[1], c.from);
  if (by >= bitWidth(c.from))
    return integerCell(0);
  return wrapped(c, left ? a << by : a >> by);
}

Cell compareIntegers(ScalarCall &c) {
  int64_t a = asSigned(c.x[0], c.from), b = asSigned(c.x[1], c.from);
  uint64_t ua = asUnsigned(c.x[0], c.from), ub = asUnsigned(c.x[1], c.from);
  switch (cast<arith::CmpIOp>(c.op).getPredicate()) {
  case arith::CmpIPredicate::eq:
    return integerCell(a == b);
  case arith::CmpIPredicate::ne:
    return integerCell(a != b);
  case arith::CmpIPredicate::slt:
    return integerCell(a < b);
  case arith::CmpIPredicate::sle:
    return integerCell(a <= b);
  case arith::CmpIPredicate::sgt:
    return integerCell(a > b);
  case arith::CmpIPredicate::sge:
    return integerCell(a >= b);
  case arith::CmpIPredicate::ult:
    return integerCell(ua < ub);
  case arith::CmpIPredicate::ule:
    return integerCell(ua <= ub);
  case arith::CmpIPredicate::ugt:
    return integerCell(ua > ub);
  case arith::CmpIPredicate::uge:
    return integerCell(ua >= ub);
  }
  c.problem = "has an unknown predicate";
  return {};
}

Cell compareReals(ScalarCall &c) {
  using P = arith::CmpFPredicate;
  double a = c.x[0].value, b = c.x[1].value;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (cast<arith::CmpFOp>(c.op).getPredicate()) {
  case P::AlwaysFalse:
    return integerCell(false);
  case P::OEQ:
    return integerCell(a == b);
  case P::OGT:
    return integerCell(a > b);
  case P::OGE:
    return integerCell(a >= b);
  case P::OLT:
    return integerCell(a < b);
  case P::OLE:
    return integerCell(a <= b);
  case P::ONE:
    return integerCell(!unordered && a != b);
  case P::ORD:
    return integerCell(!unordered);
  case P::UEQ:
    return integerCell(unordered || a == b);
  case P::UGT:
    return integerCell(!(a <= b));
  case P::UGE:
    return integerCell(!(a < b));
  case P::ULT:
    return integerCell(!(a >= b));
  case P::ULE:
    return integerCell(!(a > b));
  case P::UNE:
    return integerCell(a != b);
  case P::UNO:
    return integerCell(unordered);
  case P::AlwaysTrue:
    return integerCell(true);
  }
  c.problem = "has an unknown predicate";
  return {};
}

/// Toward zero. What does not fit has no defined value; the nearest integer keeps an unselected one harmless.
Cell realToInteger(ScalarCall &c) {
  double x = c.x[0].value, limit = std::ldexp(1.0, int(bitWidth(c.to)) - 1);
  if (std::isnan(x))
    return integerCell(0);
  if (x >= limit)
    return wrapped(c, llvm::maskTrailingOnes<uint64_t>(bitWidth(c.to) - 1));
  if (x < -limit)
    return wrapped(c, uint64_t(1) << (bitWidth(c.to) - 1));
  return wrapped(c, uint64_t(int64_t(x)));
}

/// The one rounding that is asked for by name, so it happens whatever the interpreter's options say.
Cell truncateReal(ScalarCall &c) {
  if (!c.to.isF32())
    return c.x[0];
  return realCell(float(c.x[0].value), c.x[0].tangent);
}

Cell same(ScalarCall &c) { return c.x[0]; }
Cell signExtend(ScalarCall &c) { return wrapped(c, uint64_t(asSigned(c.x[0], c.from))); }
Cell zeroExtend(ScalarCall &c) { return wrapped(c, asUnsigned(c.x[0], c.from)); }

void addConversions(ScalarRuleTable &table) {
  table["arith.extf"] = same;
  table["arith.truncf"] = truncateReal;
  table["arith.extsi"] = signExtend;
  table["arith.extui"] = zeroExtend;
  table["arith.trunci"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0)); };
  table["arith.index_cast"] = signExtend;
  table["arith.index_castui"] = zeroExtend;
  table["arith.sitofp"] = [](ScalarCall &c) { return realCell(double(asSigned(c.x[0], c.from))); };
  table["arith.uitofp"] = [](ScalarCall &c) { return realCell(double(asUnsigned(c.x[0], c.from))); };
  table["arith.fptosi"] = realToInteger;
}

} // namespace

void addIntegerRules(ScalarRuleTable &table) {
  table["arith.addi"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0) + bits(c, 1)); };
  table["arith.subi"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0) - bits(c, 1)); };
  table["arith.muli"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0) * bits(c, 1)); };
  table["arith.divsi"] = [](ScalarCall &c) { return divideSigned(c, false); };
  table["arith.remsi"] = [](ScalarCall &c) { return divideSigned(c, true); };
  table["arith.divui"] = [](ScalarCall &c) { return divideUnsigned(c, false); };
  table["arith.remui"] = [](ScalarCall &c) { return divideUnsigned(c, true); };
  table["arith.andi"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0) & bits(c, 1)); };
  table["arith.ori"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0) | bits(c, 1)); };
  table["arith.xori"] = [](ScalarCall &c) { return wrapped(c, bits(c, 0) ^ bits(c, 1)); };
  table["arith.maxsi"] = [](ScalarCall &c) {
    return asSigned(c.x[0], c.from) < asSigned(c.x[1], c.from) ? c.x[1] : c.x[0];
  };
  table["arith.minsi"] = [](ScalarCall &c) {
    return asSigned(c.x[1], c.from) < asSigned(c.x[0], c.from) ? c.x[1] : c.x[0];
  };
  table["arith.shli"] = [](ScalarCall &c) { return shift(c, true); };
  table["arith.shrui"] = [](ScalarCall &c) { return shift(c, false); };
  table["arith.cmpi"] = compareIntegers;
  table["arith.cmpf"] = compareReals;
  table["arith.select"] = [](ScalarCall &c) { return c.x[0].integer ? c.x[1] : c.x[2]; };
  table["math.absi"] = [](ScalarCall &c) {
    int64_t a = asSigned(c.x[0], c.from);
    return wrapped(c, a < 0 ? 0 - uint64_t(a) : uint64_t(a));
  };
  addConversions(table);
}

} // namespace overtime::reference
