// SPDX-License-Identifier: Apache-2.0
// Neurons with a surrogate: the numbers of a run are those of the neuron without one, and gradients are those of the
// published rules, also through the reset.
#include "models/neurons/adex_if.h"
#include "models/neurons/adqua_if.h"
#include "models/neurons/alif.h"
#include "models/neurons/exp_if.h"
#include "models/neurons/gif.h"
#include "models/neurons/izhikevich.h"
#include "models/neurons/lif.h"
#include "models/neurons/qua_if.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

using namespace overtime;

namespace {

std::int64_t spikes_in(const Tensor &raster) {
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < raster.size(); ++k)
    count += raster[k] != 0;
  return count;
}

std::string apart(const Tensor &a, const Tensor &b, double relative) {
  double largest = 0;
  for (std::int64_t k = 0; k < b.size(); ++k)
    largest = std::max(largest, std::abs(b[k]));
  if (a.shape() != b.shape() || !(largest > 0))
    return "nothing to compare";
  for (std::int64_t k = 0; k < a.size(); ++k)
    if (!(std::abs(a[k] - b[k]) <= relative * largest))
      return std::to_string(k) + ": " + std::to_string(a[k]) + ", " + std::to_string(b[k]);
  return "";
}

/// All states of all steps, by name.
template <class M> std::map<std::string, Tensor> run(M &neuron, const Tensor &current) {
  std::vector<Tree<Monitor>::Named> monitors;
  for (const auto &[path, state] : neuron.states())
    monitors.emplace_back(path, state);
  LoopOverTime loop(neuron, {.out_vars = Tree<Monitor>::map(monitors), .real = current.dtype(), .cache = false});
  LoopResult r = loop(current);
  std::map<std::string, Tensor> all{{"out", r.out.leaf()}};
  for (const auto &[path, state] : neuron.states())
    all.emplace(path, r.vars[path].leaf());
  return all;
}

template <class M> void check_same_run(const char *name, double strongest, double V, Reset kind) {
  for (double tau_ref : {0.0, 1.25})
    for (DType real : {f64, f32}) {
      INFO(name << " in " << name_of(real) << ", tau_ref " << tau_ref);
      Tensor current = Tensor::uniform({400, 5}, 0, strongest, 3, real);
      M plain(5, {.tau_ref = tau_ref, .reset = kind});
      M trained(5, {.tau_ref = tau_ref, .surrogate = surrogate::inv_square_grad(), .reset = kind});
      plain.V.set_initial(V);
      trained.V.set_initial(V);
      auto a = run(plain, current), b = run(trained, current);
      CHECK(spikes_in(a.at("spike")) > 10);
      CHECK(b.at("out").dtype() == real);
      for (const auto &[path, numbers] : a) {
        INFO(path);
        REQUIRE(numbers.shape() == b.at(path).shape());
        bool equal = true;
        for (std::int64_t k = 0; k < numbers.size(); ++k)
          equal = equal && numbers[k] == b.at(path)[k];
        CHECK(equal);
      }
    }
}

} // namespace

TEST_CASE("a surrogate changes no number of a run", "[surrogates]") {
  check_same_run<LIF>("LIF", 100, 0, Reset::Hard);
  check_same_run<LIF>("LIF", 100, 0, Reset::Soft);
  check_same_run<ExpIF>("ExpIF", 100, -65, Reset::Hard);
  check_same_run<AdExIF>("AdExIF", 200, -65, Reset::Hard);
  check_same_run<QuaIF>("QuaIF", 100, -65, Reset::Hard);
  check_same_run<AdQuaIF>("AdQuaIF", 100, -65, Reset::Hard);
  check_same_run<GIF>("GIF", 20, -70, Reset::Hard);
  check_same_run<GIF>("GIF", 20, -70, Reset::Soft);
  check_same_run<Izhikevich>("Izhikevich", 60, -70, Reset::Hard);
  check_same_run<ALIF>("ALIF", 200, -70, Reset::Soft);
}

