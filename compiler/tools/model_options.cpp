// SPDX-License-Identifier: Apache-2.0
// Options that `run` and `compile` share: which model, its numbers, and how it is looped over time.
#include "compiler/tools/model_options.h"

#include "compiler/trace/host/memory_need.h"
#include "compiler/trace/host/nearest.h"
#include "models/zoo.h"

#include <CLI/CLI.hpp>

namespace overtime::tools {

static std::int64_t at_least_one(const std::string &option, const std::string &text) {
  std::int64_t count = parse_count(option, text);
  if (count < 1)
    throw Error(ErrorKind::Value, option + " takes a number of at least 1, got " + text);
  return count;
}

void ModelOptions::add_to(CLI::App &command) {
  command
      .add_option("MODEL", model, "A model of the zoo, `overtime list` shows them; or, for run, a network FILE.json")
      ->required();
  auto count = [&command](const std::string &name, auto &to, const std::string &help) {
    return command.add_option_function<std::string>(
        name, [name, &to](const std::string &text) { to = at_least_one(name, text); }, help);
  };
  count("--size", size, "Neurons of a population, outputs of a layer [1]")->type_name("N");
  count("--n-in", n_in, "Inputs of a layer [width of the data, else --size]")->type_name("K");
  command
      .add_option("--set", set,
                  "Value of a parameter or of an input such as I: a number, 1,2,3, @FILE.npz:KEY or @FILE.npy")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--init", init, "Initial value of a state, given likewise")
      ->type_name("STATE=VALUE")
      ->allow_extra_args(false);
  command.add_option("--load", load, "States, parameters and inputs of a file; --set and --init win over it")
      ->type_name("FILE.safetensors");
  command.add_option("--method", method, "Integration method [exp_euler]; `overtime info MODEL` lists them");
  command.add_option("--dt", dt, "Length of a step in ms [0.1]")->type_name("MS");
  command.add_option("--monitor", monitor, "Variables to record at every step, such as V,spike")
      ->type_name("NAMES")
      ->allow_extra_args(false);
  count("--batch", batch, "Batch size: states get a leading axis [none]")->type_name("B");
  command.add_option("--t0", t0, "Time of the first step in ms, or none: the step has no t [0]")->type_name("MS|none");
  command.add_option("--i0", i0, "Index of the first step, or none: the step has no i [0]")->type_name("I|none");
  command.add_option("--real", real, "Element type of the run [f32]")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->type_name("f32|f64");
  command.add_option("--numerics", numerics, "reproducible, or fast: exponentials within some ten ulp [reproducible]")
      ->check(CLI::IsMember({"reproducible", "fast"}))
      ->type_name("MODE");
  command
      .add_option("--matmul-precision", matmul_precision,
                  "Operands of large recurrent products on a GPU; tf32 and bf16 use tensor cores [full]")
      ->check(CLI::IsMember({"full", "tf32", "bf16"}))
      ->type_name("FORMAT");
  command
      .add_option_function<std::string>(
          "--seed", [this](const std::string &text) { seed = parse_seed("--seed", text); },
          "Seed of initial values, weights and random numbers [0]")
      ->type_name("SEED");
  command.add_option("--threads", threads, "Threads of a run [run: as many as pay; compile: 1]")->type_name("N");
  command
      .add_option("--data-first-axis", data_first_axis,
                  "T: data is [T, ...] or [T, B, ...]; B: with a batch it is [B, T, ...] [T]")
      ->check(CLI::IsMember({"T", "B"}))
      ->type_name("T|B");
  command.add_flag("--no-state", no_state, "The model keeps no state: all steps at once");
  command.add_option("--shared", shared, "Value that every layer sees during the step, such as fit=true")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

namespace {

/// States and parameters on the host, in f64, and where the run is in f32 in that type as well.
double bytes_of(const Model &model, std::optional<std::int64_t> batch, DType real) {
  double elements = 0;
  for (const auto &[path, variable] : model.vars()) {
    double count = 1;
    for (std::int64_t d : variable.shape())
      count *= static_cast<double>(d);
    elements += variable.is_state() ? count * static_cast<double>(batch.value_or(1)) : count;
  }
  return elements * (real == f32 ? 12 : 8);
}

Monitor found(const std::map<std::string, Monitor> &variables, const PreparedLoop &prepared, const std::string &name) {
  if (auto it = variables.find(name); it != variables.end())
    return it->second;
  std::vector<std::string> known;
  for (const auto &[other, variable] : variables)
    known.push_back(other);
  if (!variables.contains(prepared.model->output_name()))
    known.push_back(prepared.model->output_name());
  std::string list;
  for (const std::string &other : known)
    list += (list.empty() ? "" : ", ") + other;
  throw Error(ErrorKind::Name, prepared.model_name + " has nothing named '" + name + "' to monitor; it has: " + list +
                                   did_you_mean(name, known));
}

Tree<Monitor> monitors_of(const ModelOptions &options, const PreparedLoop &prepared, bool &output_wanted) {
  const Model &model = *prepared.model;
  std::map<std::string, Monitor> variables = model.states();
  variables.merge(model.inputs());
  variables.merge(model.params());
  std::vector<Tree<Monitor>::Named> named;
  auto twice = [&](const std::string &name) {
    return std::any_of(named.begin(), named.end(), [&](const auto &item) { return item.first == name; });
  };
  std::vector<std::string> events = split_list("--events", options.events);
  if (!options.events_file.empty() && events.size() != 1)
    throw Error(ErrorKind::Usage, "--events-file holds the events of one variable; name one with --events");
  for (const std::string &name : events) {
    Monitor monitor = found(variables, prepared, name).events(nowhere);
    if (!twice(name))
      named.emplace_back(name, options.events_file.empty() ? monitor : monitor.file(options.events_file, nowhere));
  }
  for (const std::string &name : split_list("--monitor", options.monitor)) {
    if (std::ranges::find(events, name) != events.end())
      throw Error(ErrorKind::Usage, "'" + name + "' is named by --events and by --monitor; one of them is enough");
    output_wanted |= name == model.output_name();
    if (!twice(name) && (name != model.output_name() || variables.contains(name)))
      named.emplace_back(name, found(variables, prepared, name).every(options.every, options.reduce, nowhere));
  }
  return named.empty() ? Tree<Monitor>() : Tree<Monitor>::map(std::move(named));
}

LoopOptions loop_options(const ModelOptions &options, LoopOptions loop) {
  loop.no_state = options.no_state;
  loop.t0 = options.t0 == "none" ? std::nullopt : std::optional(parse_number("--t0", options.t0));
  loop.i0 = options.i0 == "none" ? std::nullopt : std::optional(parse_count("--i0", options.i0));
  if (options.dt)
    loop.dt = Duration(*options.dt);
  for (const std::string &assignment : options.shared) {
    auto [name, text] = split_assignment("--shared", assignment);
    loop.shared_arg[name] = parse_shared(text);
  }
  loop.data_first_axis = options.data_first_axis.front();
  loop.real = options.dtype();
  loop.numerics = options.numerics == "fast" ? Numerics::Fast : Numerics::Reproducible;
  loop.matmul_precision = options.matmul_precision == "tf32"   ? MatmulPrecision::Tf32
                          : options.matmul_precision == "bf16" ? MatmulPrecision::Bf16
                                                               : MatmulPrecision::Full;
  loop.seed = options.seed;
  loop.threads = options.threads;
  return loop;
}

} // namespace

std::map<std::string, Reduce> reductions() {
  return {
      {"last", Reduce::Last}, {"mean", Reduce::Mean}, {"max", Reduce::Max}, {"min", Reduce::Min}, {"sum", Reduce::Sum}};
}

PreparedLoop prepare(const ModelOptions &options, std::optional<std::int64_t> n_in, LoopOptions extra,
                     ValueReader &reader) {
  const ZooEntry &entry = find_model(options.model);
  PreparedLoop prepared;
  prepared.model_name = entry.name;
  prepared.is_layer = entry.kind == "layer";
  if (options.n_in && !prepared.is_layer)
    throw Error(ErrorKind::Usage, "--n-in is for layers; " + entry.name + " is a " + entry.kind + " and takes --size");
  ZooArgs args;
  args.size = options.size;
  args.n_in = options.n_in ? options.n_in : n_in;
  args.scalars = scalars_of(options.set);
  if (options.dt)
    set_dt(*options.dt); // delays become steps while a model is built
  prepared.model = entry.make(args);
  Model &model = *prepared.model;
  if (!options.method.empty())
    model.method(options.method, nowhere);
  StateDict loaded;
  if (!options.load.empty())
    loaded = load_values(model, entry.name, options.load);
  set_params(model, entry.name, options.set, reader);
  LoopOptions loop = loop_options(options, std::move(extra));
  loop.out_vars = monitors_of(options, prepared, prepared.output_monitored);
  bool recorded_already = false; // as a variable of the same name, which wins
  for (const auto &[name, monitor] : loop.out_vars.items())
    recorded_already |= name == model.output_name();
  loop.keep_outputs = (loop.keep_outputs || prepared.output_monitored) && !recorded_already;
  prepared.loop = std::make_unique<LoopOverTime>(model, std::move(loop), nowhere);
  set_initial_states(model, entry.name, options.init, reader);
  prepared.bytes = bytes_of(model, options.batch, options.dtype());
  check_memory(prepared.bytes, "the states and parameters of " + entry.name, "make the model or the batch smaller");
  prepared.loop->reset_state(options.batch, options.seed, nowhere);
  if (auto steps = loaded.find(LoopOverTime::steps_key); steps != loaded.end()) {
    prepared.loop->load_state_dict({*steps}, {.warn = false}, nowhere);
    prepared.steps_before = steps->second.values<std::int64_t>()[0];
  }
  return prepared;
}

} // namespace overtime::tools
