// SPDX-License-Identifier: Apache-2.0
// What happens while a loop runs: a progress bar for long runs on a terminal, and Ctrl-C.
#pragma once

#include "compiler/trace/host/interrupt.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace overtime {

/// "[#######.............]  35 %  350,000 of 1,000,000 steps, 162.5 k steps/s, 4 s left"
std::string progress_line(std::int64_t done, std::int64_t steps, double seconds);

/// When a progress bar is drawn, on stderr.
enum class ProgressBar {
  Terminal, ///< of a run of more than half a second, when stderr is a terminal
  Always,   ///< also where stderr is a file: a line for each tenth of the run
  Never
};

/// Watches a run and the writing of its results. From arm() on the first Ctrl-C asks the run to stop after the current
/// chunk; the second ends the process as usual, without a file that is half written.
class RunWatch {
public:
  explicit RunWatch(ProgressBar bar);
  ~RunWatch();
  RunWatch(const RunWatch &) = delete;
  RunWatch &operator=(const RunWatch &) = delete;

  void arm();
  void finish(); ///< the run has ended
  /// For LoopOptions::progress: false when the run shall stop.
  bool operator()(std::int64_t done, std::int64_t steps);
  std::int64_t done() const { return done_; }
  double seconds() const { return seconds_; }       ///< between arm() and finish()
  bool interrupted() const { return interrupted_; } ///< before the last step
  bool interrupt_seen() const;

private:
  void draw(std::int64_t done, std::int64_t steps);
  void erase_bar();
  std::optional<InterruptGuard> guard_;
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_, drawn_;
  std::int64_t done_ = 0;
  double seconds_ = 0;
  ProgressBar bar_;
  bool terminal_ = false, visible_ = false, interrupted_ = false;
  int tenths_ = 0; // that lines were written for
};

} // namespace overtime