TEST_CASE("backpropagation through LIF is its closed form", "[surrogates][gradient]") {
  constexpr std::int64_t T = 80, n = 3;
  constexpr double tau = 10, R = 1.5, V_th = 1, V_reset = -0.25, dt = 0.5, a = 4;
  const double keep = std::exp(-dt / tau);
  Tensor current = Tensor::uniform({T, n}, 0, 3, 1, f64), c = Tensor::normal({T, n}, 0, 1, 2, f64);
  for (Reset kind : {Reset::Soft, Reset::Hard})
    for (bool detached : {false, true}) {
      INFO((kind == Reset::Soft ? "soft" : "hard") << (detached ? ", detached" : ""));
      LIF lif(n, {.surrogate = surrogate::sigmoid(a), .reset = kind, .detach_reset = detached});
      lif.R.set_value(R);
      lif.V_th.set_value(V_th);
      lif.V_reset.set_value(V_reset);
      LoopOverTime loop(lif, {.dt = dt, .real = f64, .cache = false});
      auto gradient =
          value_and_grad(loop, each_step([](Value s, Value w) { return sum(s * w); }), {.wrt = {lif.V}, .data = true});
      GradientResult g = gradient(current, c);

      // Forward: u before the reset. Backward: dV from the future; ds by the output and through the reset.
      std::vector<double> u(T * n), s(T * n), V(n, 0.0), dV(n, 0.0);
      double loss = 0;
      std::int64_t fired = 0;
      for (std::int64_t k = 0; k < T * n; ++k) {
        double &v = V[static_cast<std::size_t>(k % n)];
        u[k] = keep * v + (1 - keep) * R * current[k];
        s[k] = u[k] >= V_th;
        v = kind == Reset::Soft ? u[k] - (V_th - V_reset) * s[k] : u[k] + (V_reset - u[k]) * s[k];
        loss += s[k] * c[k] / T;
        fired += s[k] != 0;
      }
      Tensor expected({T, n}, f64);
      for (std::int64_t k = T * n - 1; k >= 0; --k) {
        double &d = dV[static_cast<std::size_t>(k % n)];
        double by_s = kind == Reset::Soft ? -(V_th - V_reset) : V_reset - u[k];
        double ds = c[k] / T + (detached ? 0.0 : by_s * d);
        double sg = 1 / (1 + std::exp(-a * (u[k] - V_th)));
        double du = (kind == Reset::Soft ? d : d * (1 - s[k])) + ds * a * sg * (1 - sg);
        d = keep * du;
        expected.set(k, (1 - keep) * R * du);
      }
      CHECK(fired > 10);
      CHECK(g.loss == Approx(loss).epsilon(1e-12));
      CHECK(apart(g.data.leaf(), expected, 1e-12) == "");
      CHECK(apart(g[lif.V], Tensor::of({n}, dV, f64), 1e-12) == "");
    }
}

namespace {

// The same neurons with what a spike does written as BrainPy writes it: x += s (target - x).

struct PlainAdEx : AdExIF {
  using AdExIF::AdExIF;
  Value update() override {
    integrate();
    Value s = overtime::spike((V - V_th) / mV, surrogate::inv_square_grad(10));
    V = V + s * (V_reset - V);
    w = w + b * s;
    return s;
  }
};

struct PlainGif : GIF {
  using GIF::GIF;
  Value update() override {
    Value threshold = V_th;
    integrate();
    Value s = overtime::spike((V - threshold) / mV, surrogate::inv_square_grad(10));
    V = V - (threshold - V_reset) * s;
    I1 = I1 + s * (R1 * I1 + A1 - I1);
    I2 = I2 + s * (R2 * I2 + A2 - I2);
    V_th = V_th + s * (maximum(V_th_reset, V_th) - V_th);
    return s;
  }
};

struct PlainIzhikevich : Izhikevich {
  using Izhikevich::Izhikevich;
  Value update() override {
    integrate();
    Value s = overtime::spike((V - V_th) / mV, surrogate::inv_square_grad(10));
    V = V + s * (c - V);
    u = u + s * d;
    return s;
  }
};

struct PlainAlif : ALIF {
  using ALIF::ALIF;
  Value update() override {
    Value threshold = V_th + beta * a;
    integrate();
    Value s = overtime::spike((V - threshold) / V_th, surrogate::inv_square_grad(10));
    V = V - V_th * s;
    a = a + s;
    return s;
  }
};

template <class Zoo, class Plain>
void check_gradients(const char *name, double strongest, const std::map<std::string, double> &start,
                     const std::vector<std::string> &wrt) {
  INFO(name);
  Tensor current = Tensor::uniform({120, 4}, 0, strongest, 3, f64), c = Tensor::normal({120, 4}, 0, 1, 2, f64);
  auto gradients = [&](auto neuron) {
    for (const auto &[path, number] : start)
      neuron.var(path).set_value(Tensor(number, f64));
    GradientOptions options{.data = true};
    for (const std::string &path : wrt)
      options.wrt.push_back(neuron.var(path));
    LoopOverTime loop(neuron, {.real = f64, .cache = false});
    GradientResult g =
        value_and_grad(loop, each_step([](Value s, Value w) { return sum(s * w); }), options)(current, c);
    std::map<std::string, Tensor> found{{"data", g.data.leaf()}};
    for (const Monitor &by : options.wrt)
      found.emplace(by.path(), g[by]);
    return std::pair(g.loss, found);
  };
  auto [loss, zoo] = gradients(Zoo(4, {.surrogate = surrogate::inv_square_grad(10)}));
  auto [expected_loss, plain] = gradients(Plain(4, {.surrogate = surrogate::inv_square_grad(10)}));
  CHECK(loss == Approx(expected_loss).epsilon(1e-12));
  CHECK(loss != 0);
  for (const auto &[path, by] : plain) {
    INFO(path);
    CHECK(apart(zoo.at(path), by, 1e-9) == "");
  }
}

} // namespace

