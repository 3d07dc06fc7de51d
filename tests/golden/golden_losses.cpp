// SPDX-License-Identifier: Apache-2.0
// Losses against BrainPy's.
#include "models/losses/classification.h"
#include "models/losses/regression.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;
using namespace overtime::golden;

namespace {

using LossFunction = std::function<Value(Value, Value)>;

/// The numbers of a loss, of one step.
Tensor evaluate(const LossFunction &loss, const Tensor &out, const Tensor &target) {
  auto row = [](const Tensor &x) {
    Shape shape = x.shape();
    shape.insert(shape.begin(), 1);
    return x.reshape(shape);
  };
  Tensor all =
      for_loop([&](const Tree<Value> &v) -> Tree<Value> { return loss(v["out"].leaf(), v["target"].leaf()); },
               Tree<Tensor>::map({{"out", row(out)}, {"target", row(target)}}), {.real = out.dtype(), .cache = false})
          .leaf();
  Shape shape = all.shape();
  shape.erase(shape.begin());
  return all.reshape(shape);
}

Tensor magnitudes(const Tensor &x) {
  Tensor y = x.clone();
  for (double &v : y.values<double>())
    v = std::abs(v);
  return y;
}

} // namespace

TEST_CASE("losses are BrainPy's", "[golden]") {
  Case c = load("losses");
  Tensor p = c.input("p"), t = c.input("t"), labels = c.input("labels");
  struct Column {
    const char *name;
    LossFunction loss;
    Tensor out, target;
  };
  using loss::Reduction;
  // BrainPy's reductions: the mean of errors and cross entropies, the sum of l1, none of the others.
  const std::vector<Column> columns = {
      {"mean_squared_error", loss::mean_squared_error, p, t},
      {"mean_absolute_error", loss::mean_absolute_error, p, t},
      {"mean_squared_log_error", loss::mean_squared_log_error, magnitudes(p), magnitudes(t)},
      {"l1_loss_sum", [](Value y, Value x) { return loss::l1(y, x, Reduction::Sum); }, p, t},
      {"l2_loss", [](Value y, Value x) { return loss::l2(y, x, Reduction::None); }, p, t},
      {"huber_loss", [](Value y, Value x) { return loss::huber(y, x, {.reduction = Reduction::None}); }, p, t},
      {"log_cosh_loss", [](Value y, Value x) { return loss::log_cosh(y, x, Reduction::None); }, p, t},
      {"cross_entropy_loss", loss::cross_entropy, p, labels},
  };
  CHECK(columns.size() == c.f64.size());
  for (const Column &column : columns)
    for (DType real : {f64, f32}) {
      INFO(column.name << " in " << name_of(real));
      Tensor got = evaluate(column.loss, column.out.to(real), column.target.to(real));
      Tolerance tolerance = real == f64 ? Tolerance{.relative = 1e-14} : f32_tolerance(c, column.name);
      CHECK(difference(column.name, got, c.expected(column.name), tolerance) == "");
    }
}
