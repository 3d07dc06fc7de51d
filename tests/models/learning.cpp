// SPDX-License-Identifier: Apache-2.0
// Plasticity of pairs of spikes against sums over all pairs, and what is refused.
#include "models/initializers.h"
#include "models/inputs/poisson_group.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/projections/poisson_input.h"
#include "models/synapses/exponential.h"
#include "models/synapses/stdp.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;

namespace {

/// Cells whose spikes are the data of a run; a potential sums what arrives.
struct Scripted : Neuron {
  explicit Scripted(std::int64_t n) : Neuron(n) {}
  State V = state("V", 0_mV), spike = state("spike", false);
  using Neuron::update;
  Value update() override { return spike = I > 0; }
};

constexpr std::int64_t sources = 5, targets = 4, steps = 300, delay = 3;
constexpr double dt = 0.5;

struct Pair : Network {
  explicit Pair(const ProjectionParts &parts) : syn(child("syn", Projection(pre, post, parts))) {}
  Scripted pre = child("pre", Scripted(sources)), post = child("post", Scripted(targets));
  Projection syn;
};

ProjectionParts parts_of(const STDPOptions &rule) {
  return {.connect = fixed_probability(0.7),
          .weight = uniform(0.3, 0.5),
          .delay = Delay(delay),
          .learning = stdp(rule),
          .seed = 7};
}

Tensor spikes_of(std::int64_t n, std::uint64_t seed) {
  Tensor x = Tensor::uniform({steps, n}, 0, 1, seed, f64);
  for (std::int64_t k = 0; k < x.size(); ++k)
    x.set(k, x[k] < 0.06);
  return x;
}

/// Steps at which spikes of one cell act: those of a source after the delay, all a step after they were fired.
std::vector<std::int64_t> acting(const Tensor &spikes, std::int64_t cell, std::int64_t late) {
  std::vector<std::int64_t> at;
  for (std::int64_t k = 0; k + 1 + late < steps; ++k)
    if (spikes[k * spikes.shape()[1] + cell] > 0)
      at.push_back(k + 1 + late);
  return at;
}

/// What a spike at step k finds of the other side's spikes before it.
double trace(const std::vector<std::int64_t> &others, std::int64_t k, double tau, Pairs pairs) {
  double sum = 0;
  for (std::int64_t other : others)
    if (other < k) {
      double one = std::exp(-double(k - other) * dt / tau);
      sum = pairs == Pairs::All ? sum + one : one;
    }
  return sum;
}

bool has(const std::vector<std::int64_t> &list, std::int64_t k) { return std::ranges::find(list, k) != list.end(); }

/// The weights [K] after all steps, and what the potentials have summed, from lists of spikes alone.
struct Expected {
  std::vector<double> weights, V = std::vector<double>(targets);
  double lowest = 1e9, highest = -1e9;

  Expected(const Csr &list, const Tensor &first, const Tensor &pre, const Tensor &post, const STDPOptions &rule,
           double tau_plus, double tau_minus, double A_plus, double A_minus) {
    double low = rule.w_min.value, high = rule.w_max.value, W = high - low;
    std::int64_t k = 0;
    for (std::int64_t i = 0; i < sources; ++i)
      for (; k < std::int64_t(list.offsets[i + 1]); ++k) {
        auto j = std::int64_t(list.targets[k]);
        auto a = acting(pre, i, delay), b = acting(post, j, 0);
        double w = first[k];
        for (std::int64_t s = 0; s < steps; ++s) {
          if (has(a, s)) {
            double room = rule.mu == 0 ? 1 : std::pow((w - low) / W, rule.mu);
            w = std::clamp(w - A_minus * W * room * trace(b, s, tau_minus, rule.pairs), low, high);
          }
          if (has(b, s)) {
            double room = rule.mu == 0 ? 1 : std::pow((high - w) / W, rule.mu);
            w = std::clamp(w + A_plus * W * room * trace(a, s, tau_plus, rule.pairs), low, high);
          }
          if (has(a, s))
            V[std::size_t(j)] += w;
          lowest = std::min(lowest, w);
          highest = std::max(highest, w);
        }
        weights.push_back(w);
      }
  }
};

} // namespace

