// SPDX-License-Identifier: Apache-2.0
// Elementwise functions against the C library in f64, at sizes around the vector widths.
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

namespace {

struct Case {
  const char *name;
  std::function<Value(Value)> traced;
  std::function<double(double)> exact;
  double low, high; // arguments
  double ulp = 4;   // of the largest intermediate, see `scale`
};

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double softplus_of(double x) { return x > 20 ? x : std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double elu_of(double x, double a) { return x > 0 ? x : a * std::expm1(x); }
double gelu_of(double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
double exprel_of(double x) { return x == 0 ? 1.0 : std::expm1(x) / x; }

const std::vector<Case> functions = {
    {"exp", [](Value x) { return exp(x); }, [](double x) { return std::exp(x); }, -80, 80},
    {"expm1", [](Value x) { return expm1(x); }, [](double x) { return std::expm1(x); }, -3, 3},
    {"expm1 near 0", [](Value x) { return expm1(x); }, [](double x) { return std::expm1(x); }, -1e-4, 1e-4},
    {"exprel", [](Value x) { return exprel(x); }, exprel_of, -30, 30},
    {"exprel near 0", [](Value x) { return exprel(x); }, exprel_of, -1e-4, 1e-4},
    {"log", [](Value x) { return log(x); }, [](double x) { return std::log(x); }, 1e-6, 1e6},
    {"log1p", [](Value x) { return log1p(x); }, [](double x) { return std::log1p(x); }, -0.9, 9},
    {"tanh", [](Value x) { return tanh(x); }, [](double x) { return std::tanh(x); }, -12, 12},
    {"tanh near 0", [](Value x) { return tanh(x); }, [](double x) { return std::tanh(x); }, -1e-3, 1e-3},
    {"sinh", [](Value x) { return sinh(x); }, [](double x) { return std::sinh(x); }, -8, 8, 8},
    {"cosh", [](Value x) { return cosh(x); }, [](double x) { return std::cosh(x); }, -8, 8, 8},
    {"sin", [](Value x) { return sin(x); }, [](double x) { return std::sin(x); }, -7, 7},
    {"cos", [](Value x) { return cos(x); }, [](double x) { return std::cos(x); }, -7, 7},
    {"erf", [](Value x) { return erf(x); }, [](double x) { return std::erf(x); }, -4, 4},
    {"sqrt", [](Value x) { return sqrt(x); }, [](double x) { return std::sqrt(x); }, 0, 100, 1},
    {"abs", [](Value x) { return abs(x); }, [](double x) { return std::abs(x); }, -9, 9, 0},
    {"floor", [](Value x) { return floor(x); }, [](double x) { return std::floor(x); }, -9, 9, 0},
    {"ceil", [](Value x) { return ceil(x); }, [](double x) { return std::ceil(x); }, -9, 9, 0},
    {"round", [](Value x) { return round(x); }, [](double x) { return std::nearbyint(x); }, -9, 9, 0},
    {"negation", [](Value x) { return -x; }, [](double x) { return -x; }, -9, 9, 0},
    {"square", [](Value x) { return square(x); }, [](double x) { return x * x; }, -9, 9, 1},
    {"cube", [](Value x) { return cube(x); }, [](double x) { return x * x * x; }, -9, 9},
    {"pow 5", [](Value x) { return pow(x, 5); }, [](double x) { return std::pow(x, 5); }, -3, 3},
    {"pow -2", [](Value x) { return pow(x, -2); }, [](double x) { return std::pow(x, -2); }, 0.5, 3},
    {"pow 1.7", [](Value x) { return pow(x, 1.7); }, [](double x) { return std::pow(x, 1.7); }, 0.5, 3, 16},
    {"reciprocal", [](Value x) { return 1 / x; }, [](double x) { return 1 / x; }, 0.5, 3, 1},
    {"sigmoid", [](Value x) { return sigmoid(x); }, sigmoid_of, -30, 30, 8},
    {"relu", [](Value x) { return relu(x); }, [](double x) { return std::max(x, 0.0); }, -9, 9, 0},
    {"relu6", [](Value x) { return relu6(x); }, [](double x) { return std::min(std::max(x, 0.0), 6.0); }, -9, 9, 0},
    {"leaky_relu", [](Value x) { return leaky_relu(x); }, [](double x) { return x >= 0 ? x : 0.01 * x; }, -9, 9, 1},
    {"elu", [](Value x) { return elu(x); }, [](double x) { return elu_of(x, 1); }, -9, 9, 8},
    {"selu", [](Value x) { return selu(x); },
     [](double x) { return 1.0507009873554805 * elu_of(x, 1.6732632423543772); }, -9, 9, 8},
    {"gelu", [](Value x) { return gelu(x); }, gelu_of, -2, 9, 32},
    {"silu", [](Value x) { return silu(x); }, [](double x) { return x * sigmoid_of(x); }, -9, 9, 8},
    {"softplus", [](Value x) { return softplus(x); }, softplus_of, -9, 30, 8},
    {"soft_sign", [](Value x) { return soft_sign(x); }, [](double x) { return x / (1 + std::abs(x)); }, -9, 9},
    {"hard_tanh", [](Value x) { return hard_tanh(x); }, [](double x) { return std::min(std::max(x, -1.0), 1.0); }, -3,
     3, 0},
    {"hard_sigmoid", [](Value x) { return hard_sigmoid(x); },
     [](double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; }, -2.5, 5, 32},
    {"mish", [](Value x) { return mish(x); }, [](double x) { return x * std::tanh(softplus_of(x)); }, -9, 9, 16},
};

/// Steps of `ulp` that got and the exact value of the same rounded argument are apart, at most.
double worst_ulps(const Case &f, const Tensor &x, const Tensor &got) {
  double ulp = got.dtype() == f64 ? 0x1p-53 : 0x1p-24, worst = 0.0;
  for (std::int64_t k = 0; k < x.size(); ++k) {
    double exact = f.exact(x[k]);
    if (got[k] == exact)
      continue;
    double smallest = got.dtype() == f64 ? 0x1p-960 : 0x1p-126; // so that an ulp of it is no denormal double
    double apart = std::abs(got[k] - exact) / (ulp * std::max(std::abs(exact), smallest));
    worst = std::max(worst, std::isnan(apart) ? HUGE_VAL : apart);
  }
  return worst;
}

} // namespace

TEST_CASE("functions are within a few ulp of the C library", "[trace][numerics]") {
  for (DType real : {f64, f32})
    for (std::size_t k = 0; k < functions.size(); ++k) {
      const Case &f = functions[k];
      INFO(f.name << " in " << name_of(real));
      Tensor x = sample({1000}, k + 1, real, f.low, f.high), got;
      CHECK_NOTHROW(got = evaluate_one([&](const Tree<Value> &v) { return f.traced(v.leaf()); }, x, real));
      if (got.shape() == x.shape())
        CHECK(worst_ulps(f, x, got) <= 2 * f.ulp);
    }
}

TEST_CASE("all functions in one step give the bits that each gives alone", "[trace][numerics]") {
  for (DType real : {f64, f32}) {
    Tensor x = sample({33}, 4, real, 0.5, 0.9);
    Tree<Tensor> together = evaluate(
        [](const Tree<Value> &v) {
          std::vector<Tree<Value>> all;
          for (const Case &f : functions)
            all.emplace_back(f.traced(v.leaf()));
          return Tree<Value>::list(all);
        },
        x, real);
    for (std::size_t k = 0; k < functions.size(); ++k) {
      INFO(functions[k].name << " in " << name_of(real));
      Tensor alone = evaluate_one([&](const Tree<Value> &v) { return functions[k].traced(v.leaf()); }, x, real);
      CHECK(same_bits(together[k].leaf(), alone));
    }
  }
}

TEST_CASE("special values", "[trace][numerics]") {
  double inf = HUGE_VAL, nan = std::nan("");
  for (DType real : {f32, f64}) {
    auto at = [&](auto f, double x) {
      return evaluate_one([&](const Tree<Value> &v) { return f(v.leaf()); }, Tensor(x, real), real)[0];
    };
    CHECK(at([](Value x) { return exprel(x); }, 0.0) == 1.0);
    CHECK(at([](Value x) { return expm1(x); }, 0.0) == 0.0);
    CHECK(at([](Value x) { return exp(x); }, -inf) == 0.0);
    CHECK(at([](Value x) { return exp(x); }, inf) == inf);
    CHECK(at([](Value x) { return exp(x); }, 1e4) == inf);
    CHECK(at([](Value x) { return exp(x); }, -1e4) == 0.0);
    CHECK(std::isnan(at([](Value x) { return exp(x); }, nan)));
    CHECK(at([](Value x) { return tanh(x); }, inf) == 1.0);
    CHECK(at([](Value x) { return tanh(x); }, -1e4) == -1.0);
    CHECK(std::isnan(at([](Value x) { return tanh(x); }, nan)));
    CHECK(at([](Value x) { return log(x); }, 0.0) == -inf);
    CHECK(at([](Value x) { return log(x); }, inf) == inf);
    CHECK(std::isnan(at([](Value x) { return log(x); }, -1.0)));
    CHECK(at([](Value x) { return log(x); }, 1.0) == 0.0);
    CHECK(at([](Value x) { return sigmoid(x); }, -1e4) == 0.0);
    CHECK(at([](Value x) { return sigmoid(x); }, 1e4) == 1.0);
    CHECK(at([](Value x) { return softplus(x); }, 500.0) == 500.0);
    CHECK(at([](Value x) { return round(x); }, 2.5) == 2.0);
    CHECK(at([](Value x) { return round(x); }, 3.5) == 4.0);
    CHECK(at([](Value x) { return pow(x, 0); }, 7.0) == 1.0);
  }
}

TEST_CASE("softmax and log_softmax along either axis, also of large numbers", "[trace][numerics]") {
  Tensor x = sample({4, 7}, 3, f64, -5, 5);
  for (double shift : {0.0, 1000.0})
    for (int axis : {-1, 0}) {
      auto at = [&](std::int64_t r, std::int64_t c) { return x[r * 7 + c]; };
      Tree<Tensor> got = evaluate(
          [&](const Tree<Value> &v) -> Tree<Value> {
            return {softmax(v.leaf() + shift, axis), log_softmax(v.leaf() + shift, axis)};
          },
          x);
      for (std::int64_t r = 0; r < 4; ++r)
        for (std::int64_t c = 0; c < 7; ++c) {
          double total = 0;
          for (std::int64_t k = 0; k < (axis == 0 ? 4 : 7); ++k)
            total += axis == 0 ? std::exp(at(k, c)) : std::exp(at(r, k));
          CHECK(got[0].leaf()[r * 7 + c] == Approx(std::exp(at(r, c)) / total).epsilon(1e-12));
          CHECK(got[1].leaf()[r * 7 + c] == Approx(at(r, c) - std::log(total)).margin(1e-12));
        }
    }
}

TEST_CASE("an element's value does not depend on the size of its array", "[trace][numerics]") {
  for (DType real : {f32, f64}) {
    Tensor longest = sample({1000}, 11, real);
    auto run = [&](std::int64_t n) {
      return evaluate_one(
          [](const Tree<Value> &x) { return exp(x.leaf()) * tanh(x.leaf()) + 1 / (1 + square(x.leaf())); },
          longest.rows(0, n), real);
    };
    Tensor all = run(1000);
    for (std::int64_t n : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100}) {
      INFO(n << " elements in " << name_of(real));
      CHECK(same_bits(run(n), all.rows(0, n)));
    }
  }
}

TEST_CASE("a carried state has the same values at every size", "[trace][numerics]") {
  struct Decay : Model {
    explicit Decay(std::int64_t n) : Model(Shape{n}) {}
    State x = state("x", 1.0);
    Tree<Value> update(const Tree<Value> &v) override { return Value(x = tanh(0.9 * x + v.leaf())); }
  };
  Tensor data = sample({20, 100}, 12, f32);
  auto run = [&](std::int64_t n) {
    Decay model(n);
    Tensor part({20, n}, f32);
    for (std::int64_t k = 0; k < part.size(); ++k)
      part.set(k, data[k / n * 100 + k % n]);
    return LoopOverTime(model, {.cache = false})(part).out.leaf();
  };
  Tensor all = run(100);
  for (std::int64_t n : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64}) {
    INFO(n << " elements");
    Tensor got = run(n);
    std::int64_t different = 0;
    for (std::int64_t k = 0; k < got.size(); ++k)
      different += got[k] != all[k / n * 100 + k % n];
    CHECK(different == 0);
  }
}

