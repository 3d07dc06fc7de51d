// SPDX-License-Identifier: Apache-2.0
// Compiled objects kept on disk, in a folder that only its owner can write to.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace overtime::driver {

/// One file per entry, named by its key. A damaged or foreign entry is deleted and counts as absent. Nothing here fails
/// loudly: without a usable folder every read misses and every write does nothing. Many processes may share a folder,
/// and many threads an object. Where a function takes `note`, it says there why it could not do its work; a plain miss
/// leaves it empty.
class Cache {
public:
  static constexpr std::uint64_t defaultLimit = std::uint64_t(512) << 20;

  /// $OVERTIME_CACHE_DIR, else $XDG_CACHE_HOME/overtime, else $HOME/.cache/overtime; empty when none is set.
  static std::string defaultFolder();

  /// Makes the folder (0700) when it is missing and removes temporaries that killed processes left. An existing folder
  /// must belong to this user and not be writable by others. Entries beyond `limit` bytes go, least recently used
  /// first.
  explicit Cache(std::string folder = defaultFolder(), std::uint64_t limit = defaultLimit, std::string *note = nullptr);

  /// The one of this process, in the default folder.
  static Cache &ofProcess();

  /// SHA-256 in hexadecimal over the parts with their lengths, so that moving a boundary changes the key.
  static std::string key(llvm::ArrayRef<llvm::StringRef> parts);

  /// The payload stored under the key, or null.
  std::unique_ptr<llvm::MemoryBuffer> read(llvm::StringRef key, std::string *note = nullptr) const;

  /// True when the entry is on disk, complete.
  bool write(llvm::StringRef key, llvm::StringRef payload, std::string *note = nullptr);

  /// Empty when the cache is off.
  const std::string &folder() const { return path; }
  /// Where the entry of a key lies.
  std::string entryPath(llvm::StringRef key) const;

private:
  std::string path;
  std::uint64_t limit;
  std::atomic<std::uint64_t> unaccounted; ///< bytes written since the folder's size was last looked at
};

} // namespace overtime::driver