TEST_CASE("stdp gives the weights of a sum over pairs of spikes", "[networks][learning]") {
  struct One {
    const char *what;
    double A_plus;
    STDPOptions rule;
    bool reaches_bounds;
  };
  Quantity half{0.5, {}}, third{0.3, {}};
  std::vector<One> rules = {{"far from bounds", 0.004, {.w_max = {1, {}}}, false},
                            {"hard bounds", 0.15, {.w_min = third, .w_max = half}, true},
                            {"nearest pairs", 0.15, {.w_min = third, .w_max = half, .pairs = Pairs::Nearest}, true},
                            {"linear dependence", 0.15, {.w_max = half, .mu = 1}, false},
                            {"weak dependence", 0.15, {.w_max = half, .mu = 0.3}, false}};
  Tensor pre = spikes_of(sources, 1), post = spikes_of(targets, 2);
  for (One &one : rules) {
    INFO(one.what);
    one.rule.A_plus = one.A_plus;
    one.rule.A_minus = 1.2 * one.A_plus;
    one.rule.tau_plus = 12_ms;
    one.rule.tau_minus = 25_ms;
    Pair net(parts_of(one.rule));
    LoopOverTime over_time(net, {.dt = dt, .real = f64, .cache = false});
    over_time.reset_state();
    Tensor first = net.syn.var("weights.weight").value();
    over_time(Tree<Tensor>::map({{"pre", pre}, {"post", post}}));
    Expected expected(net.syn.weights.list(), first, pre, post, one.rule, 12, 25, one.A_plus, 1.2 * one.A_plus);
    Tensor w = net.syn.var("weights.weight").value(), V = net.post.V.value();
    REQUIRE(w.shape() == Shape{net.syn.weights.list().synapses()});
    double moved = 0;
    for (std::int64_t k = 0; k < w.size(); ++k) {
      CHECK(w[k] == Approx(expected.weights[std::size_t(k)]).epsilon(1e-11));
      moved = std::max(moved, std::abs(w[k] - first[k]));
    }
    CHECK(moved > 0.01);
    CHECK((expected.lowest == 0.3 && expected.highest == 0.5) == one.reaches_bounds);
    for (std::int64_t j = 0; j < targets; ++j)
      CHECK(V[j] == Approx(expected.V[std::size_t(j)]).epsilon(1e-11));
  }
}

TEST_CASE("weights that learn do not depend on the number of threads", "[networks][learning]") {
  struct Net : Network {
    LIF cells = child("cells", LIF(3000));
    Projection all = child("all", Projection(cells, cells,
                                             {.connect = fixed_probability(0.02),
                                              .weight = uniform(0, 0.5),
                                              .learning = stdp({.A_plus = 0.1, .A_minus = 0.1})}));
    Net() {
      cells.I.set_value(21);
      cells.V.set_initial(uniform(0, 20));
    }
  };
  auto weights_with = [](std::int32_t threads) {
    Net net;
    LoopOverTime over_time(net, {.threads = threads, .cache = false});
    over_time(50_ms);
    return net.all.var("weights.weight").value();
  };
  Tensor one = weights_with(1), three = weights_with(3), first = Net().all.var("weights.weight").value();
  CHECK(std::ranges::equal(one.values<float>(), three.values<float>()));
  CHECK_FALSE(std::ranges::equal(one.values<float>(), first.to(f32).values<float>()));
}

namespace {

/// Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334, eq. 2: spikes that are near each other strengthen an
/// inhibitory synapse, one of its source alone weakens it.
struct Homeostatic : LearningRule {
  static constexpr double eta = 2e-4, tau = 20;
  Homeostatic(const LearningPlace &place, double rate)
      : x(state("x", 0.0, Shape{place.sources})), y(state("y", 0.0, Shape{place.targets})), unit{1.0, place.unit},
        alpha(2 * tau * ms * rate * Hz) {}
  State x, y;
  Quantity unit;
  Quantity alpha;
  void equations() override {
    ddt(x) = -x / (tau * ms);
    ddt(y) = -y / (tau * ms);
  }
  Value learn(const Value &w, const LearningStep &step) override {
    integrate();
    Value next = step.at_pre(w, eta * (y - alpha) * unit, {.low = 0.0, .high = 10.0});
    next = step.at_post(next, eta * x * unit, {.low = 0.0, .high = 10.0});
    x = x + as_real(step.pre);
    y = y + as_real(step.post);
    return next;
  }
};

} // namespace