TEST_CASE("what a step of exponential Euler multiplies by does not depend on the neighbours", "[trace]") {
  // dy/dt = 1 - k y from 0: y = dt exprel(-k dt), which is a polynomial for |k dt| <= 1/2 and a quotient beyond.
  struct Relaxation : Model {
    explicit Relaxation(const Tensor &rates) : Model(rates.shape()), k(state("k", rates)), y(state("y", 0.0)) {}
    State k, y;
    void equations() override {
      ddt(k) = 0.0 * k / ms;
      ddt(y) = (1 - k * y) / ms;
    }
    Tree<Value> update(const Tree<Value> &) override { return integrate(), Value(y); }
  };
  for (DType real : {f32, f64}) {
    auto step = [&](const Tensor &rates) {
      Relaxation model(rates);
      return LoopOverTime(model, {.dt = 0.5_ms, .real = real, .cache = false}).steps(1).out.leaf();
    };
    Tensor rates({53}, f64);
    for (std::int64_t j = 0; j < 53; ++j)
      rates.set(j, float(j < 40 ? (j - 20) * 0.05 : (j - 46) * 9.0)); // the first vectors have small ones alone
    rates.set(2, 1.0);
    rates.set(3, std::nextafter(1.0F, 2.0F)); // the last of the polynomial, the first of the quotient
    Tensor all = step(rates);
    double ulp = real == f64 ? 0x1p-53 : 0x1p-24;
    for (std::int64_t j = 0; j < 53; ++j) {
      INFO("k = " << rates[j]);
      CHECK(all[j] == Approx(0.5 * exprel_of(-0.5 * rates[j])).epsilon(8 * ulp).margin(0));
      CHECK(step(Tensor::full({1}, rates[j], f64))[0] == all[j]);
    }
  }
}
