// SPDX-License-Identifier: Apache-2.0
// Gap junctions against plain loops and against the solution of two coupled membranes.
#include "models/initializers.h"
#include "models/networks/network.h"
#include "models/neurons/leaky_integrator.h"
#include "models/neurons/wang_buzsaki.h"
#include "models/projections/gap_junction.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

template <class Cells> struct Coupled : Network {
  Coupled(std::int64_t n, const GapJunctionParts &parts)
      : cells(child("cells", Cells(n))), gap(child("gap", GapJunction(cells, cells, parts))) {}
  Cells cells;
  GapJunction gap;
};

} // namespace

TEST_CASE("two membranes approach each other as their solution says", "[networks]") {
  // tau dV/dt = -V + R I with I = w (V_other - V): the mean decays with tau, the difference with tau / (1 + 2 R w).
  Coupled<LeakyIntegrator> net(2, {.weight = 0.3});
  net.cells.R.set_value(2);
  net.cells.V.set_initial(Tensor::of({2}, std::vector<double>{10, 2}, f64));
  LoopOverTime over_time(net, {.out_vars = net.cells.V, .dt = 0.001, .real = f64, .cache = false});
  Tensor V = over_time(5_ms).vars.leaf();
  std::int64_t last = V.shape()[0] - 1;
  double mean = 6 * std::exp(-0.5), half = 4 * std::exp(-0.5 * (1 + 2 * 2 * 0.3));
  CHECK(V[2 * last] == Approx(mean + half).epsilon(2e-4)); // first order in dt / tau = 1e-4
  CHECK(V[2 * last + 1] == Approx(mean - half).epsilon(2e-4));
}

TEST_CASE("a current flows along each pair of the connectivity, in every form of the weights", "[networks]") {
  constexpr std::int64_t n = 40;
  for (double density : {0.02, 0.3}) { // a list, a dense product
    Coupled<LeakyIntegrator> net(n, {.connect = fixed_probability(density), .weight = uniform(0.1, 0.4), .seed = 4});
    net.cells.V.set_initial(uniform(-70, -50));
    LoopOverTime over_time(net, {.out_vars = {net.cells.V, net.cells.I}, .dt = 0.1, .real = f64, .cache = false});
    over_time.reset_state();
    Tensor before = net.cells.V.value();
    LoopResult r = over_time.steps(2);
    Tensor matrix = net.gap.weights.list().matrix();
    Tensor weights = Tensor(net.gap.weights.weight->value());
    CHECK((net.gap.weights.form() == Weights::Form::Dense) == (density > 0.1));
    std::int64_t k = 0;
    std::vector<double> I(n);
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j)
        if (matrix[i * n + j] != 0)
          I[std::size_t(j)] += (weights.size() == n * n ? weights[i * n + j] : weights[k++]) * (before[i] - before[j]);
    for (std::int64_t j = 0; j < n; ++j)
      CHECK(r[net.cells.I][j] == Approx(I[std::size_t(j)]).margin(1e-11));
  }
}

TEST_CASE("gap junctions synchronise cells and take the unit of their currents", "[networks]") {
  Coupled<WangBuzsaki> net(4, {.weight = 0.1 * mS / cm2});
  CHECK(net.gap.weights.weight->unit().str() == "mS cm^-2");
  net.cells.I.set_value(1.0);
  net.cells.V.set_initial(uniform(-70, -60));
  LoopOverTime over_time(net, {.out_vars = net.cells.V, .dt = 0.05, .cache = false});
  Tensor V = over_time(400_ms).vars.leaf();
  double apart = 0;
  for (std::int64_t k = V.size() - 2000 * 4; k < V.size(); k += 4) // the last 100 ms hold several spikes
    apart = std::max(apart, std::abs(V[k] - V[k + 3]));
  CHECK(apart < 0.5);
}
