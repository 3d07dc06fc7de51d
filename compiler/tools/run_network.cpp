// SPDX-License-Identifier: Apache-2.0
// overtime run FILE.json: runs a network that a file describes and writes what its monitors recorded.
#include "compiler/tools/run_network.h"

#include "compiler/tools/command.h"
#include "compiler/tools/network_file.h"
#include "compiler/tools/recording.h"
#include "compiler/trace/host/host_memory.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

namespace overtime::tools {
namespace {

double seconds_of(const std::function<void()> &work) {
  auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// What shows only when all is put together, such as two monitors of one name, is said with the file.
template <class Work> auto said_of(const std::string &file, const Work &work) {
  try {
    return work();
  } catch (const Error &error) {
    std::string text = error.what();
    throw Error(error.kind(), file + ": " + (text.starts_with("error: ") ? text.substr(7) : text));
  }
}

/// Whether a monitor is written, and not to --out, which would replace it.
void check_monitors(const NetworkFile &file, const NetworkRunOptions &options) {
  auto place = [](const std::string &path) { return std::filesystem::absolute(path).lexically_normal(); };
  for (const RunnerMonitor &monitor : file.options.monitors) {
    const std::string &path = monitor.what->path_of_file();
    if (path.empty() && options.out.empty())
      throw Error(ErrorKind::Usage,
                  "the monitors of " + options.file + " need a file to write to; give --out FILE.npz");
    if (!path.empty() && !options.out.empty() && place(path) == place(options.out))
      throw Error(ErrorKind::Usage, options.file + ": the monitor '" + monitor.name + "' is written to '" + path +
                                        "', and so is --out; give one another file");
  }
}

} // namespace

int run_network(const NetworkRunOptions &options) {
  NetworkFile file = read_network(options.file);
  if (options.duration)
    file.duration = options.duration;
  if (!file.duration)
    throw Error(ErrorKind::Usage, options.file + ": say how long to run: 'duration' in the file, or --duration MS");
  if (options.seed)
    file.options.seed = *options.seed;
  check_monitors(file, options);
  if (!options.out.empty())
    check_output_path("--out", options.out, {".npz", ".safetensors"});
  file.options.keep_outputs = false;
  file.options.bar = options.quiet ? ProgressBar::Never : ProgressBar::Terminal;
  file.options.cache = !options.no_cache;
  std::uint64_t seed = file.options.seed;
  auto made = said_of(options.file,
                      [&] { return std::make_unique<DSRunner>(*file.network, std::move(file.options), nowhere); });
  DSRunner &runner = *made;
  said_of(options.file, [&] { runner.reset_state({}, seed, nowhere); });
  MemoryNeed need;
  double ready =
      seconds_of([&] { need = said_of(options.file, [&] { return runner.memory_need(*file.duration, nowhere); }); });
  if (!options.quiet)
    std::printf("%s: %s of memory (%s), ready after %.3g s\n", options.file.c_str(),
                readable_bytes(need.total()).c_str(),
                need.results_text.empty() ? "no monitors" : need.results_text.c_str(), ready);
  InterruptGuard guard; // also while the file is written
  double took = seconds_of([&] { said_of(options.file, [&] { runner.run(*file.duration, nowhere); }); });
  std::int64_t steps = runner.mon.at("ts").size();
  if (!options.quiet)
    std::printf("%lld steps of %g ms in %.3g s\n", static_cast<long long>(steps), runner.loop().dt(), took);
  if (!options.out.empty()) {
    std::map<std::string, Tensor> arrays = std::move(runner.mon);
    arrays.emplace("t", arrays.at("ts"));
    arrays.erase("ts");
    save_tensors(options.out, arrays);
    if (!options.quiet)
      std::printf("wrote %s: %s\n", options.out.c_str(), summary_of(arrays).c_str());
  }
  if (runner.interrupted())
    std::fprintf(stderr, "overtime: stopped after %lld steps\n", static_cast<long long>(steps));
  else if (guard.interrupted())
    std::fprintf(stderr, "overtime: stopped after the last step; what was to be written is complete\n");
  return guard.interrupted() ? exit_interrupted : exit_done;
}

} // namespace overtime::tools
