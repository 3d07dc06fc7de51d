// SPDX-License-Identifier: Apache-2.0
// The commands of the tool: each adds its options to the parser and gives what to do once they are parsed.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace overtime::tools {

enum ExitCode { exit_done = 0, exit_failure = 1, exit_user_error = 2, exit_interrupted = 130 };

struct Command {
  CLI::App *parser;
  std::function<int()> action; ///< returns the exit code; throws overtime::Error
};

Command add_demo(CLI::App &app);
Command add_run(CLI::App &app);
Command add_list(CLI::App &app);
Command add_info(CLI::App &app);
Command add_plot(CLI::App &app);
Command add_compile(CLI::App &app);

} // namespace overtime::tools
