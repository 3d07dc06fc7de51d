// SPDX-License-Identifier: Apache-2.0
// The folder of the object cache: who may use it, unfinished files, total size.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace overtime::driver {

/// An open file, closed at the end of the scope. Temporaries are locked while open, so that a sweep can tell those of a
/// live process from those of a killed one.
class OpenFile {
public:
  explicit OpenFile(int descriptor) : descriptor(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;
  explicit operator bool() const { return descriptor >= 0; }
  int get() const { return descriptor; }

  /// All the bytes or false, with errno set.
  bool readAll(char *data, std::size_t size) const;
  bool writeAll(llvm::StringRef bytes) const;

private:
  int descriptor;
};

constexpr llvm::StringLiteral entrySuffix = ".object";
constexpr llvm::StringLiteral temporaryPrefix = ".tmp-";

/// Makes the folder or checks the one that exists; what is wrong with it, or nothing.
std::optional<std::string> prepareFolder(const std::string &folder);

/// A name in the folder that no other process uses.
std::string temporaryPath(llvm::StringRef folder);

/// Deletes temporaries that no process holds locked, and any older than an hour.
void removeStaleTemporaries(const std::string &folder);

/// Deletes the least recently used entries until at most `limit` bytes remain. Touches only files named like entries.
void trimFolder(const std::string &folder, std::uint64_t limit);

} // namespace overtime::driver
