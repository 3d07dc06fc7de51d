// SPDX-License-Identifier: Apache-2.0
// Losses against their formulas in double precision, at extreme outputs too, and their gradients against differences.
#include "models/losses/classification.h"
#include "models/losses/regression.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace overtime;
using loss::Reduction;

namespace {

using LossFunction = std::function<Value(Value, Value)>;
constexpr double inf = std::numeric_limits<double>::infinity();

struct Pass : Layer {
  Pass() : Layer(Shape{}) {}
  Value update(Value x) override { return x; }
};

/// The loss of one step and its gradient by the output.
struct Evaluated {
  double loss;
  Tensor gradient;
};

/// A loss as a program for outputs of one shape and type.
class Compiled {
public:
  Compiled(const LossFunction &loss, DType real)
      : loop(pass, {.real = real, .cache = false}), gradient(loop, last_step(loss), {.data = true}) {}
  Evaluated operator()(const Tensor &out, const Tensor &target) {
    Shape row = out.shape();
    row.insert(row.begin(), 1);
    GradientResult g = gradient(out.reshape(row), target);
    return {g.loss, g.data.leaf().reshape(out.shape())};
  }

private:
  Pass pass;
  LoopOverTime loop;
  ValueAndGrad gradient;
};
Evaluated evaluate(const LossFunction &loss, const Tensor &out, const Tensor &target) {
  return Compiled(loss, out.dtype())(out, target);
}

/// -log softmax(x)_k, row by row, from the definition in long double.
double surprise(const Tensor &x, std::int64_t row, std::int64_t k) {
  std::int64_t n = x.shape().back();
  long double sum = 0, most = x[row * n];
  for (std::int64_t j = 0; j < n; ++j)
    most = std::max<long double>(most, x[row * n + j]);
  for (std::int64_t j = 0; j < n; ++j)
    sum += std::exp(x[row * n + j] - most);
  return static_cast<double>(std::log(sum) + most - x[row * n + k]);
}

const Tensor logits = Tensor::normal({6, 5}, 0, 2, 1, f64), other = Tensor::normal({6, 5}, 0, 2, 2, f64);
const Tensor labels = Tensor::of({0, 4, 2, 2, 1, 3}, f64);

Tensor probabilities() {
  Tensor p = Tensor::uniform({6, 5}, 0, 1, 3, f64);
  for (std::int64_t r = 0; r < 6; ++r) {
    double sum = 0;
    for (std::int64_t k = 0; k < 5; ++k)
      sum += p[5 * r + k];
    for (std::int64_t k = 0; k < 5; ++k)
      p.set(5 * r + k, p[5 * r + k] / sum);
  }
  return p;
}
Tensor one_hot_of(const Tensor &of_labels, std::int64_t classes) {
  Tensor p({of_labels.size(), classes}, f64);
  for (std::int64_t r = 0; r < of_labels.size(); ++r)
    p.set(r * classes + static_cast<std::int64_t>(of_labels[r]), 1.0);
  return p;
}
Tensor squashed(const Tensor &x, double scale) { // into (0, 1)
  Tensor y = x.clone();
  for (double &v : y.values<double>())
    v = 1 / (1 + std::exp(-scale * v));
  return y;
}
bool same(const Tensor &a, const Tensor &b, double apart) {
  bool equal = a.shape() == b.shape();
  for (std::int64_t k = 0; equal && k < a.size(); ++k)
    equal = std::abs(a[k] - b[k]) <= apart;
  return equal;
}

} // namespace

TEST_CASE("gradients of losses are those of central differences", "[losses][gradient]") {
  struct Case {
    const char *name;
    LossFunction loss;
    Tensor out, target;
  };
  const std::vector<Case> cases = {
      {"mean_squared_error", loss::mean_squared_error, logits, other},
      {"mean_absolute_error", loss::mean_absolute_error, logits, other},
      {"mean_squared_log_error", loss::mean_squared_log_error, squashed(logits, 1), squashed(other, 1)},
      {"l1", loss::l1, logits, other},
      {"l2", loss::l2, logits, other},
      {"huber", loss::huber, logits, other},
      {"huber 0.3", [](Value y, Value t) { return loss::huber(y, t, {.delta = 0.3}); }, logits, other},
      {"log_cosh", loss::log_cosh, logits, other},
      {"cross_entropy of labels", loss::cross_entropy, logits, labels},
      {"cross_entropy of probabilities", loss::cross_entropy, logits, probabilities()},
      {"cross_entropy, smoothed", [](Value y, Value t) { return loss::cross_entropy(y, t, {.label_smoothing = 0.1}); },
       logits, labels},
      {"cross_entropy without label 2", [](Value y, Value t) { return loss::cross_entropy(y, t, {.ignore = 2}); },
       logits, labels},
      {"cross_entropy, sum", [](Value y, Value t) { return loss::cross_entropy(y, t, {.reduction = Reduction::Sum}); },
       logits, labels},
      {"nll", loss::nll, logits, labels},
      {"nll of probabilities", loss::nll, logits, probabilities()},
      {"sigmoid_binary_cross_entropy", loss::sigmoid_binary_cross_entropy, logits, probabilities()},
      {"binary_cross_entropy", loss::binary_cross_entropy, squashed(logits, 1), probabilities()},
  };
  for (const Case &c : cases) {
    INFO(c.name);
    Compiled loss(c.loss, f64);
    Evaluated at = loss(c.out, c.target);
    CHECK(std::isfinite(at.loss));
    double largest = 0;
    for (std::int64_t k : {0, 7, 14, 22, 29}) {
      constexpr double h = 1e-5;
      Tensor up = c.out.clone(), down = c.out.clone();
      up.set(k, up[k] + h);
      down.set(k, down[k] - h);
      double found = (loss(up, c.target).loss - loss(down, c.target).loss) / (2 * h);
      CHECK(at.gradient[k] == Approx(found).epsilon(1e-6).margin(1e-9));
      largest = std::max(largest, std::abs(found));
    }
    CHECK(largest > 1e-3);
  }
}