TEST_CASE("a rule of one's own holds cells at a rate", "[long][networks][learning]") {
  struct Net : Network {
    PoissonGroup inhibitory = child("inhibitory", PoissonGroup(100, 20_Hz));
    LIF cells = child("cells", LIF(20));
    PoissonInput outside = child("outside", PoissonInput(cells, {.rate = 2000_Hz, .weight = 0.4}));
    Projection inhibition;
    explicit Net(double rate)
        : inhibition(child("inhibition", Projection(inhibitory, cells,
                                                    {.weight = 0.001,
                                                     .learning =
                                                         [rate](const LearningPlace &place) {
                                                           return std::make_unique<Homeostatic>(place, rate);
                                                         },
                                                     .synapse = exponential(10_ms),
                                                     .output = coba(-10_mV)}))) {
      cells.I.set_value(20);
    }
  };
  for (double rate : {5.0, 15.0}) {
    Net net(rate);
    LoopOverTime over_time(net, {.out_vars = net.cells.spike, .dt = 0.5, .keep_outputs = false, .cache = false});
    CHECK(mean_rate(over_time(1_s).vars, 0.5) > 20);
    over_time(60_s);
    // Spikes on both sides are nearly independent, and then a weight rests where the target fires at the rate.
    CHECK(mean_rate(over_time(60_s).vars, 0.5) == Approx(rate).epsilon(0.15));
  }
}

TEST_CASE("weights that learn go on with the same bits after they were saved", "[networks][learning]") {
  Tensor pre = spikes_of(sources, 1), post = spikes_of(targets, 2);
  auto rows = [&](std::int64_t a, std::int64_t b) {
    return Tree<Tensor>::map({{"pre", pre.rows(a, b).to(f32)}, {"post", post.rows(a, b).to(f32)}});
  };
  Pair whole(parts_of({})), begun(parts_of({})), resumed(parts_of({}));
  LoopOptions options{.dt = dt, .cache = false};
  LoopOverTime over_whole(whole, options), over_begun(begun, options), over_resumed(resumed, options);
  over_whole(rows(0, steps));
  over_begun(rows(0, 150));
  over_resumed.load_state_dict(over_begun.state_dict());
  over_resumed(rows(150, steps));
  Tensor a = whole.syn.var("weights.weight").value(), b = resumed.syn.var("weights.weight").value();
  CHECK(std::ranges::equal(a.values<float>(), b.values<float>()));
}

TEST_CASE("a rule that cannot be is an error", "[networks][learning][errors]") {
  using Catch::Contains;
  CHECK_THROWS_WITH(Pair(parts_of({.w_min = {1, {}}, .w_max = {1, {}}})), Contains("w_min is 1") && Contains("w_max"));
  CHECK_THROWS_WITH(Pair(parts_of({.w_max = 1_nA})), Contains("[nA]") && Contains("the weights in [mV]"));
  CHECK_THROWS_WITH(Pair(parts_of({.mu = -1})), Contains("mu is at least 0"));
  ProjectionParts both = parts_of({});
  both.trainable = true;
  CHECK_THROWS_WITH(Pair(both), Contains("learned in the run or trainable by gradients"));

  LIF pre(2);
  struct Silent : Neuron {
    Silent() : Neuron(2) {}
    State V = state("V", 0_mV);
    Value update() override { return V; }
  } silent;
  CHECK_THROWS_WITH(Projection(pre, silent, {.learning = stdp()}), Contains("has no spikes"));

  Pair net(parts_of({}));
  LoopOverTime over_time(net, {.cache = false});
  over_time.reset_state(2);
  CHECK_THROWS_WITH(over_time.steps(1), Contains("syn.weights") && Contains("reset without a batch"));
}
