// SPDX-License-Identifier: Apache-2.0
// Runs a model compiled and interpreted from the same start and compares all states and outputs.
#include "tests/models/models_test.h"

#include "compiler/trace/loops/reference_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace overtime::test {
namespace {

constexpr std::int64_t width = 4;

std::unique_ptr<Model> build(const ModelRun &run) {
  std::unique_ptr<Model> model = make_model(run.model, {.size = run.size, .n_in = width, .scalars = run.scalars});
  model->method(run.method);
  if (run.batch)
    model->reset_state(*run.batch, /*seed=*/7);
  else
    model->reset_state({}, 7);
  // Integrate-and-fire models of the zoo start at V = 0; below it they have an upstroke to follow.
  auto states = model->states(), params = model->params();
  if (states.contains("V") && params.contains("V_rest"))
    states.at("V").set_value(Tensor(params.at("V_rest").value()[0], f64));
  return model;
}

/// Inputs strong enough that the neurons fire within the run.
Tensor data_for(const ModelRun &run) {
  std::string kind = find_model(run.model).kind;
  bool layer = kind == "layer";
  Shape shape{run.steps, layer ? width : run.size};
  if (run.batch)
    shape.insert(shape.begin() + 1, *run.batch);
  std::map<std::string, std::pair<double, double>> currents = {
      {"FHN", {0, 2}}, {"GIF", {0, 20}}, {"HindmarshRose", {0, 4}}, {"Izhikevich", {0, 60}}, {"MorrisLecar", {0, 400}}};
  auto [low, high] = layer                               ? std::pair(-1.0, 1.0)
                     : currents.contains(run.model)      ? currents.at(run.model)
                     : kind == "rate" || kind == "input" ? std::pair(0.0, 1.0)
                                                         : std::pair(0.0, 200.0);
  return Tensor::uniform(shape, low, high, 3, run.real);
}

std::string difference(const std::string &what, const Tensor &compiled, const Tensor &interpreted, double relative) {
  bool flags = compiled.dtype() == DType::Bool;
  if (compiled.shape() != interpreted.shape() || flags != (interpreted.dtype() == DType::Bool))
    return what + ": compiled " + compiled.str(0) + ", interpreted " + interpreted.str(0);
  double largest = 0.0;
  for (std::int64_t k = 0; k < interpreted.size(); ++k)
    largest = std::max(largest, std::abs(interpreted[k]));
  double allowed = compiled.dtype() == DType::Bool ? 0.0 : relative * largest;
  for (std::int64_t k = 0; k < compiled.size(); ++k)
    if (!(std::abs(compiled[k] - interpreted[k]) <= allowed) && compiled[k] != interpreted[k]) {
      char text[160];
      std::snprintf(text, sizeof text, ": number %lld: compiled %.17g, interpreted %.17g, allowed %.3g",
                    static_cast<long long>(k), compiled[k], interpreted[k], allowed);
      return what + text;
    }
  return "";
}

} // namespace

std::string compare_with_interpreter(const ModelRun &run, double relative) {
  std::unique_ptr<Model> compiled = build(run), interpreted = build(run);
  auto options = [&](Model &model) {
    std::vector<Tree<Monitor>::Named> monitors;
    for (const auto &[path, state] : model.states())
      monitors.emplace_back(path, state);
    LoopOptions options{.dt = run.dt, .shared_arg = run.shared, .real = run.real, .seed = 11, .cache = false};
    if (!monitors.empty())
      options.out_vars = Tree<Monitor>::map(monitors);
    return options;
  };
  LoopOverTime over_compiled(*compiled, options(*compiled)), over_interpreted(*interpreted, options(*interpreted));
  Tensor data = data_for(run);
  LoopResult a = over_compiled(data), b = run_reference(over_interpreted, data);
  if (over_compiled.i0() != over_interpreted.i0())
    return "i0 differs";
  std::string found = difference("output", a.out.leaf(), b.out.leaf(), relative);
  for (const auto &[path, state] : compiled->states())
    if (found.empty())
      found = difference(path, a.vars[path].leaf(), b.vars[path].leaf(), relative);
  for (const auto &[path, state] : compiled->states())
    if (found.empty())
      found = difference("final " + path, state.value(), interpreted->var(path).value(), relative);
  return found;
}

} // namespace overtime::test