TEST_CASE("gradients through spikes are those of BrainPy's form of the update", "[surrogates][gradient]") {
  check_gradients<AdExIF, PlainAdEx>("AdExIF", 200, {{"V", -65}, {"delta_T", 20}}, {"b", "V_reset"});
  check_gradients<GIF, PlainGif>("GIF", 20, {{"R1", 0.5}, {"A1", 0.3}, {"A2", -0.2}, {"a", 0.01}, {"V_th_reset", -45}},
                                 {"R1", "A1", "A2", "V_th_reset", "V_reset", "b"});
  check_gradients<Izhikevich, PlainIzhikevich>("Izhikevich", 60, {}, {"c", "d", "a"});
  check_gradients<ALIF, PlainAlif>("ALIF", 100, {{"V_rest", 0}, {"V", 0}, {"a", 0}, {"V_th", 1}},
                                   {"beta", "tau_a", "tau"});
}

TEST_CASE("an ALIF whose threshold is negative fires upwards with a surrogate too", "[surrogates]") {
  ALIF alif(1, {.surrogate = surrogate::relu_grad()}); // V_th = -60 mV
  LoopOverTime loop(alif, {.cache = false});
  Tensor none = loop(Tensor::zeros({50, 1})).out; // V = -70 mV, the threshold at -60 - 80 mV
  CHECK(spikes_in(none) > 0);
  alif.a.set_initial(0.0);
  loop.reset_state();
  none = loop(Tensor::zeros({50, 1})).out;
  CHECK(spikes_in(none) == 0);
  CHECK_THROWS_WITH(ALIF(1, {.reset = Reset::Hard}), Catch::Contains("no hard reset"));
}

TEST_CASE("a neuron learns through its spikes to fire at a given rate", "[surrogates][gradient]") {
  // Through the reset a slope of 1/4 and a reset by 25 mV make a factor of 1 - 25 / 4 a step: the gradient explodes.
  LIF lif(1, {.surrogate = surrogate::sigmoid(1), .detach_reset = true});
  LoopOverTime loop(lif, {.real = f64, .cache = false});
  auto gradient = value_and_grad(loop, mean_output([](Value rate, Value wanted) { return sum(square(rate - wanted)); }),
                                 {.wrt = {lif.R}});
  Tensor current = Tensor::full({2000, 1}, 25, f64), wanted = Tensor::full({1}, 0.02, f64); // 40 spikes
  double first = 0, last = 0;
  for (int k = 0; k < 150; ++k) {
    loop.reset_state();
    GradientResult g = gradient(current, wanted);
    (k == 0 ? first : last) = g.loss;
    lif.R.set_value(lif.R.value()[0] - 0.04 * std::pow(0.98, k) * (g[lif.R][0] > 0 ? 1 : -1));
  }
  CHECK(first > 1e-4);
  CHECK(last < 1e-6);
}
