// SPDX-License-Identifier: Apache-2.0
// What arrives in a network: spikes from outside, any state of a source, data by the names of models.
#include "models/networks/network.h"
#include "models/projections/gap_junction.h"
#include "models/projections/poisson_input.h"
#include "models/synapses/exponential.h"
#include "models/synapses/receptors.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

struct Sum : Neuron { ///< a potential that keeps what arrives
  explicit Sum(std::int64_t n) : Neuron(n) {}
  State V = state("V", 0_mV), x = state("x", 0.0);
  using Neuron::update;
  Value update() override {
    x = x + I / nA;
    return V;
  }
};

struct Driven : Network {
  Driven(std::int64_t n, const PoissonInputParts &parts)
      : cells(child("cells", Sum(n))), outside(child("outside", PoissonInput(cells, parts))) {}
  Sum cells;
  PoissonInput outside;
};

struct Moments {
  double mean = 0, variance = 0;
  Moments(const Tensor &x, std::int64_t from = 0) {
    double n = double(x.size() - from);
    for (std::int64_t k = from; k < x.size(); ++k)
      mean += x[k] / n;
    for (std::int64_t k = from; k < x.size(); ++k)
      variance += (x[k] - mean) * (x[k] - mean) / n;
  }
};

} // namespace

TEST_CASE("what arrives has the mean and the variance of a Poisson process", "[networks][inputs]") {
  Driven net(2000, {.rate = 300_Hz, .weight = 0.5});
  LoopOverTime over_time(net, {.dt = 0.1, .real = f64, .seed = 3, .cache = false});
  over_time(100_ms);
  Moments V(net.cells.V.value()); // 30 spikes of 0.5 mV
  CHECK(V.mean == Approx(15).margin(5 * 0.5 * std::sqrt(30.0 / 2000)));
  CHECK(V.variance == Approx(0.25 * 30).epsilon(5 * std::sqrt(2.0 / 2000)));
  // Data adds to the rate: 300 + 900 Hz for another 100 ms.
  over_time({{"outside", Tensor::full({1000}, 900, f64)}});
  CHECK(Moments(net.cells.V.value()).mean == Approx(15 + 60).margin(5 * 0.5 * std::sqrt(150.0 / 2000)));
}

TEST_CASE("rates and weights may be one for each target", "[networks][inputs]") {
  Tensor rate = Tensor::of({0, 100, 100, 1000}, f64), weight = Tensor::of({1, 1, 0, 2}, f64);
  Driven net(4, {.rate = rate, .weight = weight});
  LoopOverTime over_time(net, {.dt = 0.1, .real = f64, .cache = false});
  over_time(2_s);
  Tensor V = net.cells.V.value();
  CHECK(V[0] == 0);
  CHECK(V[1] == Approx(200).margin(5 * std::sqrt(200.0)));
  CHECK(V[2] == 0);
  CHECK(V[3] == Approx(2 * 2000).margin(5 * 2 * std::sqrt(2000.0)));
}

TEST_CASE("spikes from outside go through synapses and outputs", "[networks][inputs]") {
  // The conductance is a sum of decays that each spike begins: mean weight rate dt / (1 - exp(-dt / tau)).
  Driven net(500, {.rate = 800_Hz, .weight = 0.01_uS, .synapse = exponential(5_ms), .output = coba(-80_mV)});
  LoopOverTime over_time(
      net, {.out_vars = {net.outside.var("synapse.g"), net.cells.I}, .dt = 0.1, .real = f64, .cache = false});
  LoopResult r = over_time(100_ms);
  Tensor g = r.vars[0].leaf();
  double expected = 0.01 * 0.08 / (1 - std::exp(-0.02));
  Moments late(g, 500 * 500);
  CHECK(late.mean == Approx(expected).epsilon(0.02));
  CHECK(late.variance == Approx(1e-4 * 0.08 / (1 - std::exp(-0.04))).epsilon(0.1)); // of independent decays
  CHECK(r.vars[1].leaf()[700 * 500 + 7] == Approx(g[700 * 500 + 7] * -80.0));       // V stays 0
  CHECK_THROWS_WITH(PoissonInput(net.cells, {.synapse = nmda()}), Catch::Contains("take a linear synapse"));
}

