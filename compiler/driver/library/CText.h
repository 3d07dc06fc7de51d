// SPDX-License-Identifier: Apache-2.0
// Parts of the text of generated C headers.
#pragma once

#include "compiler/driver/ProgramInfo.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace overtime::driver {

llvm::StringRef cType(std::int32_t dtype);
/// Text of the user that must not end the comment it is printed in.
std::string inComment(llvm::StringRef text);
std::string shapeText(const ArrayInfo &array, llvm::StringRef leading = "");
std::string unitText(const ArrayInfo &array);
/// One line for each array: kind, name, unit, type, shape.
void writeTable(llvm::raw_ostream &out, llvm::StringRef kind, const std::vector<ArrayInfo> &arrays);

} // namespace overtime::driver
