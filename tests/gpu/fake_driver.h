// SPDX-License-Identifier: Apache-2.0
// The fake driver in this process, which the runtime finds by the variable OVERTIME_LIBCUDA.
#pragma once

#include <string>
#include <vector>

namespace overtime::test {

class FakeDriver {
public:
  /// Loads it, and forgets what it knows of earlier tests.
  explicit FakeDriver(int capability = 90, unsigned long free_bytes = 1ul << 30);

  std::string calls() const; ///< since the last time
  /// Those of these names.
  std::string calls(const std::vector<std::string> &names) const;
  std::string faults() const;
  std::string alive() const;
  void fail_next(const char *call, int result) const;

private:
  void *library;
};

} // namespace overtime::test
