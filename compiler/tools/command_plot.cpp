// SPDX-License-Identifier: Apache-2.0
// overtime plot: draws what a run recorded, numbers as lines over time and spikes as a raster.
#include "compiler/tools/command.h"

#include "compiler/overtime.h"
#include "compiler/tools/plot_events.h"
#include "compiler/tools/recording.h"
#include "compiler/tools/svg.h"
#include "compiler/tools/values.h"
#include "compiler/trace/host/nearest.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace overtime::tools {
namespace {

constexpr std::int64_t most_lines = 8; // one of each colour

struct PlotOptions {
  std::string file, x, out;
  std::vector<std::string> variables, neurons;
  std::optional<double> rate; // width of the window
  std::optional<std::int64_t> size;
};

using Arrays = std::map<std::string, Tensor>;
using Reasons = std::map<std::string, std::string>;

/// An Error's text begins with "error: ", and so will the next one's.
std::string without_prefix(const std::string &text) { return text.starts_with("error: ") ? text.substr(7) : text; }

/// The array of this name, which has rows.
const Tensor &array_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable,
                       const std::string &name) {
  if (auto why = unreadable.find(name); why != unreadable.end())
    throw Error(ErrorKind::File, without_prefix(why->second));
  auto found = arrays.find(name);
  if (found == arrays.end()) {
    std::vector<std::string> known;
    std::string list;
    for (const auto &[other, array] : arrays) {
      known.push_back(other);
      list += (list.empty() ? "" : ", ") + other;
    }
    throw Error(ErrorKind::Name,
                options.file + ": no array '" + name + "'; it holds " + list + did_you_mean(name, known));
  }
  if (found->second.rank() == 0)
    throw Error(ErrorKind::Shape, options.file + ": '" + name + "' is one number; expected an array over time");
  if (found->second.size() == 0)
    throw Error(ErrorKind::Shape,
                options.file + ": '" + name + "' has shape " + to_string(found->second.shape()) + ": nothing to plot");
  return found->second;
}

/// Those asked for, else V when there is one, else the first array over time that is no clock.
std::vector<std::string> variables_of(const PlotOptions &options, const Arrays &arrays) {
  if (!options.variables.empty())
    return split_list("--var", options.variables);
  if (arrays.contains("V"))
    return {"V"};
  if (events_named(arrays, ""))
    return {""};
  for (const auto &[name, array] : arrays) {
    std::string base = name.substr(0, name.find_last_of('.'));
    if (base != name && events_named(arrays, base))
      return {base};
    bool clock = name == "t" || name == "i" || (base != name && name == base + ".t" && arrays.contains(base));
    if (!clock && array.rank() > 0)
      return {name};
  }
  throw Error(ErrorKind::File, options.file + ": holds nothing to plot");
}

/// What --x names, else the times of the rows, or their numbers when the file has no fitting NAME.t or t.
std::vector<double> x_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable,
                         const std::string &name, std::int64_t rows, std::string &label) {
  auto t = arrays.find(name + ".t");
  if (t == arrays.end())
    t = arrays.find("t");
  const Tensor *known = t != arrays.end() && t->second.shape() == Shape{rows} ? &t->second : nullptr;
  label = known ? "t [ms]" : "step";
  if (!options.x.empty()) {
    known = &array_of(options, arrays, unreadable, options.x);
    label = options.x;
    if (known->shape() != Shape{rows})
      throw Error(ErrorKind::Shape, options.file + ": --x '" + options.x + "' has shape " + to_string(known->shape()) +
                                        "; expected " + to_string({rows}) + ", a number for each row");
  }
  std::vector<double> x(static_cast<std::size_t>(rows));
  for (std::int64_t k = 0; k < rows; ++k)
    x[static_cast<std::size_t>(k)] = known ? (*known)[k] : static_cast<double>(k);
  return x;
}

/// The elements of a row to draw: those asked for, else all of a raster and the first `most` of lines.
std::vector<std::int64_t> columns_of(const PlotOptions &options, const std::string &name, const Tensor &array,
                                     std::int64_t most) {
  std::int64_t columns = array.size() / array.shape()[0];
  std::vector<std::int64_t> chosen;
  for (const std::string &text : split_list("--neurons", options.neurons)) {
    chosen.push_back(parse_count("--neurons", text));
    if (chosen.back() < 0 || chosen.back() >= columns)
      throw Error(ErrorKind::Value, "--neurons " + text + ": '" + name + "' has shape " + to_string(array.shape()) +
                                        "; expected 0 to " + std::to_string(columns - 1));
  }
  if (chosen.empty())
    for (std::int64_t k = 0; k < columns && k < most; ++k)
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

void add_raster(Plot &plot, const PlotOptions &options, const std::string &name, Events events) {
  std::vector<double> chosen;
  for (const std::string &text : split_list("--neurons", options.neurons)) {
    chosen.push_back(static_cast<double>(parse_count("--neurons", text)));
    if (chosen.back() < 0 || chosen.back() >= events.neurons)
      throw Error(ErrorKind::Value, "--neurons " + text + ": expected 0 to " +
                                        std::to_string(static_cast<std::int64_t>(events.neurons) - 1));
  }
  if (!chosen.empty())
    std::erase_if(events.pairs,
                  [&](const auto &pair) { return std::ranges::find(chosen, pair.second) == chosen.end(); });
  plot.title += name.empty() ? "" : ": " + name;
  plot.y_label = "neuron";
  plot.x_range = events.range;
  plot.rows = chosen.empty() ? events.neurons : *std::ranges::max_element(chosen) + 1;
  plot.events = std::move(events.pairs);
}

/// Spikes of that name, as a raster or as pairs; none for an array of numbers.
std::optional<Events> spikes_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable,
                                const std::string &name, std::string &x_label) {
  if (auto prefix = events_named(arrays, name)) {
    x_label = "t [ms]";
    return events_of(arrays.at(*prefix + "i"), arrays.at(*prefix + "t"), options.size);
  }
  const Tensor &array = array_of(options, arrays, unreadable, name);
  if (array.dtype() != DType::Bool)
    return std::nullopt;
  return events_of(array, x_of(options, arrays, unreadable, name, array.shape()[0], x_label));
}