TEST_CASE("cross entropies of labels, of one-hot rows and of log_softmax are one number", "[losses]") {
  double expected = 0;
  for (std::int64_t r = 0; r < 6; ++r)
    expected += surprise(logits, r, static_cast<std::int64_t>(labels[r])) / 6;
  Evaluated of_labels = evaluate(loss::cross_entropy, logits, labels);
  Evaluated of_rows = evaluate(loss::cross_entropy, logits, one_hot_of(labels, 5));
  Evaluated of_logs = evaluate([](Value y, Value t) { return loss::nll(log_softmax(y), t); }, logits, labels);
  for (const Evaluated &e : {of_labels, of_rows, of_logs}) {
    CHECK(e.loss == Approx(expected).epsilon(1e-14));
    CHECK(same(e.gradient, of_labels.gradient, 1e-15));
  }
  // A single row without a batch: the label is one number.
  Tensor row = logits.rows(3, 4).reshape({5});
  CHECK(evaluate(loss::cross_entropy, row, Tensor(2.0, f64)).loss == Approx(surprise(logits, 3, 2)).epsilon(1e-14));
}

TEST_CASE("label smoothing is a mixture with all classes", "[losses]") {
  LossFunction smoothed = [](Value y, Value t) { return loss::cross_entropy(y, t, {.label_smoothing = 0.2}); };
  Tensor mixed = one_hot_of(labels, 5);
  for (double &p : mixed.values<double>())
    p = 0.8 * p + 0.2 / 5;
  double expected = evaluate(loss::cross_entropy, logits, mixed).loss;
  CHECK(evaluate(smoothed, logits, labels).loss == Approx(expected).epsilon(1e-14));
  CHECK(evaluate(smoothed, logits, one_hot_of(labels, 5)).loss == Approx(expected).epsilon(1e-14));
}

TEST_CASE("ignored labels count neither in the sum nor in the mean", "[losses]") {
  Tensor target = Tensor::of({0, -100, 2, -100, 1, -100}, f64);
  auto with = [&](Reduction reduction) {
    return evaluate(
        [=](Value y, Value t) { return loss::cross_entropy(y, t, {.ignore = -100, .reduction = reduction}); }, logits,
        target);
  };
  double sum = surprise(logits, 0, 0) + surprise(logits, 2, 2) + surprise(logits, 4, 1);
  CHECK(with(Reduction::Mean).loss == Approx(sum / 3).epsilon(1e-14));
  CHECK(with(Reduction::Sum).loss == Approx(sum).epsilon(1e-14));
  CHECK(with(Reduction::None).loss == Approx(sum / 6).epsilon(1e-14)); // whose mean counts
  Tensor gradient = with(Reduction::Mean).gradient;
  for (std::int64_t k = 0; k < 5; ++k) {
    CHECK(gradient[5 + k] == 0);
    CHECK(gradient[k] != 0);
  }
  Tensor all = Tensor::full({6}, -100, f64);
  Evaluated none = evaluate([](Value y, Value t) { return loss::cross_entropy(y, t, {.ignore = -100}); }, logits, all);
  CHECK(none.loss == 0);
  CHECK(same(none.gradient, Tensor({6, 5}, f64), 0));
}

TEST_CASE("a label that is no class makes the loss NaN", "[losses]") {
  for (double wrong : {-1.0, 5.0, 2.5}) {
    Tensor target = labels.clone();
    target.set(3, wrong);
    CHECK(std::isnan(evaluate(loss::cross_entropy, logits, target).loss));
    CHECK(std::isnan(evaluate(loss::nll, logits, target).loss));
  }
}

