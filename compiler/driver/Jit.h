// SPDX-License-Identifier: Apache-2.0
// Loads an object into this process and finds the compiled loop in it.
#pragma once

#include "compiler/driver/Target.h"

#include "runtime/abi.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace overtime::driver {

/// Code in memory. It is immutable and may run on many threads at once; it must outlive every pointer into it.
/// Undefined symbols are taken from the runtime, this process and libm. Objects are trusted like programs: read them
/// from a place only their owner can write to (Cache.h).
class Jit {
public:
  /// Fails when this machine lacks a feature of the target, the object is damaged, or a symbol is missing.
  static llvm::Expected<std::unique_ptr<Jit>> load(std::unique_ptr<llvm::MemoryBuffer> object, llvm::StringRef symbol,
                                                   const TargetSpec &target);
  ~Jit();
  Jit(const Jit &) = delete;
  Jit &operator=(const Jit &) = delete;

  /// The symbol asked for.
  overtime_entry entry() const { return found; }

  /// Address of another symbol of the object, such as NAME_program.
  llvm::Expected<const void *> lookup(llvm::StringRef symbol);

private:
  explicit Jit(std::unique_ptr<llvm::orc::LLJIT> jit);

  std::unique_ptr<llvm::orc::LLJIT> jit;
  overtime_entry found = nullptr;
};

} // namespace overtime::driver
