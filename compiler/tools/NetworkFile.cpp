// SPDX-License-Identifier: Apache-2.0
// A network that a JSON file describes: populations of the zoo, projections, inputs, monitors.
#include "compiler/tools/network_file.h"

#include "compiler/tools/NetworkParts.h"
#include "compiler/tools/model_options.h"
#include "compiler/tools/recording.h"
#include "compiler/trace/host/nearest.h"
#include "models/inputs/currents.h"
#include "models/inputs/noise.h"
#include "models/inputs/waves.h"
#include "models/projections/gap_junction.h"
#include "models/projections/poisson_input.h"
#include "models/zoo.h"

#include "llvm/Support/MemoryBuffer.h"

namespace overtime::tools {
namespace {

/// The network of a file; its models are of the zoo.
class FileNetwork : public Network {
public:
  Model &keep(const std::string &name, std::unique_ptr<Model> model) {
    adopt(name, *model, nowhere);
    models.push_back(std::move(model));
    return *models.back();
  }

private:
  std::vector<std::unique_ptr<Model>> models;
};

class Builder {
public:
  explicit Builder(const JsonCursor &root) : root(root), network(std::make_unique<FileNetwork>()) {}

  NetworkFile build() {
    (void)root.members({"name", "dt", "t0", "real", "seed", "threads", "duration", "populations", "projections",
                        "gap_junctions", "poisson_inputs", "inputs", "monitors"});
    readRun();
    for (const auto &[name, json] : root.need("populations").members())
      addPopulation(name, json);
    if (auto projections = root.get("projections"))
      for (const JsonCursor &json : projections->items())
        addProjection(json);
    if (auto junctions = root.get("gap_junctions"))
      for (const JsonCursor &json : junctions->items())
        addGapJunction(json);
    if (auto sources = root.get("poisson_inputs"))
      for (const JsonCursor &json : sources->items())
        addPoissonInput(json);
    if (auto inputs = root.get("inputs"))
      for (const JsonCursor &json : inputs->items())
        addInput(json);
    if (auto monitors = root.get("monitors"))
      for (const JsonCursor &json : monitors->items())
        addMonitor(json);
    file.network = std::move(network);
    return std::move(file);
  }

private:
  void readRun() {
    if (auto dt = root.get("dt")) {
      file.options.dt = Duration(dt->number());
      dt->at([&] { set_dt(dt->number()); }); // delays become steps while the network is built
    }
    if (auto t0 = root.get("t0"))
      file.options.t0 = t0->number();
    if (auto real = root.get("real"))
      file.options.real = real->oneOf({"f32", "f64"}) == "f64" ? f64 : f32;
    if (auto seed = root.get("seed"))
      file.options.seed = static_cast<std::uint64_t>(seed->count(0));
    if (auto threads = root.get("threads"))
      file.options.threads = static_cast<std::int32_t>(threads->count(0));
    if (auto duration = root.get("duration")) {
      file.duration = duration->number();
      if (*file.duration < 0)
        duration->fail("expected 0 or more ms", ErrorKind::Value);
    }
  }

  void addPopulation(const std::string &name, const JsonCursor &json) {
    (void)json.members({"model", "size", "set", "init", "method"});
    JsonCursor kind = json.need("model");
    const ZooEntry &entry = kind.at([&]() -> const ZooEntry & { return find_model(kind.text()); });
    if (!entry.ends)
      kind.fail("'" + entry.name + "' is a " + entry.kind + "; populations are neurons, rates and inputs",
                ErrorKind::Usage);
    ZooArgs args;
    args.size = json.need("size").count(1);
    Model &model = json.at([&]() -> Model & { return network->keep(name, entry.make(args)); });
    if (auto method = json.get("method"))
      method->at([&] { model.method(method->text(), nowhere); });
    if (auto set = json.get("set"))
      for (const auto &[variable, value] : set->members())
        value.at([&] { variableOf(model, variable, /*state=*/false, value).set_value(tensorOf(value), nowhere); });
    if (auto init = json.get("init"))
      for (const auto &[variable, value] : init->members())
        value.at([&] { setInitial(variableOf(model, variable, /*state=*/true, value), value); });
    populations.emplace_back(name, entry.ends(model));
  }

  /// The library would say it at the reset, where nobody knows the place in the file any more.
  static void setInitial(const Monitor &state, const JsonCursor &json) {
    Init init = initOf(json);
    if (init.array() && init.array()->rank() > 0 && init.array()->shape() != state.shape())
      json.fail("expected " + to_string(state.shape()) + " numbers or one, got " + to_string(init.array()->shape()),
                ErrorKind::Shape);
    state.set_initial(init, nowhere);
  }

  static Monitor variableOf(const Model &model, const std::string &name, bool state, const JsonCursor &json) {
    std::map<std::string, Monitor> known = state ? model.states() : model.params();
    if (!state)
      known.merge(model.inputs());
    auto found = known.find(name);
    if (found != known.end())
      return found->second;
    std::vector<std::string> names;
    std::string list;
    for (const auto &[other, variable] : known) {
      names.push_back(other);
      list += (list.empty() ? "" : ", ") + other;
    }
    json.fail(std::string("there is no ") + (state ? "state" : "parameter or input") + " '" + name +
                  "'; there is: " + list + did_you_mean(name, names),
              ErrorKind::Name);
  }

