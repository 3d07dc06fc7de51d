// SPDX-License-Identifier: Apache-2.0
// Makes a shared library of an object and the runtime it calls.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace overtime::driver {

/// The program that links, and how it wants its options.
struct LinkerTool {
  std::string path;
  bool isCompiler = false; ///< cc: finds the system's libraries itself
};

/// ld.lld-22, ld.lld, ld or cc, the first one on PATH. The plain linkers count only where libm.so.6 lies in a usual
/// folder, since they know of no system folders. `names` replaces the list.
llvm::Expected<LinkerTool> findLinker(llvm::ArrayRef<llvm::StringRef> names = {});

/// What a program's library is linked with: static libraries, each before those that it needs (libovertime_abi.a last),
/// and the shared library of OpenMP, when they need it.
struct RuntimeLibrary {
  std::vector<std::string> archives;
  std::string openmp;
  bool opensLibraries = false; ///< calls dlopen
};

/// Links `object` and the runtime into the shared library `output`, whose soname
/// is the file's name. Of the runtime only what the object uses is kept, and nothing of it is exported. The library
/// appears complete or not at all: it is written beside its place, then renamed. The linker's messages are in the
/// error.
llvm::Error linkSharedLibrary(llvm::ArrayRef<char> object, const RuntimeLibrary &runtime, llvm::StringRef output,
                              const LinkerTool &tool);

} // namespace overtime::driver