TEST_CASE("a projection sends any state, as numbers", "[networks]") {
  struct Net : Network {
    Sum &a = add("a", Sum(6)), &b = add("b", Sum(3));
    Projection &ab =
        add("ab", Projection(a.x, b, {.connect = fixed_probability(0.6), .weight = 0.25, .output = cuba()}));
  } net;
  Tensor x = Tensor::of({1, -2, 3, 0.5, 0, 4}, f64);
  net.a.x.set_initial(x);
  CHECK(net.ab.weights.how().starts_with("dense product"));
  LoopOverTime over_time(net, {.out_vars = net.b.I, .real = f64, .cache = false});
  Tensor I = over_time.steps(1).vars.leaf(), pairs = net.ab.weights.list().matrix();
  for (std::int64_t j = 0; j < 3; ++j) {
    double sum = 0;
    for (std::int64_t i = 0; i < 6; ++i)
      sum += 0.25 * x[i] * pairs[i * 3 + j];
    CHECK(I[j] == Approx(sum).margin(1e-14));
  }
  CHECK(net.nodes().contains("ab.weights"));
}

TEST_CASE("parts that do not fit are errors at the projection's line", "[networks][errors]") {
  Sum a(3), b(4);
  CHECK_THROWS_WITH(Projection(a.x, b, {.connect = one_to_one()}),
                    Catch::Contains("network_inputs.cpp") && Catch::Contains("populations of one size, got 3 and 4"));
  CHECK_THROWS_WITH(PoissonInput(a, {.rate = -5_Hz}), Catch::Contains("a rate is 0 or more, got -5"));
  CHECK_THROWS_WITH(PoissonInput(a, {.rate = Tensor::of({1, -2, 3}, f64)}), Catch::Contains("got -2"));
  CHECK_THROWS_WITH(PoissonInput(a, {.rate = Tensor::of({1, 2}, f64)}),
                    Catch::Contains("the rates have shape [2], expected one number, or [3] for the targets"));
  CHECK_THROWS_WITH(PoissonInput(a, {.weight = Tensor::zeros({4})}), Catch::Contains("the weights have shape [4]"));
  CHECK_THROWS_WITH(PoissonInput(a, {.rate = 5_ms}), Catch::Contains("'rate' counts in [Hz]"));
}

TEST_CASE("data that nobody takes is an error", "[networks][errors]") {
  struct Net : Network {
    Sum a = child("alpha", Sum(4)), b = child("beta", Sum(4));
    Projection ab = child("ab", Projection(a.x, b, {.output = cuba()}));
    GapJunction gap = child("gap", GapJunction(a, b));
    PoissonInput outside = child("outside", PoissonInput(a));
  };
  auto says = [](const Tree<Tensor> &data, const std::vector<std::string> &parts) {
    Net net;
    LoopOverTime over_time(net, {.cache = false});
    std::string message;
    try {
      over_time(data);
    } catch (const Error &error) {
      message = error.what();
    }
    for (const std::string &part : parts)
      CHECK_THAT(message, Catch::Contains(part));
  };
  Tensor x = Tensor::zeros({5, 4});
  says({{"alhpa", x}}, {"has no model 'alhpa' to take data", "did you mean 'alpha'?"});
  says(x, {"is a network and takes a map from names", "{{\"alpha\", data}}", "got an array"});
  says({x, x}, {"got a list"});
  says({{"ab", x}}, {".ab' takes no data"});
  says({{"gap", x}}, {".gap' takes no data"});
  says({{"alpha", Tensor::zeros({5, 3})}}, {"alpha' takes data of shape [4]", "got [3]"});
  says({{"outside", Tensor::zeros({5, 3})}}, {"[4]", "[3]"});
}
