// SPDX-License-Identifier: Apache-2.0
// overtime: runs, describes, plots and compiles the models of the zoo. This file: commands, errors, exit codes.
#include "compiler/tools/command.h"

#include "compiler/overtime.h"
#include "compiler/trace/host/nearest.h"
#include "runtime/abi.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

namespace overtime::tools {
namespace {

int complain(const std::string &message, int code) {
  std::fflush(stdout); // what was printed before comes first
  std::fprintf(stderr, "overtime: %s\n", message.c_str());
  return code;
}

std::string see_help(const std::vector<Command> &commands, const CLI::App &app) {
  for (const Command &command : commands)
    if (command.parser->parsed())
      return "\n`overtime " + command.parser->get_name() + " --help` has the options and examples";
  return "\n`" + app.get_name() + " --help` lists the commands";
}

/// The message of the parser, or for an option that does not exist one with the nearest that does.
std::string explain(const CLI::ParseError &error, const std::vector<Command> &commands) {
  for (const Command &command : commands) {
    if (!command.parser->parsed())
      continue;
    std::vector<std::string> known;
    for (const CLI::Option *option : command.parser->get_options())
      for (const std::string &name : option->get_lnames())
        known.push_back("--" + name);
    std::vector<std::string> left = command.parser->remaining();
    for (const std::string &text : left)
      if (text.size() > 1 && text[0] == '-') {
        std::string option = text.substr(0, text.find('='));
        return "'" + command.parser->get_name() + "' has no option '" + option + "'" + did_you_mean(option, known);
      }
    if (!left.empty() && dynamic_cast<const CLI::ExtrasError *>(&error))
      return "'" + command.parser->get_name() + "' has no use for the argument '" + left.front() + "'";
  }
  return error.what();
}

/// The parser would only say that a command is missing.
void check_command(const std::vector<Command> &commands, int argc, char **argv) {
  if (argc < 2 || argv[1][0] == '-')
    return;
  std::vector<std::string> names;
  for (const Command &command : commands)
    names.push_back(command.parser->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    std::string list;
    for (const std::string &name : names)
      list += (list.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::Name, "there is no command '" + std::string(argv[1]) + "'; the commands are: " + list +
                                     did_you_mean(argv[1], names));
  }
}

int run_tool(int argc, char **argv) {
  CLI::App app("Neural dynamical systems as native code: run, describe, plot and compile the models of the zoo.",
               "overtime");
  app.set_version_flag("--version", "overtime " OVERTIME_VERSION ", ABI " + std::to_string(OVERTIME_ABI_VERSION));
  app.require_subcommand(1);
  app.footer("Examples:\n"
             "  overtime list\n"
             "  overtime run HH --duration 100 --monitor V --out hh.npz\n"
             "  overtime plot hh.npz -o hh.svg\n"
             "`overtime COMMAND --help` has the options and examples of a command.");
  std::vector<Command> commands = {add_demo(app), add_run(app),  add_list(app),
                                   add_info(app), add_plot(app), add_compile(app)};
  check_command(commands, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0) // --help, --version
      return app.exit(error);
    return complain("error: " + explain(error, commands) + see_help(commands, app), exit_user_error);
  }
  for (const Command &command : commands)
    if (command.parser->parsed())
      return command.action();
  return exit_failure;
}

} // namespace
} // namespace overtime::tools

int main(int argc, char **argv) {
  using namespace overtime::tools;
  int code = exit_failure;
  try {
    code = run_tool(argc, argv);
    bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0; // a long text may have failed before the flush
    if (!written && code == exit_done)
      code = complain("error: cannot write to the standard output", exit_failure);
  } catch (const overtime::Error &error) {
    code = complain(error.what(), error.kind() == overtime::ErrorKind::Compile ? exit_failure : exit_user_error);
  } catch (const std::bad_alloc &) {
    code = complain("error: out of memory", exit_failure);
  } catch (const std::exception &error) {
    code = complain("error: " + std::string(error.what()), exit_failure);
  } catch (...) {
    code = complain("error: an exception of unknown type", exit_failure);
  }
  return code;
}
