// SPDX-License-Identifier: Apache-2.0
// Checks random models, each in a process of its own. OVERTIME_FUZZ_MODELS sets how many, OVERTIME_FUZZ_SEED the seed
// of the first.
#include "tests/trace/random_model.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sys/wait.h>
#include <unistd.h>

namespace overtime::test {

static std::uint64_t setting(const char *name, std::uint64_t fallback) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

std::string failure_apart(const Program &program, Check check) {
  int ends[2];
  if (pipe(ends) != 0)
    return check(program);
  pid_t child = fork();
  if (child == 0) {
    for (int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS})
      std::signal(signal, SIG_DFL);
    alarm(120);
    std::string failure = check(program);
    bool written = write(ends[1], failure.data(), failure.size()) == static_cast<ssize_t>(failure.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::string failure;
  char part[4096];
  for (ssize_t n = 0; (n = read(ends[0], part, sizeof part)) > 0;)
    failure.append(part, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return "crash: " + std::string(strsignal(WTERMSIG(status)));
  return WEXITSTATUS(status) == 0 ? failure : "crash: exit status " + std::to_string(WEXITSTATUS(status));
}

void check_random_models(std::uint64_t count, Check check) {
  std::uint64_t first = setting("OVERTIME_FUZZ_SEED", 1);
  count = setting("OVERTIME_FUZZ_MODELS", count);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (std::getenv("OVERTIME_FUZZ_MODELS") && seed != first && (seed - first) % 100 == 0)
      std::cerr << seed - first << " models\n";
    Program program = random_program(seed);
    std::string failure = failure_apart(program, check);
    if (failure.empty())
      continue;
    Program small = minimised(program, failure, check);
    FAIL_CHECK("seed " << seed << ": " << failure << "\n\nSmaller: " << failure_apart(small, check) << "\n"
                       << text_of(small));
  }
}

} // namespace overtime::test
