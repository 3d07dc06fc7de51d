// SPDX-License-Identifier: Apache-2.0
// Every neuron of the zoo against BrainPy's: states step by step, spikes exactly.
#include "models/zoo.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

struct NeuronCase {
  const char *name, *model;
  std::map<std::string, double> kwargs; // what the case sets; the rest are defaults
  double dt;
  const char *method;
  std::vector<std::string> states; // columns of the case, states of the model
  double relative = 1e-9;          // f64: the oracle's (exp(z) - 1) / z loses digits near z = 0 (README.md)
  bool spikes = true;
  bool in_f32 = true;
};

const std::vector<NeuronCase> cases = {
    {"hh1_duration100", "HH", {}, 0.1, "exp_euler", {"V"}},
    {"hh1_const5", "HH", {}, 0.1, "exp_euler", {"V"}},
    {"hh8_het", "HH", {}, 0.1, "exp_euler", {"V"}},
    {"hh2_rk2", "HH", {}, 0.05, "rk2", {"V"}},
    {"lif8_default", "LIF", {}, 0.1, "exp_euler", {"V"}},
    {"lif8_ref_robust", "LIF", {{"tau_ref", 5.05}}, 0.1, "exp_euler", {"V"}},
    // At multiples of dt the rounding of t decides in f64 whether 49 or 50 steps are held; f32 runs count steps
    // (below).
    {"lif8_ref", "LIF", {{"tau_ref", 5.0}}, 0.1, "exp_euler", {"V"}, 1e-9, /*spikes=*/true, /*in_f32=*/false},
    {"dynlif5", "LIF", {}, 0.1, "exp_euler", {"V"}},
    {"leaky3", "LeakyIntegrator", {}, 0.1, "exp_euler", {"V"}, 1e-9, /*spikes=*/false},
    {"expif6", "ExpIF", {}, 0.1, "exp_euler", {"V"}},
    {"adexif6", "AdExIF", {}, 0.1, "exp_euler", {"V", "w"}},
    {"quaif6", "QuaIF", {}, 0.1, "exp_euler", {"V"}},
    {"adquaif6", "AdQuaIF", {}, 0.1, "exp_euler", {"V", "w"}},
    {"izh6", "Izhikevich", {}, 0.1, "exp_euler", {"V"}},
    {"gif6", "GIF", {}, 0.1, "exp_euler", {"V", "V_th", "I1", "I2"}},
    {"alif4", "ALIF", {{"V_rest", 0.0}, {"V_th", 10.0}, {"tau_a", 200.0}}, 1.0, "exp_euler", {"V", "a"}},
    {"fhn6", "FHN", {}, 0.1, "exp_euler", {"V", "w"}},
    {"hr4", "HindmarshRose", {}, 0.05, "exp_euler", {"V", "y", "z"}},
    {"ml4", "MorrisLecar", {}, 0.1, "exp_euler", {"V", "W"}},
    // Two correct f64 programs differ by 5e-8 mV here already: the upstroke amplifies the last bit.
    {"wb4", "WangBuzsaki", {}, 0.05, "exp_euler", {"V", "h", "n"}, 1e-8},
};

struct Run {
  std::map<std::string, Tensor> states;
  Tensor out;
};

Run run(const NeuronCase &neuron, const Case &c, DType real) {
  std::int64_t n = c.input("init_V").size();
  std::unique_ptr<Model> model = make_model(neuron.model, {.size = n, .scalars = neuron.kwargs});
  for (const auto &[path, state] : model->states())
    if (c.has_input("init_" + path) && path != "t_last_spike")
      state.set_value(c.input("init_" + path));
  model->method(neuron.method);
  std::vector<Tree<Monitor>::Named> monitors;
  for (const std::string &state : neuron.states)
    monitors.emplace_back(state, model->var(state));
  LoopOverTime over_time(*model,
                         {.out_vars = Tree<Monitor>::map(monitors), .dt = neuron.dt, .real = real, .cache = false});
  LoopResult result =
      c.has_input("I_const")
          ? over_time(repeated(c.input("I_const").to(real), c.in.at("I_steps").to(i64).values<std::int64_t>()[0]))
          : over_time(100.0);
  Run run;
  for (const std::string &state : neuron.states)
    run.states.emplace(state, result.vars[state].leaf());
  run.out = result.out.leaf();
  return run;
}

} // namespace

TEST_CASE("neurons give BrainPy's numbers in f64", "[golden]") {
  for (const NeuronCase &neuron : cases)
    SECTION(neuron.name) {
      Case c = load(neuron.name);
      Run got = run(neuron, c, f64);
      if (neuron.spikes)
        CHECK(raster_difference(got.out, c.expected("spike")) == "");
      else
        CHECK(difference("output", got.out, c.expected("V"), {.relative = neuron.relative}) == "");
      for (const std::string &state : neuron.states)
        CHECK(difference(state, got.states.at(state), c.expected(state), {.relative = neuron.relative}) == "");
    }
}

TEST_CASE("neurons follow BrainPy's f64 run in f32 as far as BrainPy's f32 does", "[golden]") {
  for (const NeuronCase &neuron : cases) {
    if (!neuron.in_f32)
      continue;
    SECTION(neuron.name) {
      Case c = load(neuron.name);
      std::vector<std::string> columns = neuron.states;
      if (neuron.spikes)
        columns.push_back("spike");
      std::int64_t steps = steps_comparable_in_f32(c, columns);
      INFO("compared steps: " << steps);
      REQUIRE(steps >= 50);
      Run got = run(neuron, c, f32);
      if (neuron.spikes)
        CHECK(raster_difference(got.out, c.expected("spike"), steps) == "");
      for (const std::string &state : neuron.states)
        CHECK(difference(state, got.states.at(state), c.expected(state), f32_tolerance(c, state, steps), steps) == "");
    }
  }
}

TEST_CASE("a refractory time of 50 steps lasts 50 steps in f32 whatever t is", "[golden]") {
  // BrainPy's columns of lif8_ref have 49, 50 and 51 steps, as the rounding of t falls.
  auto lif = make_model("LIF", {.size = 1, .scalars = {{"tau_ref", 5.0}}});
  LoopOverTime over_time(*lif, {.dt = 0.1, .cache = false});
  Tensor spikes = over_time(Tensor::full({5000, 1}, 1e6)).out.leaf(); // reaches the threshold in one step
  std::int64_t wrong = 0;
  for (std::int64_t k = 0; k < 5000; ++k)
    wrong += (spikes[k] != 0.0) != (k % 51 == 0);
  CHECK(wrong == 0);
}
