// SPDX-License-Identifier: Apache-2.0
// What happens while a loop runs: a progress bar for long runs on a terminal, and Ctrl-C.
#include "compiler/trace/host/progress.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace overtime {
namespace {

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (int at = static_cast<int>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string format(const char *pattern, double value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string rate(double per_second) {
  if (per_second >= 1e6)
    return format("%.1f M steps/s", per_second / 1e6);
  return per_second >= 1e3 ? format("%.1f k steps/s", per_second / 1e3) : format("%.3g steps/s", per_second);
}

std::string left(double seconds) {
  if (seconds < 90)
    return format("%.0f s left", seconds);
  return seconds < 5400 ? format("%.0f min left", seconds / 60) : format("%.1f h left", seconds / 3600);
}

} // namespace

std::string progress_line(std::int64_t done, std::int64_t steps, double seconds) {
  constexpr int width = 20;
  double part = steps > 0 ? static_cast<double>(done) / static_cast<double>(steps) : 1.0;
  int filled = std::clamp(static_cast<int>(part * width), 0, width);
  double per_second = seconds > 0 ? static_cast<double>(done) / seconds : 0.0;
  std::string line = "[" + std::string(static_cast<std::size_t>(filled), '#') +
                     std::string(static_cast<std::size_t>(width - filled), '.') + "]" +
                     format(" %3.0f %%  ", 100 * part) + grouped(done) + " of " + grouped(steps) + " steps";
  if (per_second > 0)
    line += ", " + rate(per_second) + ", " + left(static_cast<double>(steps - done) / per_second);
  return line;
}

RunWatch::RunWatch(ProgressBar bar) : bar_(bar), terminal_(isatty(STDERR_FILENO) == 1) {}
RunWatch::~RunWatch() { erase_bar(); }
bool RunWatch::interrupt_seen() const { return guard_ && guard_->interrupted(); }

void RunWatch::arm() {
  guard_.emplace();
  begin_ = drawn_ = Clock::now();
}

void RunWatch::finish() {
  seconds_ = std::chrono::duration<double>(Clock::now() - begin_).count();
  erase_bar();
}

bool RunWatch::operator()(std::int64_t done, std::int64_t steps) {
  done_ = done;
  if (interrupt_seen()) {
    interrupted_ = done < steps;
    return false;
  }
  if (bar_ != ProgressBar::Never && (terminal_ || bar_ == ProgressBar::Always))
    draw(done, steps);
  return true;
}

void RunWatch::draw(std::int64_t done, std::int64_t steps) {
  Clock::time_point now = Clock::now();
  double seconds = std::chrono::duration<double>(now - begin_).count();
  if (!terminal_) {
    int tenths = steps > 0 ? static_cast<int>(10.0 * static_cast<double>(done) / static_cast<double>(steps)) : 10;
    if (tenths > tenths_)
      std::fprintf(stderr, "%s\n", progress_line(done, steps, seconds).c_str());
    tenths_ = std::max(tenths, tenths_);
  } else if (seconds > 0.5 && now - drawn_ > std::chrono::milliseconds(100)) {
    drawn_ = now;
    visible_ = true;
    std::fprintf(stderr, "\r\033[K%s", progress_line(done, steps, seconds).c_str());
    std::fflush(stderr);
  }
}

void RunWatch::erase_bar() {
  if (!visible_)
    return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  visible_ = false;
}

} // namespace overtime
