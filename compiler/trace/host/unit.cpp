// SPDX-License-Identifier: Apache-2.0
// Writes units with the symbols people use.
#include "compiler/trace/host/unit.h"

#include <cstdio>
#include <optional>

namespace overtime {
namespace {

struct Symbol {
  const char *text;
  Unit unit;
};

constexpr Symbol symbols[] = {{"1", dimensionless}, {"ms", ms.unit},     {"us", us.unit},     {"s", second.unit},
                              {"Hz", Hz.unit},      {"mV", mV.unit},     {"V", volt.unit},    {"nA", nA.unit},
                              {"uA", uA.unit},      {"pA", pA.unit},     {"um", um.unit},     {"cm", cm.unit},
                              {"um^2", um2.unit},   {"cm^2", cm2.unit},  {"uS", uS.unit},     {"mS", mS.unit},
                              {"nS", nS.unit},      {"MOhm", MOhm.unit}, {"kOhm", kOhm.unit}, {"GOhm", GOhm.unit},
                              {"nF", nF.unit},      {"uF", uF.unit},     {"pF", pF.unit}};

constexpr const char *base_symbols[] = {"ms", "mV", "nA", "um"};

bool same(const Unit &a, const Unit &b) { return a.same_dimension(b) && a.same_scale(b); }

std::optional<std::string> named(const Unit &unit) {
  for (const Symbol &symbol : symbols)
    if (same(symbol.unit, unit))
      return symbol.text;
  return std::nullopt;
}

/// "mS cm^-2": membranes are described per area.
std::optional<std::string> named_density(const Unit &unit) {
  if (auto text = named(unit * cm2.unit); text && unit.power[3] < 0)
    return (*text == "1" ? "" : *text + " ") + "cm^-2";
  return std::nullopt;
}

std::string base_text(const Unit &unit) {
  std::string text;
  for (int k = 0; k < 4; ++k) {
    if (unit.power[k] == 0)
      continue;
    if (!text.empty())
      text += " ";
    text += base_symbols[k];
    if (unit.power[k] != 1)
      text.append("^").append(std::to_string(unit.power[k]));
  }
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

} // namespace

std::string Unit::str() const {
  if (auto text = named(*this))
    return *text;
  if (auto text = named_density(*this))
    return *text;
  if (same_scale(Unit{}))
    return base_text(*this);
  // A rate of change: "ms^-1 uA cm^-2".
  Unit change = *this * ms.unit;
  if (power[0] == -1 && !change.dimensionless())
    for (const auto &text : {named(change), named_density(change)})
      if (text)
        return "ms^-1 " + *text;
  std::string base = base_text(*this);
  return base.empty() ? number(scale) : number(scale) + " " + base;
}

} // namespace overtime
