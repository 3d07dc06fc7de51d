// SPDX-License-Identifier: Apache-2.0
// A description as text in columns.
#include "compiler/tools/description.h"

#include <algorithm>
#include <cstdio>

namespace overtime::tools {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", value);
  return text;
}

std::string value_of(const ArrayDescription &array) {
  if (!array.remark.empty())
    return array.remark;
  if (!array.range)
    return "";
  if (array.dtype == "bool" && array.range->first == array.range->second)
    return array.range->first == 0 ? "false" : "true";
  std::string low = number(array.range->first);
  return array.range->first == array.range->second ? low : low + " .. " + number(array.range->second);
}

std::string shape_of(const ArrayDescription &array) {
  std::string text;
  for (const std::string &dimension : array.shape)
    text += (text.empty() ? "" : ", ") + dimension;
  return "[" + text + "]";
}

std::string fact_text(const Fact &fact) {
  if (const auto *text = std::get_if<std::string>(&fact))
    return *text;
  if (const auto *integer = std::get_if<std::int64_t>(&fact))
    return std::to_string(*integer);
  return number(std::get<double>(fact));
}

/// The arrays of one kind under a heading; nothing when there are none.
std::string section(const Description &description, const char *kind, const char *heading) {
  std::vector<std::vector<std::string>> rows;
  for (const ArrayDescription &array : description.arrays)
    if (array.kind == kind) {
      std::string unit = array.unit == "1" ? "" : array.unit;
      rows.push_back({"  " + array.name, array.dtype, shape_of(array), value_of(array), unit});
    }
  return rows.empty() ? "" : std::string(heading) + "\n" + table(rows);
}

std::string kernel_section(const Description &description) {
  if (description.kernels.empty())
    return "";
  std::vector<std::vector<std::string>> rows = {{"  for", "code", "blocks", "threads", "registers", "spilled [B]",
                                                 "local [B]", "shared [B]", "on a multiprocessor"}};
  for (const KernelDescription &kernel : description.kernels) {
    std::vector<std::string> row = {
        "  " + kernel.capability,
        !kernel.machine_code ? "PTX"
        : kernel.ptx         ? "cubin, PTX"
                             : "cubin",
        kernel.blocks > 0 ? (kernel.fewer_blocks ? "up to " : "") + std::to_string(kernel.blocks) : "?",
        std::to_string(kernel.threads)};
    if (const auto &used = kernel.used)
      for (std::optional<std::int64_t> number : {std::optional(used->registers), used->spill_bytes,
                                                 std::optional(used->local_bytes), std::optional(used->shared_bytes)})
        row.push_back(number ? std::to_string(*number) : "?");
    else
      row.insert(row.end(), 4, "?");
    if (const auto &resident = kernel.resident)
      row.push_back(std::to_string(resident->blocks) + " blocks, " + std::to_string(resident->warps) + " of " +
                    std::to_string(resident->most_warps) + " warps, limited by " + resident->limit);
    else
      row.push_back(kernel.remark.empty() ? "?" : kernel.remark);
    rows.push_back(std::move(row));
  }
  return "kernels\n" + table(rows);
}

} // namespace

std::string table(const std::vector<std::vector<std::string>> &rows) {
  std::vector<std::size_t> widths;
  for (const auto &row : rows)
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (k == widths.size())
        widths.push_back(0);
      widths[k] = std::max(widths[k], row[k].size());
    }
  std::string text;
  for (const auto &row : rows) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k)
      if (widths[k] > 0) // nobody fills this column
        line += row[k] + std::string(widths[k] - row[k].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string text_of(const Description &description) {
  std::vector<std::vector<std::string>> facts;
  for (const auto &[name, fact] : description.facts)
    facts.push_back({name, fact_text(fact)});
  std::string text = table(facts);
  text += section(description, "state", "states");
  text += section(description, "param", "parameters");
  text += section(description, "input", "inputs");
  text += section(description, "output", "outputs");
  text += section(description, "array", "arrays");
  text += kernel_section(description);
  std::string methods;
  for (const std::string &method : description.methods)
    methods += (methods.empty() ? "" : ", ") + method;
  return methods.empty() ? text : text + "methods\n  " + methods + "\n";
}

} // namespace overtime::tools
