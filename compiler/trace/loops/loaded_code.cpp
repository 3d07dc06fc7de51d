// SPDX-License-Identifier: Apache-2.0
// A compiled program, for this machine's processor or for a GPU.
#include "compiler/trace/loops/loaded_code.h"

#include "runtime/abi.h"
#include "runtime/parts.h"

#include <cstdlib>

namespace overtime::detail {

void throw_compile_error(llvm::Error error) {
  std::string text = llvm::toString(std::move(error));
  constexpr std::string_view prefix = "error: ";
  std::size_t at = text.find(prefix); // Error writes its own
  throw Error(ErrorKind::Compile,
              at == std::string::npos ? text : text.substr(0, at) + text.substr(at + prefix.size()));
}

std::string target_of_runs() {
  const char *target = std::getenv("OVERTIME_TARGET");
  return target ? target : "native";
}

void *at_least(std::uint64_t bytes, Tensor &kept) {
  auto wanted = static_cast<std::int64_t>(bytes);
  if (kept.size() < wanted)
    kept = Tensor(Shape{wanted}, DType::Bool);
  return kept.data();
}

LoadedCode::LoadedCode(mlir::ModuleOp module, const driver::ProgramInfo &info, const Device &where, bool cache,
                       SourceLocation at) {
  if (where.is_cuda()) {
    device = std::make_unique<DeviceProgram>(module, info, where.number(), cache, at);
    return;
  }
  auto compiled = driver::compileForHost(module, info, {cache, target_of_runs()});
  if (!compiled)
    throw_compile_error(compiled.takeError());
  host = std::move(*compiled);
}

void LoadedCode::run(const StepRange &range, std::int32_t threads, const std::vector<void *> &buffers,
                     const std::vector<std::int64_t> &strides, bool fresh, bool placed) {
  if (device)
    return device->run(range, buffers, strides, fresh, placed);
  const driver::ProgramInfo &of = host->info;
  std::vector<void *> table = buffers;
  table.push_back(at_least(of.workspaceBytes, workspace));
  EntryCall call = {host->entry, range.count,  range.i0,          range.k0,      range.t0,
                    range.seed,  table.data(), std::ssize(table), strides.data()};
  if (int status = run_parts(call, {of.parts, of.partCycles, of.threadBytes, of.waitCycles}, threads))
    throw Error(ErrorKind::Memory, overtime_status_message(status));
}

} // namespace overtime::detail
