// SPDX-License-Identifier: Apache-2.0
// Finds a linker, runs it in a folder of its own and moves the result into place.
#include "compiler/driver/library/Linker.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr StringLiteral linkerNames[] = {"ld.lld-22", "ld.lld", "ld", "cc"};

/// Where Debian, Fedora and Arch keep the C library.
std::optional<StringRef> systemLibraries() {
  static constexpr StringLiteral folders[] = {
#if defined(__x86_64__)
      "/usr/lib/x86_64-linux-gnu",
      "/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
      "/usr/lib/aarch64-linux-gnu",
      "/lib/aarch64-linux-gnu",
#endif
      "/usr/lib64",
      "/usr/lib",
      "/lib64",
      "/lib"};
  for (StringRef folder : folders)
    if (sys::fs::exists(folder + "/libm.so.6") && sys::fs::exists(folder + "/libc.so.6"))
      return folder;
  return std::nullopt;
}

/// Undefined symbols fail here, where there is a message, and not when the library is loaded.
std::vector<std::string> arguments(const LinkerTool &tool, StringRef object, const RuntimeLibrary &runtime,
                                   StringRef result, StringRef soname) {
  std::vector<std::string> all = {tool.path, "-shared", "-o", result.str()};
  auto add = [&](std::initializer_list<std::string> more) { all.insert(all.end(), more); };
  if (tool.isCompiler)
    add({"-Wl,-soname," + soname.str(), "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-Wl,-z,defs",
         "-Wl,-z,noexecstack"});
  else
    add({"-soname", soname.str(), "--exclude-libs=ALL", "--gc-sections", "-z", "defs", "-z", "noexecstack",
         "--build-id"});
  add({object.str()});
  all.insert(all.end(), runtime.archives.begin(), runtime.archives.end());
  if (!runtime.openmp.empty())
    add({runtime.openmp});
  if (runtime.opensLibraries && tool.isCompiler)
    add({"-Wl,--as-needed", "-ldl"}); // part of the C library since glibc 2.34
  else if (runtime.opensLibraries && sys::fs::exists(*systemLibraries() + "/libdl.so.2"))
    add({"--as-needed", "-L" + systemLibraries()->str(), "-l:libdl.so.2"});
  if (tool.isCompiler)
    add({"-lm"});
  else
    add({"-L" + systemLibraries()->str(), "-l:libm.so.6", "-l:libc.so.6"});
  return all;
}

Error failure(const Twine &text) { return createStringError(inconvertibleErrorCode(), text); }

Error writeFile(StringRef path, ArrayRef<char> bytes) {
  std::error_code code;
  raw_fd_ostream out(path, code);
  if (!code) {
    out.write(bytes.data(), bytes.size());
    out.close();
    code = out.error();
    out.clear_error();
  }
  return code ? failure("cannot write '" + path + "': " + code.message()) : Error::success();
}

Error runLinker(ArrayRef<std::string> command, StringRef messages) {
  SmallVector<StringRef> args(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {StringRef(""), messages, messages};
  std::string why;
  // No time limit: LLVM would take over the process's SIGALRM for it.
  int status = sys::ExecuteAndWait(command.front(), args, std::nullopt, redirects, /*SecondsToWait=*/0,
                                   /*MemoryLimit=*/0, &why);
  if (status == 0)
    return Error::success();
  std::string said = why;
  if (auto text = MemoryBuffer::getFile(messages))
    said += (*text)->getBuffer().rtrim().str();
  return failure("linking failed with status " + Twine(status) + ": " + said + "\n  command: " + join(command, " "));
}

} // namespace

Expected<LinkerTool> findLinker(ArrayRef<StringRef> names) {
  SmallVector<StringRef> wanted(names);
  if (wanted.empty())
    wanted.append(std::begin(linkerNames), std::end(linkerNames));
  bool plainLinks = systemLibraries().has_value();
  for (StringRef name : wanted) {
    StringRef base = sys::path::filename(name);
    bool isCompiler = !base.starts_with("ld");
    if (!isCompiler && !plainLinks)
      continue;
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return LinkerTool{*path, isCompiler};
  }
  return failure("no linker found: expected one of " + join(wanted, ", ") +
                 " on PATH; install lld or gcc, or write the object file instead");
}

Error linkSharedLibrary(ArrayRef<char> object, const RuntimeLibrary &runtime, StringRef output,
                        const LinkerTool &tool) {
  for (const std::string &archive : runtime.archives)
    if (!sys::fs::exists(archive))
      return failure("the runtime library '" + archive + "' does not exist: build the target overtime_abi");
  StringRef folder = sys::path::parent_path(output);
  SmallString<128> prefix(folder.empty() ? "." : folder), scratch; // beside the output, so that the rename is atomic
  sys::path::append(prefix, ".overtime-link");
  std::error_code code = sys::fs::make_absolute(prefix); // LLVM puts a relative one into /tmp
  if (!code)
    code = sys::fs::createUniqueDirectory(prefix, scratch);
  if (code)
    return failure("cannot write into folder '" + Twine(folder.empty() ? "." : folder) + "': " + code.message());
  auto cleanUp = scope_exit([&] { sys::fs::remove_directories(scratch); });
  std::string program = (scratch + "/program.o").str(), result = (scratch + "/result.so").str();
  if (Error error = writeFile(program, object))
    return error;
  StringRef soname = sys::path::filename(output);
  if (Error error = runLinker(arguments(tool, program, runtime, result, soname), (scratch + "/messages").str()))
    return error;
  if ((code = sys::fs::rename(result, output)))
    return failure("cannot move the library to '" + output + "': " + code.message());
  return Error::success();
}

} // namespace overtime::driver
