// SPDX-License-Identifier: Apache-2.0
// Assembles PTX to machine code of a GPU with NVIDIA's ptxas, where there is one, and reads what it says of a kernel.
#include "compiler/driver/gpu/Ptxas.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <optional>

using namespace llvm;

namespace overtime::driver {
namespace {

Error failure(const Twine &text) { return createStringError(inconvertibleErrorCode(), text); }

std::string textOf(StringRef path) {
  auto text = MemoryBuffer::getFile(path);
  return text ? (*text)->getBuffer().rtrim().str() : std::string();
}

/// The number before a word: 38 of "Used 38 registers".
std::int64_t numberBefore(StringRef report, StringRef word) {
  StringRef before = report.take_front(report.find(word)).rtrim();
  if (before.size() == report.rtrim().size()) // no such word
    return 0;
  std::int64_t number = 0;
  before.substr(before.find_last_not_of("0123456789") + 1).getAsInteger(10, number);
  return number;
}

KernelResources resourcesOf(StringRef report) {
  return {numberBefore(report, " registers"), numberBefore(report, " bytes spill stores"),
          numberBefore(report, " bytes spill loads"), numberBefore(report, " bytes stack frame"),
          numberBefore(report, " bytes smem")};
}

} // namespace

Expected<std::string> findPtxas() {
  if (const char *asked = std::getenv("OVERTIME_PTXAS"); asked && *asked) {
    if (sys::fs::can_execute(asked))
      return std::string(asked);
    return failure("OVERTIME_PTXAS names '" + Twine(asked) + "', which is no program");
  }
  if (ErrorOr<std::string> path = sys::findProgramByName("ptxas"))
    return *path;
  const char *home = std::getenv("CUDA_HOME");
  for (const std::string &folder : {std::string(home ? home : ""), std::string("/usr/local/cuda")})
    if (std::string path = folder + "/bin/ptxas"; !folder.empty() && sys::fs::can_execute(path))
      return path;
  return failure("ptxas was not found on PATH, in $CUDA_HOME/bin or in /usr/local/cuda/bin: install NVIDIA's CUDA "
                 "toolkit, set OVERTIME_PTXAS to the program, or leave assembling to the driver and emit ptx only");
}

Expected<Cubin> assemblePtx(StringRef ptx, StringRef capability, StringRef ptxas) {
  SmallString<128> folder;
  if (std::error_code code = sys::fs::createUniqueDirectory("overtime-ptxas", folder))
    return failure("cannot make a temporary folder for ptxas: " + code.message());
  auto cleanUp = scope_exit([&] { sys::fs::remove_directories(folder); });
  std::string source = (folder + "/kernel.ptx").str(), result = (folder + "/kernel.cubin").str(),
              said = (folder + "/said").str();
  std::error_code code;
  raw_fd_ostream out(source, code);
  if (!code) {
    out << ptx;
    out.close();
    code = out.error();
    out.clear_error();
  }
  if (code)
    return failure("cannot write '" + source + "': " + code.message());
  std::string arch = "-arch=" + capability.str();
  StringRef command[] = {ptxas, "-v", arch, source, "-o", result};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(said), StringRef(said)};
  std::string why;
  int status =
      sys::ExecuteAndWait(ptxas, command, std::nullopt, redirects, /*SecondsToWait=*/0, /*MemoryLimit=*/0, &why);
  std::string report = textOf(said);
  if (status != 0)
    return failure("ptxas failed with status " + Twine(status) + " for " + capability + ": " + why + report);
  auto cubin = MemoryBuffer::getFile(result);
  if (!cubin)
    return failure("ptxas wrote no cubin: " + cubin.getError().message());
  StringRef bytes = (*cubin)->getBuffer();
  return Cubin{SmallVector<char, 0>(bytes.begin(), bytes.end()), resourcesOf(report)};
}

} // namespace overtime::driver
