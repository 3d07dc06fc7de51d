// SPDX-License-Identifier: Apache-2.0
// Receptors that no golden case has, against solutions of their equations.
#include "models/synapses/receptors.h"
#include "models/networks/network.h"
#include "models/neurons/leaky_integrator.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

struct Once : Neuron { ///< fires in the first step
  Once() : Neuron(1) {}
  State V = state("V", 0_mV), spike = state("spike", false);
  using Neuron::update;
  Value update() override { return spike = broadcast_to(i() < 1, {1}); }
};

Tensor conductance(const SynapseKind &kind, double dt, std::int64_t steps, const char *state = "synapse.g") {
  struct Net : Network {
    explicit Net(const SynapseKind &kind)
        : syn(child("syn", Projection(pre, post, {.synapse = kind, .output = coba()}))) {}
    Once pre = child("pre", Once());
    LeakyIntegrator post = child("post", LeakyIntegrator(1));
    Projection syn;
  } net(kind);
  LoopOverTime over_time(net, {.out_vars = net.syn.var(state), .dt = dt, .real = f64, .cache = false});
  return over_time.steps(steps).vars.leaf();
}

} // namespace

TEST_CASE("AMPA and GABAa open for the length of a pulse and close at their rate", "[networks]") {
  struct One {
    SynapseKind kind;
    double alpha, beta, T, T_dur;
  };
  constexpr double dt = 0.125; // a power of two: pulses are whole steps
  for (const One &one : {One{ampa(), 0.98, 0.18, 0.5, 0.5}, One{gabaa(), 0.53, 0.18, 1, 1}}) {
    Tensor g = conductance(one.kind, dt, 80);
    double rate = one.alpha * one.T + one.beta, most = one.alpha * one.T / rate;
    CHECK(g[0] == 0.0);
    for (std::int64_t k = 1; k < 80; ++k) { // the spike of step 0 arrives in step 1, at whose end dt has gone by
      double time = double(k) * dt, open = std::min(time, one.T_dur);
      double expected = most * (1 - std::exp(-rate * open)) * std::exp(-one.beta * (time - open));
      CHECK(g[k] == Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("BioNMDA follows its equations", "[networks]") {
  // x is a pulse as above, and g a linear equation with x given, here in small Runge-Kutta steps.
  constexpr double dt = 1.0 / 256;
  constexpr std::int64_t steps = 256 * 20;
  Tensor g = conductance(bio_nmda(), dt, steps + 1), x = conductance(bio_nmda(), dt, steps + 1, "synapse.x");
  auto exact_x = [](double t) {
    double open = std::min(t, 0.5);
    return 1 / 1.5 * (1 - std::exp(-1.5 * open)) * std::exp(-0.5 * (t - open));
  };
  auto slope = [&](double t, double g) { return 2 * exact_x(t) * (1 - g) - 0.01 * g; };
  double expected = 0;
  for (std::int64_t k = 0; k < steps; ++k) {
    double t = double(k) * dt, a = slope(t, expected), b = slope(t + dt / 2, expected + dt / 2 * a);
    double c = slope(t + dt / 2, expected + dt / 2 * b), d = slope(t + dt, expected + dt * c);
    expected += dt / 6 * (a + 2 * b + 2 * c + d);
    CHECK(x[k + 1] == Approx(exact_x(t + dt)).epsilon(1e-11));
    if (k % 256 == 255)
      CHECK(g[k + 1] == Approx(expected).epsilon(0.01)); // first order in dt
  }
  CHECK(expected > 0.6);
}
