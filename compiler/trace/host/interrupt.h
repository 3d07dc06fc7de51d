// SPDX-License-Identifier: Apache-2.0
// InterruptGuard: Ctrl-C asks, and what runs stops where its results are whole.
#pragma once

namespace overtime {

/// From its construction to its end the first Ctrl-C only makes `interrupted` true; a second ends the process as usual,
/// without a file that is half written. A guard inside of another, such as a runner's, tells of what either has seen.
/// Of one thread.
class InterruptGuard {
public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard &) = delete;
  InterruptGuard &operator=(const InterruptGuard &) = delete;
  bool interrupted() const;
};

} // namespace overtime