  ZooEnds &population(const JsonCursor &json) {
    std::vector<std::string> names;
    for (auto &[name, ends] : populations) {
      if (name == json.text())
        return ends;
      names.push_back(name);
    }
    json.fail("there is no population '" + json.text() + "'" + did_you_mean(json.text(), names), ErrorKind::Name);
  }

  void addProjection(const JsonCursor &json) {
    (void)json.members({"name", "from", "to", "connect", "weight", "delay", "plasticity", "synapse", "learning",
                        "output", "at_sources", "seed"});
    JsonCursor from = json.need("from"), to = json.need("to");
    ZooEnds &pre = population(from), &post = population(to);
    if (!pre.source)
      from.fail("'" + from.text() + "' has no spikes to send", ErrorKind::Usage);
    Target target = targetOf(to, post);
    ProjectionParts parts;
    parts.connect = connectivityOf(json.need("connect"));
    if (auto weight = json.get("weight"))
      parts.weight = initOf(*weight);
    if (auto delay = json.get("delay"))
      parts.delay = delay->isNumber() ? Delay(delay->number() * ms) : Delay(tensorOf(*delay));
    if (auto part = json.get("plasticity"))
      parts.plasticity = plasticityOf(*part);
    if (auto part = json.get("synapse"))
      parts.synapse = synapseOf(*part);
    if (auto part = json.get("learning"))
      parts.learning = learningOf(*part);
    if (auto part = json.get("output"))
      parts.output = outputOf(*part);
    if (auto at = json.get("at_sources"))
      parts.at_sources = at->flag();
    parts.seed = seedOf(json);
    json.at([&] {
      network->add(nameOf(json, from.text() + "_" + to.text()),
                   Projection(Source{pre.source->sent.same(), pre.source->n, pre.source->spikes}, std::move(target),
                              parts, nowhere),
                   nowhere);
    });
  }

  static std::string nameOf(const JsonCursor &json, const std::string &otherwise) {
    auto name = json.get("name");
    return name ? name->text() : otherwise;
  }

  std::uint64_t seedOf(const JsonCursor &json) {
    auto seed = json.get("seed");
    return seed ? static_cast<std::uint64_t>(seed->count(0)) : drawn++;
  }

  static Target targetOf(const JsonCursor &json, const ZooEnds &ends) {
    if (!ends.target)
      json.fail("'" + json.text() + "' has no input and potential to receive at", ErrorKind::Usage);
    Target target{ends.target->I.same(), ends.target->V.same(), ends.target->n};
    if (ends.target->spike)
      target.spike.emplace(ends.target->spike->same());
    return target;
  }

  void addGapJunction(const JsonCursor &json) {
    (void)json.members({"name", "from", "to", "connect", "weight", "seed"});
    JsonCursor from = json.need("from"), to = json.need("to");
    ZooEnds &pre = population(from);
    if (!pre.target)
      from.fail("'" + from.text() + "' has no potential: a gap junction joins two populations that have one",
                ErrorKind::Usage);
    Target target = targetOf(to, population(to));
    GapJunctionParts parts;
    parts.connect = connectivityOf(json.need("connect"));
    if (auto weight = json.get("weight"))
      parts.weight = initOf(*weight);
    parts.seed = seedOf(json);
    json.at([&] {
      network->add(nameOf(json, from.text() + "_" + to.text() + "_gap"),
                   GapJunction(pre.target->V.same(), pre.target->n, std::move(target.V), target.n, std::move(target.I),
                               parts, nowhere),
                   nowhere);
    });
  }

  void addPoissonInput(const JsonCursor &json) {
    (void)json.members({"name", "to", "rate", "weight", "synapse", "output"});
    JsonCursor to = json.need("to");
    Target target = targetOf(to, population(to));
    PoissonInputParts parts;
    parts.rate = initOf(json.need("rate"));
    if (auto weight = json.get("weight"))
      parts.weight = initOf(*weight);
    if (auto part = json.get("synapse"))
      parts.synapse = synapseOf(*part);
    if (auto part = json.get("output"))
      parts.output = outputOf(*part);
    json.at([&] {
      network->add(nameOf(json, to.text() + "_poisson"), PoissonInput(std::move(target), parts, nowhere), nowhere);
    });
  }

