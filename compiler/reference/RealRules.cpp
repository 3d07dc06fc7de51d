// SPDX-License-Identifier: Apache-2.0
// Functions of real numbers on dual numbers: every line states a value and its derivative.
#include "compiler/reference/ScalarRules.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace overtime::reference {

double exprel(double x) {
  if (x == 0.0)
    return 1.0;
  return std::isinf(x) && x > 0 ? x : std::expm1(x) / x; // inf / inf is not what the limit is
}

namespace {

/// exprel'(x) = sum_k x^k / (k! (k + 2)); the closed form cancels near 0.
double exprelSlope(double x) {
  if (std::abs(x) > 1.0)
    return (std::exp(x) - exprel(x)) / x;
  double slope = 0.0, term = 1.0; // term = x^k / k!
  for (int k = 0; k < 24; ++k) {
    slope += term / (k + 2);
    term *= x / (k + 1);
  }
  return slope;
}

/// f(x) with derivative `slope`.
Cell unary(const ScalarCall &c, double value, double slope) { return realCell(value, chain(slope, c.x[0].tangent)); }

/// f(x, y) with partial derivatives.
Cell binary(const ScalarCall &c, double value, double slope0, double slope1) {
  return realCell(value, chain(slope0, c.x[0].tangent) + chain(slope1, c.x[1].tangent));
}

Cell divide(ScalarCall &c) {
  double a = c.x[0].value, b = c.x[1].value;
  return binary(c, a / b, 1.0 / b, -a / (b * b));
}

Cell remainder(ScalarCall &c) {
  double a = c.x[0].value, b = c.x[1].value;
  return binary(c, std::fmod(a, b), 1.0, -std::trunc(a / b));
}

/// The first operand wins a tie, of which -0 < +0 is none: the order of IEEE 754-2019 maximum.
bool firstIsLarger(const Cell &a, const Cell &b) {
  if (a.value == b.value)
    return a.value != 0.0 || std::signbit(a.value) == std::signbit(b.value) || std::signbit(b.value);
  return a.value > b.value;
}
bool firstIsSmaller(const Cell &a, const Cell &b) {
  if (a.value == b.value)
    return a.value != 0.0 || std::signbit(a.value) == std::signbit(b.value) || std::signbit(a.value);
  return a.value < b.value;
}

bool isNan(const Cell &x) { return std::isnan(x.value); }
Cell maximumOf(const Cell &a, const Cell &b) { return firstIsLarger(a, b) ? a : b; }
Cell minimumOf(const Cell &a, const Cell &b) { return firstIsSmaller(a, b) ? a : b; }

/// maximumf and minimumf: NaN wins.
template <Cell pick(const Cell &, const Cell &)> Cell propagatingNan(ScalarCall &c) {
  if (isNan(c.x[0]) || isNan(c.x[1]))
    return isNan(c.x[0]) ? c.x[0] : c.x[1];
  return pick(c.x[0], c.x[1]);
}

/// maxnumf and minnumf: a number wins.
template <Cell pick(const Cell &, const Cell &)> Cell ignoringNan(ScalarCall &c) {
  if (isNan(c.x[0]) || isNan(c.x[1]))
    return isNan(c.x[0]) ? c.x[1] : c.x[0];
  return pick(c.x[0], c.x[1]);
}

Cell power(ScalarCall &c) {
  double a = c.x[0].value, b = c.x[1].value, y = std::pow(a, b);
  return binary(c, y, b == 0.0 ? 0.0 : b * std::pow(a, b - 1.0), y * std::log(a));
}

Cell integerPower(ScalarCall &c) {
  double a = c.x[0].value, n = double(c.x[1].integer);
  return unary(c, std::pow(a, n), n == 0.0 ? 0.0 : n * std::pow(a, n - 1.0));
}

Cell arcTangent2(ScalarCall &c) {
  double y = c.x[0].value, x = c.x[1].value, r2 = x * x + y * y;
  return binary(c, std::atan2(y, x), x / r2, -y / r2);
}

Cell copySign(ScalarCall &c) {
  double a = c.x[0].value, b = c.x[1].value;
  return unary(c, std::copysign(a, b), std::signbit(a) == std::signbit(b) ? 1.0 : -1.0);
}

Cell fusedMultiplyAdd(ScalarCall &c) {
  Cell product = multiply(c.x[0], c.x[1]);
  return realCell(std::fma(c.x[0].value, c.x[1].value, c.x[2].value), product.tangent + c.x[2].tangent);
}

double roundHalfEven(double x) {
  double down = std::floor(x), rest = x - down;
  if (rest == 0.5)
    return std::copysign(2.0 * std::round(x / 2.0), x);
  return std::copysign(rest < 0.5 ? down : down + 1.0, x);
}

constexpr double ln2 = std::numbers::ln2, sqrtPi = 1.0 / std::numbers::inv_sqrtpi;

void addArithmetic(ScalarRuleTable &table) {
  table["arith.addf"] = [](ScalarCall &c) { return add(c.x[0], c.x[1]); };
  table["arith.subf"] = [](ScalarCall &c) { return binary(c, c.x[0].value - c.x[1].value, 1.0, -1.0); };
  table["arith.mulf"] = [](ScalarCall &c) { return multiply(c.x[0], c.x[1]); };
  table["arith.divf"] = divide;
  table["arith.remf"] = remainder;
  table["arith.negf"] = [](ScalarCall &c) { return unary(c, -c.x[0].value, -1.0); };
  table["arith.maximumf"] = propagatingNan<maximumOf>;
  table["arith.minimumf"] = propagatingNan<minimumOf>;
  table["arith.maxnumf"] = ignoringNan<maximumOf>;
  table["arith.minnumf"] = ignoringNan<minimumOf>;
  table["math.fma"] = fusedMultiplyAdd;
  table["math.powf"] = power;
  table["math.fpowi"] = integerPower;
  table["math.atan2"] = arcTangent2;
  table["math.copysign"] = copySign;
  table["math.floor"] = [](ScalarCall &c) { return unary(c, std::floor(c.x[0].value), 0.0); };
  table["math.ceil"] = [](ScalarCall &c) { return unary(c, std::ceil(c.x[0].value), 0.0); };
  table["math.trunc"] = [](ScalarCall &c) { return unary(c, std::trunc(c.x[0].value), 0.0); };
  table["math.round"] = [](ScalarCall &c) { return unary(c, std::round(c.x[0].value), 0.0); };
  table["math.roundeven"] = [](ScalarCall &c) { return unary(c, roundHalfEven(c.x[0].value), 0.0); };
  table["math.absf"] = [](ScalarCall &c) {
    return unary(c, std::fabs(c.x[0].value), std::copysign(1.0, c.x[0].value));
  };
}

double argument(const ScalarCall &c) { return c.x[0].value; }

void addExponentials(ScalarRuleTable &table) {
  table["dyn.exprel"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, exprel(x), exprelSlope(x));
  };
  table["dyn.spike"] = [](ScalarCall &c) { return unary(c, argument(c) >= 0.0 ? 1.0 : 0.0, c.x[1].value); };
  table["dyn.with_gradient_of"] = [](ScalarCall &c) { return c.x[0]; };
  table["math.exp"] = [](ScalarCall &c) {
    double x = argument(c), y = std::exp(x);
    return unary(c, y, y);
  };
  table["math.exp2"] = [](ScalarCall &c) {
    double x = argument(c), y = std::exp2(x);
    return unary(c, y, ln2 * y);
  };
  table["math.expm1"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::expm1(x), std::exp(x));
  };
  table["math.log"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::log(x), 1.0 / x);
  };
  table["math.log1p"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::log1p(x), 1.0 / (1.0 + x));
  };
  table["math.log2"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::log2(x), 1.0 / (ln2 * x));
  };
  table["math.log10"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::log10(x), 1.0 / (std::numbers::ln10 * x));
  };
  table["math.sqrt"] = [](ScalarCall &c) {
    double x = argument(c), y = std::sqrt(x);
    return unary(c, y, 0.5 / y);
  };
  table["math.rsqrt"] = [](ScalarCall &c) {
    double x = argument(c), y = 1.0 / std::sqrt(x);
    return unary(c, y, -0.5 * y / x);
  };
}

