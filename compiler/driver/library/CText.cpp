// SPDX-License-Identifier: Apache-2.0
// Parts of the text of generated C headers.
#include "compiler/driver/library/CText.h"

#include "runtime/abi.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace overtime::driver {

StringRef cType(std::int32_t dtype) {
  switch (dtype) {
  case OVERTIME_F32:
    return "float";
  case OVERTIME_F64:
    return "double";
  case OVERTIME_I64:
    return "int64_t";
  case OVERTIME_I32:
    return "int32_t";
  case OVERTIME_U16:
    return "uint16_t";
  default:
    return "uint8_t";
  }
}

std::string inComment(StringRef text) {
  std::string out;
  for (char c : text) {
    bool ends = c == '/' && !out.empty() && out.back() == '*';
    bool begins = c == '*' && !out.empty() && out.back() == '/';
    if (ends || begins)
      out += ' ';
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\' ? '?' : c;
  }
  return out;
}

std::string shapeText(const ArrayInfo &array, StringRef leading) {
  SmallVector<std::string> parts;
  if (!leading.empty())
    parts.push_back(leading.str());
  for (std::int64_t d : array.shape)
    parts.push_back(std::to_string(d));
  return "[" + join(parts, ", ") + "]";
}

std::string unitText(const ArrayInfo &array) { return array.unit.empty() ? "1" : inComment(array.unit); }

void writeTable(raw_ostream &out, StringRef kind, const std::vector<ArrayInfo> &arrays) {
  for (const ArrayInfo &array : arrays)
    out << formatv(" *   {0,-7} {1,-16} {2,-10} {3,-8} {4}\n", kind, inComment(array.name), unitText(array),
                   cType(array.dtype), shapeText(array));
}

} // namespace overtime::driver
