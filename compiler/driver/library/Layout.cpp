// SPDX-License-Identifier: Apache-2.0
// Places a program's arrays in its state block and refuses programs that fit in none.
#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/library/Descriptor.h"

#include "runtime/abi.h"

#include "llvm/ADT/Twine.h"

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr std::uint64_t tooLarge = std::uint64_t(1) << 62;
constexpr std::uint64_t addressSpace = std::uint64_t(1) << 47;

std::uint64_t saturatingProduct(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > tooLarge / b ? tooLarge : a * b;
}

std::uint64_t bytesOf(const ArrayInfo &array) {
  std::uint64_t bytes = overtime_dtype_size(array.dtype);
  for (std::int64_t d : array.shape) {
    if (d <= 0)
      return 0; // empty, or refused by checkProgram
    bytes = saturatingProduct(bytes, static_cast<std::uint64_t>(d));
  }
  return bytes;
}

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + OVERTIME_ALIGNMENT - 1) / OVERTIME_ALIGNMENT * OVERTIME_ALIGNMENT;
}

std::vector<std::int64_t> place(const std::vector<ArrayInfo> &arrays, std::uint64_t &end) {
  std::vector<std::int64_t> offsets;
  for (const ArrayInfo &array : arrays) {
    offsets.push_back(static_cast<std::int64_t>(end));
    end = std::min(tooLarge, end + aligned(bytesOf(array)));
  }
  return offsets;
}

Error refuse(const ProgramInfo &info, const Twine &why) {
  return createStringError(inconvertibleErrorCode(), "program '" + info.name + "': " + why);
}

Error checkArray(const ProgramInfo &info, const ArrayInfo &array) {
  if (overtime_dtype_size(array.dtype) == 0)
    return refuse(info, "array '" + array.name + "' has dtype " + Twine(array.dtype) +
                            ", expected an overtime_dtype (0 to 3)");
  for (std::int64_t d : array.shape)
    if (d < 0)
      return refuse(info, "array '" + array.name + "' has dimension " + Twine(d) + ", expected 0 or more");
  return Error::success();
}

} // namespace

Layout layoutOf(const ProgramInfo &info) {
  Layout layout;
  std::uint64_t end = sizeof(overtime_state_header);
  layout.states = place(info.states, end);
  layout.params = place(info.params, end);
  layout.initialBytes = end - sizeof(overtime_state_header);
  layout.inputs = place(info.inputs, end);
  layout.outputs = place(info.outputs, end);
  layout.workspaceOffset = end;
  layout.messageOffset = std::min(tooLarge, end + aligned(std::min(tooLarge, info.workspaceBytes)));
  layout.stateBytes = std::min(tooLarge, layout.messageOffset + OVERTIME_MESSAGE_BYTES);
  return layout;
}

Error checkProgram(const ProgramInfo &info) {
  if (cIdentifier(info.name) != info.name)
    return refuse(info, "its name prefixes C functions and must be a C identifier, for instance '" +
                            cIdentifier(info.name) + "'");
  for (const std::vector<ArrayInfo> *arrays : {&info.states, &info.params, &info.inputs, &info.outputs})
    for (const ArrayInfo &array : *arrays)
      if (Error error = checkArray(info, array))
        return error;
  Layout layout = layoutOf(info);
  if (layout.stateBytes >= addressSpace)
    return refuse(info, "its state block needs " + Twine(layout.stateBytes) + " bytes, more than an address space of " +
                            Twine(addressSpace) + ": make its arrays smaller");
  return Error::success();
}

} // namespace overtime::driver
