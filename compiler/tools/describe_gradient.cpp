// SPDX-License-Identifier: Apache-2.0
// Describes what a gradient through a model of the zoo keeps in memory, from its compiled programs and before any run.
#include "compiler/tools/description.h"

#include "compiler/overtime.h"
#include "compiler/tools/values.h"
#include "compiler/trace/detail.h"
#include "compiler/trace/host/host_memory.h"
#include "models/zoo.h"

namespace overtime::tools {
namespace {

std::int64_t positive(const std::string &option, const std::string &text) {
  std::int64_t number = parse_count(option, text);
  if (number < 1)
    throw Error(ErrorKind::Value, option + ": expected 1 or more, got '" + text + "'");
  return number;
}

Remat parse_remat(const std::string &text) {
  if (text == "none" || text == "step")
    return Remat(text == "step");
  if (text == "sqrt")
    return Remat::sqrt();
  if (text.starts_with("every="))
    return Remat::every(positive("--remat every", text.substr(6)));
  if (text.starts_with("budget="))
    return Remat::budget(positive("--remat budget", text.substr(7)));
  throw Error(ErrorKind::Usage, "--remat is none, step, sqrt, every=STEPS or budget=BYTES, got '" + text + "'");
}

/// Trainable parameters; all of a model that has none.
std::vector<Monitor> by_what(const Model &model, std::string &names) {
  auto params = model.train_vars();
  if (params.empty())
    params = model.params();
  std::vector<Monitor> all;
  for (const auto &[path, param] : params) {
    names += (names.empty() ? "" : ", ") + path;
    all.push_back(param);
  }
  return all;
}

} // namespace

Description describe_gradient(const std::string &name, const GradientQuestion &asked) {
  const ZooEntry &entry = find_model(name);
  bool layer = entry.kind == "layer";
  if (asked.n_in && !layer)
    throw Error(ErrorKind::Usage, "--n-in is for layers; " + entry.name + " is a " + entry.kind + " and takes --size");
  ZooArgs args;
  args.size = asked.size.value_or(1);
  if (layer)
    args.n_in = asked.n_in.value_or(args.size);
  std::unique_ptr<Model> model = entry.make(args);
  LoopOverTime loop(*model, {.remat = parse_remat(asked.remat)});
  loop.reset_state(asked.batch);
  std::string by;
  GradientOptions wrt{.wrt = by_what(*model, by)};
  // Spikes have derivative zero, so that of a neuron it is the membrane potential, which all of the zoo have.
  std::string of = layer ? model->output_name() : "V";
  Loss loss = each_step([&](Value out, Value target) {
    if (!layer) {
      const auto &V = model->states().at(of).slot();
      out = V->current / Quantity{1.0, V->unit};
    }
    return mean((out - target) * (out - target));
  });
  Shape row = {1};
  if (asked.batch)
    row.push_back(*asked.batch);
  row.push_back(layer ? *args.n_in : args.size);
  ValueAndGrad gradient = value_and_grad(loop, loss, wrt);
  GradientPlan plan = gradient.plan(Tensor::zeros(row), Tensor::zeros({1}), positive("--steps", asked.steps));
  return {{{"model", entry.name},
           {"gradient by", by},
           {"loss", "mean square of " + of + " at every step"},
           {"remat", asked.remat},
           {"steps", plan.steps},
           {"tape bytes a step", plan.tape_step_bytes},
           {"state bytes", plan.state_bytes},
           {"steps on the tape", plan.tape_steps},
           {"kept states", plan.kept_states},
           {"steps run again", plan.steps_again},
           {"peak bytes", plan.tape_bytes},
           {"peak", readable_bytes(static_cast<double>(plan.tape_bytes))}},
          {},
          {}};
}

} // namespace overtime::tools
