// SPDX-License-Identifier: Apache-2.0
// Physical units, checked while tracing and gone afterwards.
#pragma once

#include <array>
#include <cmath>
#include <string>

namespace overtime {

/// A unit is a scale times powers of the four base units ms, mV, nA and um. They are coherent for neurons
/// (nA * ms / mV = nF, nA / mV = uS), so equations in them need no factor.
struct Unit {
  double scale = 1.0;
  std::array<signed char, 4> power{}; // of ms, mV, nA, um

  constexpr bool dimensionless() const { return power == std::array<signed char, 4>{}; }
  constexpr bool same_dimension(const Unit &other) const { return power == other.power; }
  /// Scales that differ by rounding only are the same unit.
  constexpr bool same_scale(const Unit &other) const {
    double r = scale / other.scale - 1.0;
    return r < 1e-12 && r > -1e-12;
  }
  /// "mS cm^-2", "mV", "1" for a plain number.
  std::string str() const;
};

constexpr Unit operator*(Unit a, const Unit &b) {
  a.scale *= b.scale;
  for (int k = 0; k < 4; ++k)
    a.power[k] = static_cast<signed char>(a.power[k] + b.power[k]);
  return a;
}
constexpr Unit operator/(Unit a, const Unit &b) {
  a.scale /= b.scale;
  for (int k = 0; k < 4; ++k)
    a.power[k] = static_cast<signed char>(a.power[k] - b.power[k]);
  return a;
}

/// A number with a unit: 100_ms, 120 * mS / cm2. `value` counts in `unit`.
struct Quantity {
  double value = 0.0;
  Unit unit;

  constexpr double in(const Unit &u) const { return value * unit.scale / u.scale; }
};

constexpr Quantity operator*(const Quantity &a, const Quantity &b) { return {a.value * b.value, a.unit * b.unit}; }
constexpr Quantity operator/(const Quantity &a, const Quantity &b) { return {a.value / b.value, a.unit / b.unit}; }
constexpr Quantity operator*(double a, const Quantity &b) { return {a * b.value, b.unit}; }
constexpr Quantity operator*(const Quantity &a, double b) { return {a.value * b, a.unit}; }
constexpr Quantity operator/(const Quantity &a, double b) { return {a.value / b, a.unit}; }
constexpr Quantity operator/(double a, const Quantity &b) { return {a / b.value, Unit{} / b.unit}; }
constexpr Quantity operator-(const Quantity &a) { return {-a.value, a.unit}; }
constexpr Quantity operator+(const Quantity &a) { return a; }

inline namespace units {
inline constexpr Unit dimensionless{};
inline constexpr Quantity ms{1, {1.0, {1, 0, 0, 0}}}, second{1, {1e3, {1, 0, 0, 0}}};
inline constexpr Quantity us{1, {1e-3, {1, 0, 0, 0}}}, Hz{1, {1e-3, {-1, 0, 0, 0}}};
inline constexpr Quantity mV{1, {1.0, {0, 1, 0, 0}}}, volt{1, {1e3, {0, 1, 0, 0}}};
inline constexpr Quantity nA{1, {1.0, {0, 0, 1, 0}}}, uA{1, {1e3, {0, 0, 1, 0}}}, pA{1, {1e-3, {0, 0, 1, 0}}};
inline constexpr Quantity um{1, {1.0, {0, 0, 0, 1}}}, cm{1, {1e4, {0, 0, 0, 1}}};
inline constexpr Quantity um2{1, {1.0, {0, 0, 0, 2}}}, cm2{1, {1e8, {0, 0, 0, 2}}};
inline constexpr Quantity uS{1, {1.0, {0, -1, 1, 0}}}, mS{1, {1e3, {0, -1, 1, 0}}}, nS{1, {1e-3, {0, -1, 1, 0}}};
inline constexpr Quantity MOhm{1, {1.0, {0, 1, -1, 0}}}, kOhm{1, {1e-3, {0, 1, -1, 0}}}, GOhm{1, {1e3, {0, 1, -1, 0}}};
inline constexpr Quantity nF{1, {1.0, {1, -1, 1, 0}}}, uF{1, {1e3, {1, -1, 1, 0}}}, pF{1, {1e-3, {1, -1, 1, 0}}};
} // namespace units

inline namespace literals {
#define OVERTIME_LITERAL(suffix, unit)                                                                                 \
  constexpr Quantity operator""_##suffix(long double v) { return static_cast<double>(v) * (unit); }                    \
  constexpr Quantity operator""_##suffix(unsigned long long v) { return static_cast<double>(v) * (unit); }
OVERTIME_LITERAL(ms, ms)
OVERTIME_LITERAL(s, second)
OVERTIME_LITERAL(mV, mV)
OVERTIME_LITERAL(nA, nA)
OVERTIME_LITERAL(pA, pA)
OVERTIME_LITERAL(nS, nS)
OVERTIME_LITERAL(uS, uS)
OVERTIME_LITERAL(Hz, Hz)
#undef OVERTIME_LITERAL
} // namespace literals

} // namespace overtime
