// SPDX-License-Identifier: Apache-2.0
// What a long run says of itself: lines with its rate and the time left, on a pipe too when asked.
#include "tests/trace/helper.h"

#include <chrono>
#include <regex>
#include <sstream>
#include <thread>
#include <unistd.h>

using namespace overtime;
using namespace overtime::test;

namespace {

/// What goes to stderr while `action` runs; stderr is a pipe then.
std::string said(const std::function<void()> &action) {
  int ends[2], before = dup(STDERR_FILENO);
  REQUIRE((before >= 0 && pipe(ends) == 0));
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  action();
  dup2(before, STDERR_FILENO); // the last writer's end
  close(before);
  std::string text;
  char some[4096];
  for (ssize_t got; (got = read(ends[0], some, sizeof some)) > 0;)
    text.append(some, static_cast<std::size_t>(got));
  close(ends[0]);
  return text;
}

/// A run of 640 steps in ten chunks of 64, each of which takes 15 ms or more.
std::string said_by_run(ProgressBar bar, std::int64_t stop_after = 640) {
  Counter counter(3);
  DSRunner runner(counter, {.monitors = {"total"},
                            .dt = 0.5_ms,
                            .keep_outputs = false,
                            .bar = bar,
                            .progress =
                                [&](std::int64_t done, std::int64_t) {
                                  std::this_thread::sleep_for(std::chrono::milliseconds(15));
                                  return done < stop_after;
                                },
                            .cache = false});
  said([&] { runner.run(0.5); }); // compiles
  return said([&] { runner.run(320.0); });
}

} // namespace

TEST_CASE("a line of progress has the part, the rate and the time left", "[trace]") {
  CHECK(progress_line(350000, 1000000, 2.0) ==
        "[#######.............]  35 %  350,000 of 1,000,000 steps, 175.0 k steps/s, 4 s left");
  CHECK(progress_line(5000000, 1000000000, 2.0) ==
        "[....................]   0 %  5,000,000 of 1,000,000,000 steps, 2.5 M steps/s, 7 min left");
  CHECK(progress_line(25, 1000, 250.0) == "[....................]   2 %  25 of 1,000 steps, 0.1 steps/s, 2.7 h left");
  CHECK(progress_line(999, 999, 1.0) == "[####################] 100 %  999 of 999 steps, 999 steps/s, 0 s left");
  CHECK(progress_line(0, 1000, 0.0) == "[....................]   0 %  0 of 1,000 steps");
  CHECK(progress_line(0, 0, 1.0) == "[####################] 100 %  0 of 0 steps");
}

TEST_CASE("a runner that always says how far it is writes a line for each tenth to a pipe", "[trace]") {
  auto begin = std::chrono::steady_clock::now();
  std::istringstream text(said_by_run(ProgressBar::Always));
  double most = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::string line;
  REQUIRE(std::getline(text, line));
  CHECK_THAT(line, Catch::Contains("of memory: the model and the results of 640 steps (total f32 [640, 3])"));
  const std::regex pattern(R"(\[(#*)(\.*)\] +(\d+) %  (\d+) of 640 steps, ([\d.e+]+)( k| M)? steps/s, (\d+) s left)");
  int tenth = 0;
  while (std::getline(text, line)) {
    ++tenth;
    std::smatch parts;
    INFO(line);
    REQUIRE(std::regex_match(line, parts, pattern));
    CHECK((parts[1].length() == 2 * tenth && parts[2].length() == 20 - 2 * tenth));
    CHECK(std::stoi(parts[3]) == 10 * tenth);
    CHECK(std::stoi(parts[4]) == 64 * tenth);
    double rate = std::stod(parts[5]) * (parts[6] == " k"   ? 1e3
                                         : parts[6] == " M" ? 1e6
                                                            : 1.0),
           left = (640 - 64 * tenth) / rate;
    if (tenth > 1) // the first chunk is told before it slept
      CHECK(rate < 1.05 * 64 * tenth / (0.015 * (tenth - 1)));
    CHECK(rate > 0.95 * 64 * tenth / most);
    CHECK(std::abs(std::stod(parts[7]) - left) < 0.55);
  }
  CHECK(tenth == 10);
  CHECK(said_by_run(ProgressBar::Terminal).empty()); // this is none
  CHECK(said_by_run(ProgressBar::Never).empty());
}

TEST_CASE("a run that is stopped says nothing of the rest", "[trace]") {
  std::string text = said_by_run(ProgressBar::Always, 256);
  CHECK_THAT(text, Catch::Contains(" 40 %  256 of 640 steps") && !Catch::Contains("50 %"));
}