  /// Arrays of inputs have a row for every step of the run, which is as long as the file says.
  Tensor rowsOf(const JsonCursor &json) {
    if (!json.isObject())
      return tensorOf(json);
    (void)json.members(
        {"kind", "amplitude", "frequency", "mean", "sigma", "tau", "from", "to", "t_start", "t_end", "seed", "bias"});
    if (!file.duration)
      json.fail("an input that changes with time needs the 'duration' of the file", ErrorKind::Usage);
    auto number = [&](const char *name) { return json.need(name).number(); };
    auto otherwise = [&](const char *name, double value) { return json.get(name) ? json.need(name).number() : value; };
    Window window{otherwise("t_start", 0.0), {}};
    if (auto end = json.get("t_end"))
      window.t_end = Duration(end->number());
    InputOptions input{.dt = file.options.dt, .real = file.options.real};
    Duration duration = *file.duration;
    std::string kind = json.need("kind").oneOf({"ramp", "sinusoid", "square", "ou", "wiener"});
    WaveOptions wave{.window = window, .bias = json.get("bias") && json.need("bias").flag(), .input = input};
    NoiseOptions noise{
        .n = {}, .window = window, .seed = static_cast<std::uint64_t>(otherwise("seed", 0)), .input = input};
    if (kind == "ramp")
      return ramp_input(number("from"), number("to"), duration, window, input, nowhere);
    if (kind == "sinusoid")
      return sinusoidal_input(number("amplitude"), number("frequency"), duration, wave, nowhere);
    if (kind == "square")
      return square_input(number("amplitude"), number("frequency"), duration, wave, nowhere);
    if (kind == "ou")
      return ou_process(number("mean"), number("sigma"), number("tau"), duration, noise, nowhere);
    return wiener_process(duration, noise, nowhere);
  }

  void addInput(const JsonCursor &json) {
    (void)json.members({"to", "value", "rows", "operation"});
    char operation = json.get("operation") ? json.need("operation").oneOf({"+", "-", "*", "/", "="}).front() : '+';
    JsonCursor to = json.need("to");
    std::map<std::string, Monitor> known = network->inputs();
    known.merge(network->states());
    if (!known.contains(to.text())) {
      std::vector<std::string> names;
      for (const auto &[name, variable] : known)
        names.push_back(name);
      to.fail("there is no input or state '" + to.text() + "'" + did_you_mean(to.text(), names), ErrorKind::Name);
    }
    auto value = json.get("value"), rows = json.get("rows");
    if (value.has_value() == rows.has_value())
      json.fail("give one of 'value', the same in every step, and 'rows'", ErrorKind::Usage);
    if (value)
      file.options.inputs.emplace_back(to.text(), tensorOf(*value), operation);
    else
      file.options.inputs.emplace_back(to.text(), rows->at([&] { return EachStep{rowsOf(*rows)}; }), operation);
  }

  void addMonitor(const JsonCursor &json) {
    bool plain = json.isText();
    if (!plain)
      (void)json.members({"variable", "name", "neurons", "every", "reduce", "events", "file"});
    JsonCursor variable = plain ? json : json.need("variable");
    Monitor monitor = variable.at([&] { return network->var(variable.text(), nowhere); });
    std::string name = variable.text();
    if (!plain) {
      if (auto given = json.get("name"))
        name = given->text();
      json.at([&] { monitor = chosen(json, std::move(monitor)); });
    }
    if (name == "t") // under which --out has them
      json.fail("'t' holds the times of the steps; give the monitor another 'name'", ErrorKind::Name);
    file.options.monitors.emplace_back(name, std::move(monitor));
  }

  static Monitor chosen(const JsonCursor &json, Monitor monitor) {
    if (auto neurons = json.get("neurons")) {
      std::vector<std::int64_t> elements;
      Shape shape = monitor.shape();
      if (shape.empty())
        neurons->fail("the variable is one number; leave 'neurons' away", ErrorKind::Shape);
      for (const JsonCursor &item : neurons->items()) {
        elements.push_back(item.count(0));
        if (elements.back() >= shape.back())
          item.fail("there are neurons 0 to " + std::to_string(shape.back() - 1), ErrorKind::Value);
      }
      monitor = monitor.at(std::move(elements), nowhere);
    }
    auto every = json.get("every"), reduce = json.get("reduce"), events = json.get("events"), to = json.get("file");
    if (reduce && !every)
      reduce->fail("'reduce' needs 'every', the steps of a window", ErrorKind::Usage);
    if (every)
      monitor = monitor.every(
          every->count(1),
          reduce ? reductions().at(reduce->oneOf({"last", "mean", "max", "min", "sum"})) : Reduce::Last, nowhere);
    if (events && events->flag())
      monitor = monitor.events(nowhere);
    if (!to)
      return monitor;
    to->at([&] { check_output_path("a monitor", to->text(), {".npy", ".npz"}); });
    return monitor.file(to->text(), nowhere);
  }

  const JsonCursor &root;
  std::unique_ptr<FileNetwork> network;
  std::vector<std::pair<std::string, ZooEnds>> populations;
  std::uint64_t drawn = 0; // seeds that projections took
  NetworkFile file;
};

} // namespace

NetworkFile read_network(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    throw Error(ErrorKind::File, path + ": cannot be read: " + buffer.getError().message());
  auto value = llvm::json::parse((*buffer)->getBuffer());
  if (!value)
    throw Error(ErrorKind::File, path + ": " + llvm::toString(value.takeError()));
  JsonCursor root(path, *value);
  return Builder(root).build();
}

} // namespace overtime::tools