TEST_CASE("losses and gradients are finite at extreme outputs", "[losses]") {
  for (DType real : {f32, f64}) {
    INFO(name_of(real));
    Tensor huge = Tensor::of({2, 3}, std::vector<double>{1e4, -1e4, 0, -1e30, 1e30, 0}, real);
    Tensor which = Tensor::of({1, 1}, real);
    Evaluated e = evaluate(loss::cross_entropy, huge, which);
    CHECK(e.loss == Approx(1e4)); // (2e4 + 0) / 2
    CHECK(same(e.gradient, Tensor::of({2, 3}, std::vector<double>{0.5, -0.5, 0, 0, 0, 0}, f64), 1e-7));
    // A class that cannot be: probability 0 and no gradient.
    Tensor masked = Tensor::of({1, 3}, std::vector<double>{0, -inf, 0}, real);
    for (const Tensor &target : {Tensor::of({2}, real), one_hot_of(Tensor::of({2}, f64), 3).to(real)}) {
      Evaluated m = evaluate(loss::cross_entropy, masked, target);
      CHECK(m.loss == Approx(std::log(2)));
      CHECK(same(m.gradient, Tensor::of({1, 3}, std::vector<double>{0.5, 0, -0.5}, f64), 1e-6));
    }
    Tensor far = Tensor::of({1e4, -1e4, 3e38, 0, -0.0}, real), yes = Tensor::of({0, 1, 1, 1, 1}, real);
    auto sum = [](Value y, Value t) { return loss::sigmoid_binary_cross_entropy(y, t, Reduction::Sum); };
    Evaluated b = evaluate(sum, far, yes);
    CHECK(b.loss == Approx(2e4 + 2 * std::log(2)));
    CHECK(same(b.gradient, Tensor::of({1, -1, 0, -0.5, -0.5}, f64), 1e-6));
    Evaluated p = evaluate(loss::binary_cross_entropy, Tensor::of({0, 1}, real), Tensor::of({0, 1}, real));
    CHECK(p.loss == Approx(0).margin(1e-10));
    CHECK((std::isfinite(p.gradient[0]) && std::isfinite(p.gradient[1])));
    // log cosh: |d| - log 2 far away, d^2 / 2 near 0.
    for (auto [d, expected] : {std::pair(1e4, 1e4 - std::log(2)), std::pair(1e-4, 0.5e-8), std::pair(0.0, 0.0)}) {
      Evaluated c = evaluate(loss::log_cosh, Tensor::of({d}, real), Tensor::of({0}, real));
      CHECK(c.loss == Approx(expected).epsilon(real == f64 ? 1e-8 : 1e-6));
      CHECK(c.gradient[0] == Approx(std::tanh(d)).epsilon(1e-6));
    }
  }
}

TEST_CASE("probabilities may be compared with logarithms in two forms", "[losses]") {
  Tensor target = probabilities();
  double of_logits = evaluate(loss::sigmoid_binary_cross_entropy, logits, target).loss;
  CHECK(evaluate(loss::binary_cross_entropy, squashed(logits, 1), target).loss == Approx(of_logits).epsilon(1e-12));
}

TEST_CASE("a target may be a number, also one that is written", "[losses]") {
  double sum = 0;
  for (std::int64_t k = 0; k < logits.size(); ++k)
    sum += (logits[k] - 0.5) * (logits[k] - 0.5);
  LossFunction written = [](Value y, Value) { return loss::mean_squared_error(y, 0.5); };
  CHECK(evaluate(written, logits, Tensor(0.0, f64)).loss == Approx(sum / 30).epsilon(1e-13));
  CHECK(evaluate(loss::mean_squared_error, logits, Tensor(0.5, f64)).loss == Approx(sum / 30).epsilon(1e-13));
}

TEST_CASE("losses refuse shapes and units that do not go together", "[losses]") {
  Tensor column = Tensor({6, 1}, f64), five = Tensor({6, 5}, f64);
  CHECK_THROWS_WITH(evaluate(loss::mean_squared_error, five, column),
                    Catch::Contains("loss::mean_squared_error compares arrays of one shape, got [6, 5] and [6, 1]"));
  CHECK_THROWS_WITH(evaluate(loss::cross_entropy, five, column),
                    Catch::Contains("labels [..] or with probabilities [.., K], got out [6, 5] and target [6, 1]"));
  CHECK_THROWS_WITH(evaluate(loss::cross_entropy, Tensor({1}, f64).reshape({}), Tensor(0.0, f64)),
                    Catch::Contains("labels [..]"));
  CHECK_THROWS_WITH(evaluate([](Value y, Value t) { return loss::huber(y * mV, t * mV); }, five, five),
                    Catch::Contains("loss::huber takes dimensionless values, got a value in [mV]"));
  CHECK_THROWS_WITH(evaluate([](Value y, Value t) { return loss::huber(y, t, {.delta = 0}); }, five, five),
                    Catch::Contains("a delta above 0"));
  CHECK_THROWS_WITH(
      evaluate([](Value y, Value t) { return loss::cross_entropy(y, t, {.label_smoothing = 2}); }, five, five),
      Catch::Contains("from 0 to 1, got 2"));
  CHECK_THROWS_WITH(evaluate([](Value y, Value t) { return loss::cross_entropy(y, t, {.ignore = 1}); }, five, five),
                    Catch::Contains("ignore names a label"));
}
