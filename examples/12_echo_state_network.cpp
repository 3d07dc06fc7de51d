// SPDX-License-Identifier: Apache-2.0
// Lesson 12: an echo-state network learns a chaotic series, and continues it by itself. Only the readout is fitted, by
// one ridge regression.
//
//   build/bin/example_12 esn.npz      writes the series, and what the network made of it
#include "models/layers/dense.h"
#include "models/layers/reservoir.h"
#include "models/readout/ridge_regression.h"

#include <cmath>
#include <cstdio>

using namespace overtime;

/// Mackey & Glass 1977, Science 197, eq. 4b: dx/dt = beta x(t - tau) / (1 + x(t - tau)^10) - gamma x, chaotic with a
/// delay of 17. The past is a state, the latest value last; a step of 0.1 ms stands for 0.1 of the equation's time.
struct MackeyGlass : Model {
  static constexpr std::int64_t delay = 170;
  MackeyGlass() : Model(Shape{1}) {}
  Param beta = param("beta", 0.2), gamma = param("gamma", 0.1);
  State x = state("x", 1.2), past = state("past", 1.2, Shape{delay});
  void equations() override {
    Value before = slice(past, 0, 1);
    ddt(x) = (beta * before / (1 + pow(before, 10)) - gamma * x) / ms;
  }
  Tree<Value> update(const Tree<Value> &) override {
    Value now = x;
    integrate();
    past = concat({slice(past, 1, delay), now});
    return x;
  }
};

/// With data, the network reads it; without, it reads its own last output.
struct EchoStateNetwork : Model {
  explicit EchoStateNetwork(std::int64_t n) : Model(Shape{1}), n(n) {}
  const std::int64_t n;
  Reservoir reservoir = child("reservoir", Reservoir(1, n,
                                                     {.leaky_rate = 0.8,
                                                      .Win = uniform(-0.5, 0.5),
                                                      .Wrec = spectral_radius(0.95, sparse(0.1, normal())),
                                                      .b = uniform(-0.5, 0.5)}));
  Dense readout = child("readout", Dense(n, 1, {.W = 0.0}));
  State y = state("y", 0.0);
  Tree<Value> update(const Tree<Value> &data) override {
    y = readout(reservoir(data.empty() ? Value(y) : data.leaf()));
    return y;
  }
};

int main(int argc, char **argv) {
  const std::int64_t washout = 200, fitted = 3000, ahead = 300;
  LoopOptions exact{.real = f64};

  // One sample for each unit of time, around its mean.
  MackeyGlass system;
  LoopOverTime generate(system, exact);
  generate.steps(3000); // transients
  Tensor fine = generate.steps(10 * (washout + fitted + ahead)).out, series({washout + fitted + ahead, 1}, f64);
  for (std::int64_t k = 0; k < series.size(); ++k)
    series.set(k, fine[10 * k] - 0.93);

  // The states while the network reads the series; the target of each is the next value.
  EchoStateNetwork network(400);
  LoopOptions recorded = exact;
  recorded.out_vars = network.reservoir.state;
  LoopOverTime over_time(network, recorded);
  Tensor h = over_time(series.rows(0, washout + fitted)).vars;
  Tensor known = h.rows(washout, washout + fitted - 1), next = series.rows(washout + 1, washout + fitted);
  network.readout.W.set_value(ridge_regression(known, next, 1e-8));

  // It goes on from the state it is in, and reads what it says.
  network.y.set_value(series.rows(washout + fitted, washout + fitted + 1).reshape({1}));
  Tensor said = over_time.steps(ahead - 1).out, truth = series.rows(washout + fitted + 1, washout + fitted + ahead);

  double deviation = 0;
  for (std::int64_t k = 0; k < fitted; ++k)
    deviation += series[k] * series[k] / static_cast<double>(fitted);
  deviation = std::sqrt(deviation);
  double worst = 0; // of the first 50 steps
  std::printf("steps ahead   error / deviation of the series\n");
  for (std::int64_t k = 1; k < ahead; ++k) {
    double error = std::abs(said[k - 1] - truth[k - 1]) / deviation;
    worst = k <= 50 ? std::max(worst, error) : worst;
    if (k == 1 || k == 10 || k == 50 || k == 84 || k == 150 || k == ahead - 1)
      std::printf("%11lld   %.2g\n", static_cast<long long>(k), error);
  }
  if (argc > 1) {
    Tensor both({ahead - 1, 2}, f64), t({ahead - 1}, f64);
    for (std::int64_t k = 0; k < ahead - 1; ++k) {
      both.set(2 * k, truth[k]);
      both.set(2 * k + 1, said[k]);
      t.set(k, static_cast<double>(k + 1));
    }
    save_tensors(argv[1], {{"x", both}, {"t", t}});
  }
  bool learned = worst < 0.02;
  std::printf("%s\n", learned ? "50 steps within 2 %" : "not learned");
  return learned ? 0 : 1;
}
