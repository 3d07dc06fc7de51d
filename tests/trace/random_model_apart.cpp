// SPDX-License-Identifier: Apache-2.0
// Checks a random model in a process of its own.
#include "tests/trace/random_model.h"

#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace overtime::test {

std::string failure_apart(const Program &program) {
  int ends[2];
  if (pipe(ends) != 0)
    return failure_of(program);
  pid_t child = fork();
  if (child == 0) {
    for (int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS})
      std::signal(signal, SIG_DFL);
    alarm(120);
    std::string failure = failure_of(program);
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

} // namespace overtime::test
