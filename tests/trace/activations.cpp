// SPDX-License-Identifier: Apache-2.0
// Activations against their formulas in f64, compiled and interpreted, and their names where functions are taken.
#include "compiler/trace/loops/reference_run.h"
#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/lif.h"
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

namespace {

struct Case {
  const char *name;
  std::function<Value(Value)> traced;
  std::function<double(double)> exact;
};

double softplus_of(double x) { return x > 20 ? x : std::log1p(std::exp(x)); }
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double hard_sigmoid_of(double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; }

const std::vector<Case> cases = {
    {"softplus", [](Value x) { return softplus(x); }, softplus_of},
    {"celu", [](Value x) { return celu(x); }, [](double x) { return x > 0 ? x : std::expm1(x); }},
    {"celu 2", [](Value x) { return celu(x, 2); }, [](double x) { return x > 0 ? x : 2 * std::expm1(x / 2); }},
    {"elu 2", [](Value x) { return elu(x, 2); }, [](double x) { return x > 0 ? x : 2 * std::expm1(x); }},
    {"swish", [](Value x) { return swish(x); }, [](double x) { return x * sigmoid_of(x); }},
    {"log_sigmoid", [](Value x) { return log_sigmoid(x); }, [](double x) { return -softplus_of(-x); }},
    {"hard_silu", [](Value x) { return hard_silu(x); }, [](double x) { return x * hard_sigmoid_of(x); }},
    {"hard_swish", [](Value x) { return hard_swish(x); }, [](double x) { return x * hard_sigmoid_of(x); }},
    {"hard_shrink", [](Value x) { return hard_shrink(x); }, [](double x) { return std::abs(x) > 0.5 ? x : 0; }},
    {"soft_shrink", [](Value x) { return soft_shrink(x); },
     [](double x) { return x > 0.5    ? x - 0.5
                           : x < -0.5 ? x + 0.5
                                      : 0; }},
    {"tanh_shrink", [](Value x) { return tanh_shrink(x); }, [](double x) { return x - std::tanh(x); }},
    {"prelu", [](Value x) { return prelu(x); }, [](double x) { return x >= 0 ? x : 0.25 * x; }},
};

/// Compiled and interpreted results of one step.
std::pair<Tensor, Tensor> both(const Step &step, const Tensor &x) {
  Shape row = x.shape();
  row.insert(row.begin(), 1);
  Function model(step);
  LoopOverTime compiled(model, {.real = f64, .cache = false}), interpreted(model, {.real = f64, .cache = false});
  return {compiled(x.reshape(row)).out.leaf(), run_reference(interpreted, x.reshape(row)).out.leaf()};
}

} // namespace

TEST_CASE("activations are their formulas", "[trace]") {
  Tensor x = sample({400}, 5, f64, -30, 30);
  for (std::int64_t k = 0; k < 200; ++k)
    x.set(k, x[k] / 20);
  for (const Case &f : cases) {
    INFO(f.name);
    auto [compiled, interpreted] = both([&](const Tree<Value> &v) { return f.traced(v.leaf()); }, x);
    double worst = 0;
    for (std::int64_t k = 0; k < x.size(); ++k)
      for (double got : {compiled[k], interpreted[k]}) // a difference of numbers of size |x| loses digits
        worst = std::max(worst, std::abs(got - f.exact(x[k])) / std::max(1.0, std::abs(x[k])));
    CHECK(worst < 1e-15);
  }
}

TEST_CASE("softplus is x itself beyond 20", "[trace]") {
  auto [compiled, interpreted] =
      both([](const Tree<Value> &v) { return softplus(v.leaf()); }, Tensor::of({20.5, 25, 700}, f64));
  CHECK(numbers(compiled) == std::vector<double>{20.5, 25, 700});
  CHECK(numbers(interpreted) == std::vector<double>{20.5, 25, 700});
}

TEST_CASE("softplus and log_sigmoid have the slope 1/2 at both zeros", "[trace][gradient]") {
  struct Softplus : Layer {
    Softplus() : Layer(Shape{}) {}
    Value update(Value x) override { return concat({softplus(x), log_sigmoid(x)}); }
  } model;
  LoopOverTime loop(model, {.real = f64, .cache = false});
  auto gradient = value_and_grad(loop, last_step([](Value y, Value) { return sum(y); }), {.data = true});
  Tensor slopes = gradient(Tensor::of({1, 3}, std::vector<double>{0.0, -0.0, 0.7}, f64), Tensor(0.0, f64)).data;
  CHECK(numbers(slopes) == std::vector<double>{1, 1, 1}); // sigmoid(x) + sigmoid(-x)
}

