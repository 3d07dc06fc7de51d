// SPDX-License-Identifier: Apache-2.0
// overtime plot: draws what a run recorded, numbers as lines over time and spikes as a raster.
#include "compiler/tools/command.h"

#include "compiler/overtime.h"
#include "compiler/tools/recording.h"
#include "compiler/tools/svg.h"
#include "compiler/tools/values.h"
#include "compiler/trace/nearest.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace overtime::tools {
namespace {

constexpr std::int64_t most_lines = 8; // one of each colour

struct PlotOptions {
  std::string file, variable, out;
  std::vector<std::string> neurons;
};

using Arrays = std::map<std::string, Tensor>;
using Reasons = std::map<std::string, std::string>;

/// An Error's text begins with "error: ", and so will the next one's.
std::string without_prefix(const std::string &text) { return text.starts_with("error: ") ? text.substr(7) : text; }

/// V when there is one, else the first array over time that is no clock.
std::string variable_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable) {
  if (auto found = unreadable.find(options.variable); found != unreadable.end())
    throw Error(ErrorKind::File, without_prefix(found->second));
  std::vector<std::string> known;
  std::string list;
  for (const auto &[name, array] : arrays)
    if (name != "t" && name != "i" && array.rank() > 0) {
      known.push_back(name);
      list += (list.empty() ? "" : ", ") + name;
    }
  if (known.empty())
    throw Error(ErrorKind::File, options.file + ": holds nothing to plot");
  if (options.variable.empty())
    return arrays.contains("V") ? "V" : known.front();
  auto found = arrays.find(options.variable);
  if (found == arrays.end())
    throw Error(ErrorKind::Name, options.file + ": no array '" + options.variable + "'; it holds " + list +
                                     did_you_mean(options.variable, known));
  if (found->second.rank() == 0)
    throw Error(ErrorKind::Shape,
                options.file + ": '" + options.variable + "' is one number; expected an array over time");
  return options.variable;
}

/// Times of the rows, or their numbers when the file has no fitting t.
std::vector<double> times_of(const Arrays &arrays, std::int64_t rows, std::string &label) {
  std::vector<double> times(static_cast<std::size_t>(rows));
  auto t = arrays.find("t");
  bool known = t != arrays.end() && t->second.shape() == Shape{rows};
  for (std::int64_t k = 0; k < rows; ++k)
    times[static_cast<std::size_t>(k)] = known ? t->second[k] : static_cast<double>(k);
  label = known ? "t [ms]" : "step";
  return times;
}

/// The elements of a row to draw: those asked for, else all of a raster and the first few of lines.
std::vector<std::int64_t> columns_of(const PlotOptions &options, const std::string &name, const Tensor &array,
                                     std::int64_t columns) {
  std::vector<std::int64_t> chosen;
  for (const std::string &text : split_list("--neurons", options.neurons)) {
    chosen.push_back(parse_count("--neurons", text));
    if (chosen.back() < 0 || chosen.back() >= columns)
      throw Error(ErrorKind::Value, "--neurons " + text + ": '" + name + "' has shape " + to_string(array.shape()) +
                                        "; expected 0 to " + std::to_string(columns - 1));
  }
  if (chosen.empty())
    for (std::int64_t k = 0; k < columns && (array.dtype() == DType::Bool || k < most_lines); ++k)
      chosen.push_back(k);
  return chosen;
}

/// "V[3]"; a batch counts as an axis: "V[2,3]".
std::string label_of(const std::string &name, const Shape &shape, std::int64_t column) {
  std::string place;
  for (std::size_t d = shape.size(); d-- > 1; column /= shape[d])
    place = std::to_string(column % shape[d]) + (place.empty() ? "" : ",") + place;
  return place.empty() ? name : name + "[" + place + "]";
}

Plot plot_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable) {
  std::string name = variable_of(options, arrays, unreadable);
  const Tensor &array = arrays.at(name);
  std::int64_t rows = array.shape()[0], columns = rows > 0 ? array.size() / rows : 0;
  if (array.size() == 0)
    throw Error(ErrorKind::Shape,
                options.file + ": '" + name + "' has shape " + to_string(array.shape()) + ": nothing to plot");
  Plot plot;
  plot.title = std::filesystem::path(options.file).filename().string();
  std::vector<double> times = times_of(arrays, rows, plot.x_label);
  std::vector<std::int64_t> chosen = columns_of(options, name, array, columns);
  if (array.dtype() == DType::Bool) {
    plot.title += ": " + name;
    plot.y_label = "neuron";
    plot.x_range = {times.front(), times.back()};
    plot.rows = options.neurons.empty() ? static_cast<double>(columns)
                                        : static_cast<double>(*std::max_element(chosen.begin(), chosen.end()) + 1);
    for (std::int64_t k = 0; k < rows; ++k)
      for (std::int64_t column : chosen)
        if (array[k * columns + column] != 0)
          plot.events.emplace_back(times[static_cast<std::size_t>(k)], static_cast<double>(column));
    return plot;
  }
  plot.y_label = name;
  for (std::int64_t column : chosen) {
    Line line{label_of(name, array.shape(), column), times, {}};
    for (std::int64_t k = 0; k < rows; ++k)
      line.y.push_back(array[k * columns + column]);
    plot.lines.push_back(thinned(line)); // here, so that the full line is gone before the next
  }
  if (columns > static_cast<std::int64_t>(chosen.size()) && options.neurons.empty())
    plot.title += ": the first " + std::to_string(chosen.size()) + " of " + std::to_string(columns);
  return plot;
}

int draw(const PlotOptions &options) {
  if (!is_tensor_file(options.file))
    throw Error(ErrorKind::File, "plot reads FILE.npz or FILE.safetensors, got '" + options.file + "'");
  check_output_path("-o", options.out, {".svg"});
  Reasons unreadable;
  Arrays arrays = load_tensors(options.file, &unreadable);
  std::string text = svg_of(plot_of(options, arrays, unreadable));
  std::ofstream out(options.out, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out)
    throw Error(ErrorKind::File, "cannot write '" + options.out + "'");
  std::printf("wrote %s\n", options.out.c_str());
  return exit_done;
}

} // namespace

Command add_plot(CLI::App &app) {
  CLI::App *parser = app.add_subcommand("plot", "Draw an array of a file over time, as SVG");
  auto options = std::make_shared<PlotOptions>();
  parser->add_option("FILE", options->file, "What `overtime run` wrote, or any .npz or .safetensors of arrays [T, ...]")
      ->required();
  parser->add_option("--var", options->variable, "The array [V, else the first]")->type_name("NAME");
  parser->add_option("--neurons", options->neurons, "Elements of a row, such as 0,5 [lines: the first 8, raster: all]")
      ->type_name("K,...")
      ->allow_extra_args(false);
  parser->add_option("-o,--out", options->out, "Where to write")->required()->type_name("FILE.svg");
  parser->footer(
      "Numbers become lines, of at most 2000 points each that keep every peak; a bool array becomes a raster.\n\n"
      "Examples:\n"
      "  overtime plot hh.npz -o v.svg\n"
      "  overtime plot hh.npz --var m --neurons 0,3 -o m.svg\n"
      "  overtime plot lif.npz --var spike -o raster.svg");
  return {parser, [options] { return draw(*options); }};
}

} // namespace overtime::tools
