// SPDX-License-Identifier: Apache-2.0
// Surrogate gradients on a grid, and backpropagation through a spiking network, against BrainPy's.
#include "models/layers/dense.h"
#include "models/neurons/lif.h"
#include "models/surrogates.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

struct Fire : Layer {
  Fire(std::int64_t n, Surrogate slope) : Layer(Shape{n}), slope(std::move(slope)) {}
  Surrogate slope;
  Value update(Value x) override { return spike(x, slope); }
};

} // namespace

TEST_CASE("surrogate gradients are BrainPy's on a grid", "[golden][gradient]") {
  Case c = load("surrogate_grid");
  const std::map<std::string, Surrogate> all = {{"Sigmoid", surrogate::sigmoid()},
                                                {"PiecewiseQuadratic", surrogate::piecewise_quadratic()},
                                                {"PiecewiseExp", surrogate::piecewise_exp()},
                                                {"SoftSign", surrogate::soft_sign()},
                                                {"Arctan", surrogate::arctan()},
                                                {"NonzeroSignLog", surrogate::nonzero_sign_log()},
                                                {"ERF", surrogate::erf()},
                                                {"PiecewiseLeakyRelu", surrogate::piecewise_leaky_relu()},
                                                {"SquarewaveFourierSeries", surrogate::squarewave_fourier_series()},
                                                {"S2NN", surrogate::s2nn()},
                                                {"QPseudoSpike", surrogate::q_pseudo_spike()},
                                                {"LeakyRelu", surrogate::leaky_relu()},
                                                {"LogTailedRelu", surrogate::log_tailed_relu()},
                                                {"ReluGrad", surrogate::relu_grad()},
                                                {"GaussianGrad", surrogate::gaussian_grad()},
                                                {"MultiGaussianGrad", surrogate::multi_gaussian_grad()},
                                                {"InvSquareGrad", surrogate::inv_square_grad()},
                                                {"SlayerGrad", surrogate::slayer_grad()}};
  CHECK(2 * all.size() == c.f64.size());
  Tensor x = c.input("x");
  std::int64_t n = x.size();
  for (const auto &[name, slope] : all) {
    INFO(name);
    Fire fire(n, slope);
    LoopOverTime loop(fire, {.real = f64, .cache = false});
    Tensor row = x.reshape({1, n});
    CHECK(difference("f", loop(row).out.leaf().reshape({n}), c.expected(name + "_f"), {}) == "");
    loop.reset_state();
    auto gradient = value_and_grad(loop, each_step([](Value out, Value) { return sum(out); }), {.data = true});
    Tensor d = gradient(row, Tensor::zeros({1}, f64)).data.leaf().reshape({n});
    CHECK(difference("df", d, c.expected(name + "_df"), {.relative = 1e-12}) == "");
  }
}

TEST_CASE("a spiking network's gradients are BrainPy's", "[golden][gradient]") {
  for (const auto &[name, slope] : {std::pair<std::string, Surrogate>{"snn_sigmoid", surrogate::sigmoid()},
                                    {"snn_relugrad", surrogate::relu_grad()}}) {
    Case c = load(name);
    Sequential net{{"l1", Dense(8, 12)}, {"lif", LIF(12, {.surrogate = slope})}, {"l2", Dense(12, 3)}};
    net["lif"].var("V_reset").set_value(Tensor(0.0, f64));
    net["lif"].var("V_th").set_value(Tensor(1.0, f64));
    std::vector<Monitor> wrt;
    for (const char *layer : {"l1", "l2"})
      for (const char *param : {"W", "b"}) {
        wrt.push_back(net[layer].var(param));
        wrt.back().set_value(c.input(std::string(layer) + "_" + param));
      }
    for (DType real : {f64, f32}) {
      INFO(name << " in " << name_of(real));
      LoopOverTime loop(
          net, {.out_vars = {net["lif"].var("V"), net["lif"].var("spike")}, .dt = 1_ms, .real = real, .cache = false});
      auto tolerance = [&](const std::string &column) {
        return real == f64 ? Tolerance{.relative = 1e-9} : f32_tolerance(c, column);
      };
      Tensor x = c.input("x").to(real);
      loop.reset_state(4);
      LoopResult run = loop(x);
      CHECK(difference("V", run.vars[0].leaf(), c.expected("V"), tolerance("V")) == "");
      CHECK(raster_difference(run.vars[1].leaf(), c.expected("spike")) == "");
      loop.reset_state(4);
      auto gradient =
          value_and_grad(loop, mean_output([](Value out, Value t) { return mean(square(out - t)); }), {.wrt = wrt});
      GradientResult g = gradient(x, c.input("target").to(real));
      CHECK(difference("loss", Tensor(g.loss, f64), c.expected("loss"), tolerance("loss")) == "");
      for (const Monitor &by : wrt) {
        std::string column = "grad_" + by.path();
        column[column.find('.')] = '_';
        CHECK(difference(column, g[by], c.expected(column), tolerance(column)) == "");
      }
    }
  }
}