TEST_CASE("softmin, glu and normalize work along an axis", "[trace]") {
  Tensor x = sample({4, 6}, 2);
  auto [minimum, minimum_interpreted] = both([](const Tree<Value> &v) { return softmin(v.leaf(), 0); }, x);
  auto [halves, halves_interpreted] = both([](const Tree<Value> &v) { return glu(v.leaf()); }, x);
  auto [normal, normal_interpreted] = both([](const Tree<Value> &v) { return normalize(v.leaf()); }, x);
  CHECK(halves.shape() == Shape{1, 4, 3});
  for (std::int64_t row = 0; row < 4; ++row) {
    double mean = 0, square = 0;
    for (std::int64_t c = 0; c < 6; ++c) {
      double total = 0;
      for (std::int64_t r = 0; r < 4; ++r)
        total += std::exp(-x[r * 6 + c]);
      CHECK(minimum[row * 6 + c] == Approx(std::exp(-x[row * 6 + c]) / total).epsilon(1e-14));
      CHECK(minimum_interpreted[row * 6 + c] == Approx(minimum[row * 6 + c]).epsilon(1e-14));
      mean += x[row * 6 + c] / 6;
    }
    for (std::int64_t c = 0; c < 6; ++c)
      square += (x[row * 6 + c] - mean) * (x[row * 6 + c] - mean) / 6;
    for (std::int64_t c = 0; c < 6; ++c) {
      CHECK(normal[row * 6 + c] == Approx((x[row * 6 + c] - mean) / std::sqrt(square + 1e-5)).epsilon(1e-13));
      CHECK(normal_interpreted[row * 6 + c] == Approx(normal[row * 6 + c]).epsilon(1e-13));
    }
    for (std::int64_t c = 0; c < 3; ++c) {
      CHECK(halves[row * 3 + c] == Approx(x[row * 6 + c] * sigmoid_of(x[row * 6 + c + 3])).epsilon(1e-14));
      CHECK(halves_interpreted[row * 3 + c] == Approx(halves[row * 3 + c]).epsilon(1e-14));
    }
  }
  CHECK(fails(ErrorKind::Shape, {"glu", "[5]", "odd"},
              [] { evaluate_one([](const Tree<Value> &v) { return glu(v.leaf()); }, Tensor::zeros({5}, f64)); }) == "");
}

TEST_CASE("one_hot marks the place that is named", "[trace]") {
  auto [compiled, interpreted] =
      both([](const Tree<Value> &v) { return one_hot(v.leaf(), 3); }, Tensor::of({2, 0, 7, 1}, f64));
  std::vector<double> expected = {0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0};
  CHECK(compiled.shape() == Shape{1, 4, 3});
  CHECK(numbers(compiled) == expected);
  CHECK(numbers(interpreted) == expected);
}

TEST_CASE("one_hot of thousands of classes is one comparison", "[trace]") {
  Tensor marks = evaluate_one([](const Tree<Value> &v) { return one_hot(v.leaf(), 5000); }, Tensor::of({4321, 0}, f64));
  double sum = 0;
  for (std::int64_t k = 0; k < marks.size(); ++k)
    sum += marks[k];
  CHECK(sum == 2);
  CHECK((marks[4321] == 1 && marks[5000] == 1));
}

TEST_CASE("rrelu draws slopes between its bounds, new ones at every step and use", "[trace]") {
  Function model([](const Tree<Value> &v) -> Tree<Value> { return {rrelu(v.leaf()), rrelu(v.leaf())}; });
  Tree<Tensor> y = LoopOverTime(model, {.cache = false})(Tensor::full({2, 50}, -1)).out;
  for (double v : numbers(y[0].leaf()))
    CHECK((v <= -1.0 / 8 && v > -1.0 / 3));
  CHECK_FALSE(same_bits(y[0].leaf(), y[1].leaf()));
  CHECK_FALSE(same_bits(y[0]->rows(0, 1), y[0]->rows(1, 2)));
  Tensor positive = evaluate_one([](const Tree<Value> &v) { return rrelu(v.leaf()); }, Tensor::of({3}, f64));
  CHECK(positive[0] == 3);
}

TEST_CASE("functions with further arguments, and lambdas, are items of Sequential and activations", "[trace]") {
  Sequential model{{"w", Dense(3, 4)}, {"a", leaky_relu}, {"b", [](Value x) { return x * 2; }}, {"c", softmax}};
  RNNCell cell(3, 4, {.activation = elu}), other(3, 4, {.activation = [](Value x) { return celu(x, 2); }});
  Tensor y = LoopOverTime(model, {.cache = false})(sample({5, 3}, 1, f32)).out;
  for (std::int64_t row = 0; row < 5; ++row)
    CHECK(y[row * 4] + y[row * 4 + 1] + y[row * 4 + 2] + y[row * 4 + 3] == Approx(1).epsilon(1e-6));
  CHECK(LoopOverTime(cell, {.cache = false})(sample({5, 3}, 1, f32)).out->shape() == Shape{5, 4});
}

TEST_CASE("Sequential takes neurons: what comes before adds to their input", "[trace]") {
  Sequential model{{"w", Dense(3, 4)}, {"n", LIF(4)}, {"v", Dense(4, 2)}};
  model["w"].var("W").set_value(Tensor::full({3, 4}, 10));
  LoopOverTime over_time(model, {.out_vars = {model["n"].var("V"), model["n"].var("I")}, .cache = false});
  LoopResult r = over_time(Tensor::full({300, 3}, 1));
  CHECK(r.out->shape() == Shape{300, 2});
  CHECK(r.vars[1].leaf()[7] == 30); // 3 * 10
  LIF alone(4);
  LoopOverTime reference(alone, {.out_vars = alone.V, .cache = false});
  CHECK(same_bits(reference(Tensor::full({300, 4}, 30)).vars.leaf(), r.vars[0].leaf()));
}