/// Hyperbolic and trigonometric functions, and the error function.
void addCircular(ScalarRuleTable &table) {
  table["math.tanh"] = [](ScalarCall &c) {
    double x = argument(c), y = std::tanh(x);
    return unary(c, y, 1.0 - y * y);
  };
  table["math.sinh"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::sinh(x), std::cosh(x));
  };
  table["math.cosh"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::cosh(x), std::sinh(x));
  };
  table["math.sin"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::sin(x), std::cos(x));
  };
  table["math.cos"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::cos(x), -std::sin(x));
  };
  table["math.tan"] = [](ScalarCall &c) {
    double x = argument(c), y = std::tan(x);
    return unary(c, y, 1.0 + y * y);
  };
  table["math.atan"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::atan(x), 1.0 / (1.0 + x * x));
  };
  table["math.erf"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::erf(x), 2.0 / sqrtPi * std::exp(-x * x));
  };
  table["math.erfc"] = [](ScalarCall &c) {
    double x = argument(c);
    return unary(c, std::erfc(x), -2.0 / sqrtPi * std::exp(-x * x));
  };
}

} // namespace

void addRealRules(ScalarRuleTable &table) {
  addArithmetic(table);
  addExponentials(table);
  addCircular(table);
}

} // namespace overtime::reference
