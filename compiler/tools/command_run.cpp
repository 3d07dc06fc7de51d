// SPDX-License-Identifier: Apache-2.0
// overtime run: simulates a model of the zoo and writes what it recorded.
#include "compiler/tools/command.h"

#include "compiler/tools/model_options.h"
#include "compiler/tools/recording.h"
#include "compiler/tools/run_network.h"
#include "compiler/trace/host/host_memory.h"
#include "compiler/trace/host/memory_need.h"
#include "compiler/trace/host/progress.h"

#include <algorithm>
#include <cstdio>

namespace overtime::tools {
namespace {

struct RunOptions {
  ModelOptions model;
  std::optional<double> duration;
  std::string steps, input, out, save, device;
  bool no_output = false, no_cache = false, quiet = false, out_given = false, save_given = false;
};

void say(const RunOptions &options, const std::string &text) {
  if (!options.quiet)
    std::fprintf(stderr, "overtime: %s\n", text.c_str());
}

std::string time_text(double seconds) {
  const char *units[] = {"s", "ms", "us", "ns"};
  int unit = 0;
  for (; seconds < 1 && unit < 3; ++unit)
    seconds *= 1000;
  char text[48];
  std::snprintf(text, sizeof text, "%.3g %s", seconds, units[unit]);
  return text;
}

const std::vector<std::string> tensor_files = {".npz", ".safetensors"};

void check_combination(const RunOptions &options) {
  int given = options.duration.has_value() + !options.steps.empty() + !options.input.empty();
  if (given != 1)
    throw Error(ErrorKind::Usage, std::string(given == 0 ? "say how long to run" : "these exclude each other") +
                                      ": --duration MS, --steps T, or --input FILE.npz:KEY");
  bool in_memory =
      !options.model.monitor.empty() || (!options.model.events.empty() && options.model.events_file.empty());
  if (options.out.empty() && in_memory)
    throw Error(ErrorKind::Usage, "--monitor needs a file to write to; give --out FILE.npz");
  if (options.out_given)
    check_output_path("--out", options.out, tensor_files);
  if (options.save_given)
    check_output_path("--save", options.save, tensor_files);
  if (!options.model.events_file.empty())
    check_output_path("--events-file", options.model.events_file, {".npz", ".npy"});
  if (!options.out.empty() && options.no_output && !in_memory)
    throw Error(ErrorKind::Usage,
                "with --no-output and without --monitor there is nothing to write to '" + options.out + "'");
}

/// One run: its data, and how many steps that makes.
class Run {
public:
  explicit Run(const RunOptions &options)
      : options(options), reader(options.model.dtype()),
        watch(options.quiet ? ProgressBar::Never : ProgressBar::Terminal) {
    if (!options.input.empty())
      data = reader.data(options.input);
    std::optional<std::int64_t> width;
    if (data && data->rank() > 0)
      width = data->shape().back();
    LoopOptions extra;
    if (!options.device.empty())
      extra.device = Device(options.device);
    extra.keep_outputs = !options.out.empty() && !options.no_output;
    extra.cache = !options.no_cache;
    extra.progress = [this](std::int64_t done, std::int64_t steps) { return watch(done, steps); };
    prepared = prepare(options.model, width, std::move(extra), reader);
    if (std::string note = reader.conversions(); !note.empty())
      say(options, "note: " + note);
    time_axis = prepared.loop->options().data_first_axis == 'B' && prepared.model->batch() ? 1 : 0;
    count_steps();
  }

