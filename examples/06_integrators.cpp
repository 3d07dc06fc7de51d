// SPDX-License-Identifier: Apache-2.0
// Lesson 6: one definition, many integrators. Their errors against a solution known on paper, at two step lengths.
#include "compiler/overtime.h"

#include <cmath>
#include <cstdio>

using namespace overtime;

/// Logistic growth dx/dt = r x (1 - x), whose solution is x(t) = 1 / (1 + (1 / x0 - 1) exp(-r t)).
class Logistic : public Model {
public:
  Logistic() : Model(Shape{1}) {}
  Param r = param("r", 1 / ms);
  State x = state("x", 0.1);
  void equations() override { ddt(x) = r * x * (1 - x); }
  Tree<Value> update(const Tree<Value> &) override {
    integrate();
    return Value(x);
  }
};

static double error_after_4ms(const char *method, double dt) {
  Logistic model;
  model.method(method);
  LoopOverTime over_time(model, {.dt = dt, .real = f64});
  over_time(4_ms);
  double exact = 1 / (1 + 9 * std::exp(-4.0));
  return std::abs(model.x.value()[0] - exact);
}

int main() {
  struct Row {
    const char *method;
    int order; // the error falls as dt to this power
  };
  std::printf("%-10s %12s %12s %8s\n", "method", "dt = 0.1", "dt = 0.05", "order");
  bool as_expected = true;
  // exp_euler takes the slope of each equation by its own state into account; in one equation that makes it second
  // order.
  for (Row row : {Row{"euler", 1}, Row{"exp_euler", 2}, Row{"midpoint", 2}, Row{"heun2", 2}, Row{"rk2", 2},
                  Row{"rk3", 3}, Row{"rk4", 4}}) {
    double coarse = error_after_4ms(row.method, 0.1), fine = error_after_4ms(row.method, 0.05);
    double order = std::log2(coarse / fine);
    std::printf("%-10s %12.2e %12.2e %8.2f\n", row.method, coarse, fine, order);
    as_expected &= std::abs(order - row.order) < 0.4;
  }
  return as_expected ? 0 : 1;
}
