// SPDX-License-Identifier: Apache-2.0
// What a run leaves in a file: names, sizes and the arrays themselves.
#include "compiler/tools/recording.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace overtime::tools {

std::map<std::string, Tensor> recorded_arrays(const PreparedLoop &prepared, const LoopResult &result) {
  std::map<std::string, Tensor> arrays;
  for (const auto &[name, monitor] : result.vars.items())
    monitor.each([&](const std::string &part, const Tensor &array) { // events are two arrays
      arrays.emplace(part.empty() ? name : name + "." + part, array);
    });
  std::string lone = prepared.model->output_name();
  result.out.each([&](const std::string &path, const Tensor &array) {
    arrays.emplace(path.empty() ? lone : lone + "." + path, array);
  });
  return arrays;
}

void add_clock(std::map<std::string, Tensor> &arrays, const LoopOverTime &loop, std::int64_t before,
               std::int64_t steps) {
  std::int64_t k = 1; // steps for a row of the monitors
  if (auto t0 = loop.options().t0; t0)
    for (const auto &[name, monitor] : loop.options().out_vars.items())
      if ((k = monitor.leaf().every()) > 1) {
        Tensor t(Shape{(before + steps) / k - before / k}, f64);
        for (std::int64_t r = 0; r < t.size(); ++r)
          t.set(r, *t0 + static_cast<double>((before / k + 1 + r) * k - 1) * loop.dt());
        arrays.emplace(name + ".t", t);
      }
  if (auto t0 = loop.options().t0; t0 && !arrays.contains("t")) {
    Tensor t(Shape{steps}, f64);
    auto times = t.values<double>();
    for (std::int64_t k = 0; k < steps; ++k)
      times[static_cast<std::size_t>(k)] = *t0 + static_cast<double>(before + k) * loop.dt();
    arrays.emplace("t", t);
  }
  if (auto i0 = loop.options().i0; i0 && !arrays.contains("i")) {
    Tensor i(Shape{steps}, i64);
    auto indices = i.values<std::int64_t>();
    for (std::int64_t k = 0; k < steps; ++k)
      indices[static_cast<std::size_t>(k)] = *i0 + before + k;
    arrays.emplace("i", i);
  }
}

/// Whether a file can be made in a folder: rights alone do not tell, of a file system that is read only for instance.
static bool can_hold_files(const std::string &folder) {
  std::string name = folder + "/.overtime-XXXXXX";
  int file = mkstemp(name.data());
  if (file < 0)
    return false;
  close(file);
  unlink(name.c_str());
  return true;
}

void check_output_path(const std::string &option, const std::string &path, const std::vector<std::string> &endings) {
  if (std::ranges::none_of(endings, [&](const std::string &ending) { return path.ends_with(ending); })) {
    std::string expected;
    for (const std::string &ending : endings)
      expected += (expected.empty() ? "FILE" : " or FILE") + ending;
    throw Error(ErrorKind::File, option + " takes " + expected + ", got '" + path + "'");
  }
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::string name = folder.empty() ? "." : folder.string();
  std::error_code failed;
  if (!std::filesystem::is_directory(name, failed))
    throw Error(ErrorKind::File, option + " " + path + ": there is no folder '" + name + "'");
  if (std::filesystem::is_directory(path, failed))
    throw Error(ErrorKind::File, option + " " + path + ": this is a folder");
  if (std::filesystem::exists(path, failed) && !std::filesystem::is_regular_file(path, failed))
    throw Error(ErrorKind::File, option + " " + path + ": this is no regular file");
  if (!can_hold_files(name))
    throw Error(ErrorKind::File, option + " " + path + ": the folder '" + name + "' cannot be written to");
}

std::string summary_of(const std::map<std::string, Tensor> &arrays) {
  std::string text;
  for (const auto &[name, array] : arrays)
    text += (text.empty() ? "" : ", ") + name + " " + name_of(array.dtype()) + " " + to_string(array.shape());
  return text;
}

} // namespace overtime::tools