  int go() {
    auto begin = std::chrono::steady_clock::now();
    MemoryNeed need = this->need();
    compile_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    check_need(need);
    watch.arm();
    LoopResult result = data ? (*prepared.loop)(*data, nowhere) : prepared.loop->steps(steps, nowhere);
    watch.finish();
    std::int64_t done = watch.interrupted() ? watch.done() : steps;
    report_run(done);
    if (!options.out.empty()) {
      std::map<std::string, Tensor> arrays = recorded_arrays(prepared, result);
      add_clock(arrays, *prepared.loop, prepared.steps_before, done);
      save_tensors(options.out, arrays);
      if (!options.quiet)
        std::printf("wrote %s: %s\n", options.out.c_str(), summary_of(arrays).c_str());
    }
    if (!options.model.events_file.empty() && !options.quiet)
      std::printf("wrote %s: events of %s\n", options.model.events_file.c_str(), options.model.events.front().c_str());
    if (!options.save.empty()) {
      prepared.loop->save_states(options.save);
      if (!options.quiet)
        std::printf("wrote %s: states and parameters after step %lld\n", options.save.c_str(),
                    static_cast<long long>(done));
    }
    if (watch.interrupted())
      say(options, "stopped after " + std::to_string(done) + " of " + std::to_string(steps) + " steps");
    else if (watch.interrupt_seen())
      say(options, "stopped after the last step" + std::string(options.out.empty() ? "" : "; the file is complete"));
    return watch.interrupt_seen() ? exit_interrupted : exit_done;
  }

private:
  void count_steps() {
    if (!data) {
      if (prepared.is_layer)
        throw Error(ErrorKind::Usage, prepared.model_name + " is a layer and needs data; give --input FILE.npz:KEY");
      steps =
          options.duration ? steps_in(*options.duration, prepared.loop->dt()) : parse_count("--steps", options.steps);
      if (steps < 0)
        throw Error(ErrorKind::Value, "--steps takes a number that is not negative, got " + options.steps);
      return;
    }
    std::string given = "--input " + options.input + " has shape " + to_string(data->shape());
    if (data->rank() <= time_axis)
      throw Error(ErrorKind::Shape, given + " and no time axis; expected " + (time_axis ? "[B, T, ...]" : "[T, ...]"));
    check_data(given);
    steps = data->shape()[static_cast<std::size_t>(time_axis)];
  }

  /// The library's own message would name lines of the model that the user of the tool did not write.
  void check_data(const std::string &given) const {
    const Shape &shape = data->shape();
    bool batch = prepared.model->batch().has_value();
    if (prepared.is_layer && shape.size() == 3 && !batch && !prepared.model->states().empty())
      throw Error(ErrorKind::Shape, given + ", but the states of " + prepared.model_name +
                                        " have no batch axis; give --batch " +
                                        std::to_string(shape[options.model.data_first_axis == "B" ? 0 : 1]));
    std::size_t batch_axis = time_axis == 1 ? 0 : 1;
    if (batch && (shape.size() < 2 || shape[batch_axis] != *prepared.model->batch()))
      throw Error(ErrorKind::Shape, given + "; with --batch " + std::to_string(*prepared.model->batch()) +
                                        " it must be " + (time_axis == 1 ? "[B, T, ...]" : "[T, B, ...]"));
    if (prepared.is_layer && shape.size() < (batch ? 3 : 2)) {
      std::string lead = !batch ? "[T, " : time_axis == 1 ? "[B, T, " : "[T, B, ";
      throw Error(ErrorKind::Shape, given + "; " + prepared.model_name + " is a layer and takes " + lead +
                                        "K], a row of K numbers a step");
    }
    if (prepared.is_layer)
      return;
    std::size_t axes = batch ? 2 : 1; // before the neurons'
    bool one_for_all = shape.size() == axes && !batch;
    bool fits = shape.size() == axes + 1 && (shape.back() == options.model.size || shape.back() == 1);
    if (!one_for_all && !fits) {
      std::string lead = !batch ? "[T, " : time_axis == 1 ? "[B, T, " : "[T, B, ";
      throw Error(ErrorKind::Shape, given + "; " + prepared.model_name + " of --size " +
                                        std::to_string(options.model.size) + " takes " + lead +
                                        std::to_string(options.model.size) + "] or " + (batch ? lead + "1]" : "[T]"));
    }
  }

  /// Compiles as well; a later run of any length uses the same program.
  MemoryNeed need() {
    return data ? prepared.loop->memory_need(*data, nowhere) : prepared.loop->memory_need(steps, nowhere);
  }

  void check_need(const MemoryNeed &need) {
    double bytes = need.results;
    if (!options.out.empty()) // t and i
      bytes += 16.0 * static_cast<double>(steps);
    if (data && time_axis == 1) // is put in order of time
      bytes += static_cast<double>(data->bytes());
    bytes += prepared.bytes + need.workspace;
    std::string what = "the model and the results of " + std::to_string(steps) + " steps";
    std::string warning = check_memory(bytes, what + (need.results_text.empty() ? "" : " (" + need.results_text + ")"),
                                       "run fewer steps, monitor less, or leave the output away with --no-output");
    if (!warning.empty())
      say(options, "warning: " + warning);
    memory = bytes;
  }