/// The rates of populations: one line for each name.
Plot rates_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable,
              const std::vector<std::string> &names) {
  if (!(*options.rate > 0))
    throw Error(ErrorKind::Value, "--rate takes the width of a window in ms, above 0");
  if (!options.neurons.empty())
    throw Error(ErrorKind::Usage, "--rate is of all neurons, so leave --neurons away");
  Plot plot;
  plot.title = std::filesystem::path(options.file).filename().string();
  plot.y_label = "rate [Hz]";
  for (const std::string &name : names) {
    auto spikes = spikes_of(options, arrays, unreadable, name, plot.x_label);
    if (!spikes)
      throw Error(ErrorKind::DType, "--rate counts spikes, and '" + name + "' is an array of numbers");
    plot.lines.push_back(rate_of(*spikes, *options.rate, name.empty() ? "rate" : name));
  }
  return plot;
}

void add_lines(Plot &plot, const PlotOptions &options, const std::string &name, const Tensor &array,
               const std::vector<double> &x, std::int64_t most) {
  std::int64_t rows = array.shape()[0], columns = array.size() / rows;
  std::vector<std::int64_t> chosen = columns_of(options, name, array, most);
  plot.y_label += (plot.y_label.empty() ? "" : ", ") + name;
  for (std::int64_t column : chosen) {
    Line line{label_of(name, array.shape(), column), x, {}};
    for (std::int64_t k = 0; k < rows; ++k)
      line.y.push_back(array[k * columns + column]);
    plot.lines.push_back(thinned(line)); // here, so that the full line is gone before the next
  }
  if (columns > static_cast<std::int64_t>(chosen.size()) && options.neurons.empty())
    plot.title += ": the first " + std::to_string(chosen.size()) + " of " + std::to_string(columns);
}

Plot plot_of(const PlotOptions &options, const Arrays &arrays, const Reasons &unreadable) {
  std::vector<std::string> names = variables_of(options, arrays);
  if (options.rate)
    return rates_of(options, arrays, unreadable, names);
  Plot plot;
  plot.title = std::filesystem::path(options.file).filename().string();
  for (const std::string &name : names)
    if (auto spikes = spikes_of(options, arrays, unreadable, name, plot.x_label)) {
      if (names.size() > 1)
        throw Error(ErrorKind::Usage,
                    "'" + name + "' is a raster, which has a plot of its own; name it alone in --var");
      add_raster(plot, options, name, std::move(*spikes));
      return plot;
    }
  std::int64_t rows = array_of(options, arrays, unreadable, names.front()).shape()[0];
  std::vector<double> x = x_of(options, arrays, unreadable, names.front(), rows, plot.x_label);
  for (const std::string &name : names) {
    const Tensor &array = array_of(options, arrays, unreadable, name);
    if (array.shape()[0] != rows)
      throw Error(ErrorKind::Shape, options.file + ": '" + names.front() + "' and '" + name + "' have " +
                                        std::to_string(rows) + " and " + std::to_string(array.shape()[0]) +
                                        " rows; one plot takes arrays of the same length");
    add_lines(plot, options, name, array, x, std::max<std::int64_t>(1, most_lines / std::ssize(names)));
  }
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
  parser->add_option("--var", options->variables, "One array, or several of numbers [V, else the first]")
      ->type_name("NAME,...")
      ->allow_extra_args(false);
  parser->add_option("--x", options->x, "The array of the x axis, a number for each row [t, else the step]")
      ->type_name("NAME");
  parser->add_option("--neurons", options->neurons, "Elements of a row, such as 0,5 [lines: the first 8, raster: all]")
      ->type_name("K,...")
      ->allow_extra_args(false);
  parser->add_option("--rate", options->rate, "Rate of the population, in a window of this width, instead of a raster")
      ->type_name("MS");
  parser->add_option("--size", options->size, "Neurons there are, for spikes as pairs [the largest that fired]")
      ->type_name("N");
  parser->add_option("-o,--out", options->out, "Where to write")->required()->type_name("FILE.svg");
  parser->footer("Numbers become lines, of at most 2000 points each that keep every peak; a bool array, and\n"
                 "pairs NAME.i and NAME.t, become a raster, or with --rate the rate of the population.\n\n"
                 "Examples:\n"
                 "  overtime plot hh.npz -o v.svg\n"
                 "  overtime plot hh.npz --var m --neurons 0,3 -o m.svg\n"
                 "  overtime plot lif.npz --var spike -o raster.svg\n"
                 "  overtime plot lif.npz --var spike --rate 5 -o rate.svg\n"
                 "  overtime plot training.npz --x epoch --var loss,validation -o curve.svg");
  return {parser, [options] { return draw(*options); }};
}

} // namespace overtime::tools