  void report_run(std::int64_t done) {
    if (options.quiet)
      return;
    std::string line = prepared.model_name;
    if (!options.model.batch)
      line += " of " + std::to_string(options.model.size);
    else
      line += " of " + std::to_string(*options.model.batch) + " x " + std::to_string(options.model.size);
    if (data)
      line += ", data " + to_string(data->shape());
    line += ", " + options.model.real + ": " + std::to_string(done) + " steps in " + time_text(watch.seconds());
    if (done > 0)
      line += " (" + time_text(watch.seconds() / static_cast<double>(done)) + " per step)";
    std::printf("%s, ready after %s, %s of memory\n", line.c_str(), time_text(compile_seconds).c_str(),
                readable_bytes(memory).c_str());
  }

  const RunOptions &options;
  ValueReader reader;
  RunWatch watch;
  std::optional<Tensor> data;
  PreparedLoop prepared;
  std::int64_t steps = 0, time_axis = 0;
  double compile_seconds = 0, memory = 0;
};

/// Everything but what a file cannot say.
int run_file(const RunOptions &options, const CLI::App &parser) {
  const std::vector<std::string> taken = {"--duration", "--out", "--seed", "--quiet", "--no-cache"};
  for (const CLI::Option *option : parser.get_options()) {
    std::string name = option->get_lnames().empty() ? "" : "--" + option->get_lnames().front();
    if (!name.empty() && option->count() > 0 && std::ranges::find(taken, name) == taken.end())
      throw Error(ErrorKind::Usage, name + " does not go with " + options.model.model +
                                        ", which says it itself; with a network go --duration, --out, --seed, --quiet "
                                        "and --no-cache");
  }
  NetworkRunOptions network{.file = options.model.model,
                            .out = options.out,
                            .duration = options.duration,
                            .seed = {},
                            .quiet = options.quiet,
                            .no_cache = options.no_cache};
  if (parser.count("--seed") > 0)
    network.seed = options.model.seed;
  return run_network(network);
}

} // namespace

Command add_run(CLI::App &app) {
  CLI::App *parser = app.add_subcommand("run", "Simulate a model and write what it recorded to a file");
  auto options = std::make_shared<RunOptions>();
  options->model.add_to(*parser);
  parser->add_option("--every", options->model.every, "Steps for one row of a monitor [1]")
      ->check(CLI::PositiveNumber)
      ->type_name("K");
  parser->add_option("--reduce", options->model.reduce, "How those steps become a row [last]")
      ->transform(CLI::CheckedTransformer(reductions(), CLI::ignore_case))
      ->type_name("last|mean|max|min|sum");
  parser
      ->add_option("--events", options->model.events, "Variables to record as pairs of neuron and time, such as spike")
      ->type_name("NAMES")
      ->allow_extra_args(false);
  parser
      ->add_option("--events-file", options->model.events_file,
                   "Where those of one go during the run, in bounded memory")
      ->type_name("FILE.npz");
  parser->add_option("--duration", options->duration, "Run for this long, in ms, without data")->type_name("MS");
  parser->add_option("--steps", options->steps, "Run for this many steps without data")->type_name("T");
  parser->add_option("--input", options->input, "Run on data: one step for each row")->type_name("FILE.npz:KEY");
  parser->add_option("--out", options->out, "Where to write; without it nothing is recorded")->type_name("FILE.npz");
  parser->add_option("--save", options->save, "Where to write states and parameters after the run, for --load")
      ->type_name("FILE.safetensors");
  parser->add_option("--device", options->device, "cpu, cuda, or cuda:1 for the second GPU [cpu]")->type_name("NAME");
  parser->add_flag("--no-output", options->no_output, "Record the monitors only, not what the step returns");
  parser->add_flag("--no-cache", options->no_cache, "Neither look for compiled code on disk nor keep it there");
  parser->add_flag("--quiet", options->quiet, "Print errors only");
  parser->footer(
      "The file holds every monitor under its name, what the step returns as `spike` (neurons) or `out` (layers),\n"
      "the times of the steps as `t` and their indices as `i`.\n\n"
      "Examples:\n"
      "  overtime run HH --size 10 --set I=8 --duration 100 --dt 0.01 --monitor V,spike --out hh.npz\n"
      "  overtime run LIF --size 100 --set tau=@in.npz:tau --init V=@in.npz:V0 --input in.npz:I --out lif.npz\n"
      "  overtime run network.json --out network.npz\n"
      "  overtime run RNNCell --size 20 --batch 128 --load net.safetensors --input in.npz:x --out rnn.npz");
  return {parser, [options, parser] {
            options->out_given = parser->count("--out") > 0;
            options->save_given = parser->count("--save") > 0;
            if (options->model.model.ends_with(".json"))
              return run_file(*options, *parser);
            check_combination(*options);
            return Run(*options).go();
          }};
}

} // namespace overtime::tools
