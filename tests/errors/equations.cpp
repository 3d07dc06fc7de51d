// SPDX-License-Identifier: Apache-2.0
// Wrong programs: differential equations.
#include "tests/errors/cases.h"

namespace overtime::errors {
namespace {

/// A model whose equations are given.
struct Equations : Model {
  explicit Equations(std::function<void(Equations &)> f) : Model(Shape{3}), f(std::move(f)) {}
  std::function<void(Equations &)> f;
  State V = state("V", -65_mV), w = state("w", 0.0);
  Param M = weight("M", {3, 3}, 0.5);
  using Model::ddt;
  void equations() override { f(*this); }
  Tree<Value> update(const Tree<Value> &) override {
    integrate();
    return Value(V);
  }
};

void solve(const std::function<void(Equations &)> &equations, const char *method = "exp_euler") {
  Equations model(equations);
  model.method(method);
  LoopOverTime(model, {.cache = false}).steps(1);
}

} // namespace

Cases equation_cases() {
  return {
      // EXPECT: @HERE
      // EXPECT: error: dV/dt must be in [ms^-1 mV], got [mV]
      // EXPECT: note: 'V' is declared here in [mV]
      {"derivative_unit", [] { solve([](Equations &m) { m.ddt(m.V) = -m.V; }); }}, // HERE

      // EXPECT: error: ddt(w) is given twice
      // EXPECT: note: first given here
      {"derivative_twice",
       [] {
         solve([](Equations &m) {
           m.ddt(m.w) = -m.w / ms;
           m.ddt(m.w) = m.w / ms;
         });
       }},

      // EXPECT: @HERE
      // EXPECT: error: dw/dt must have shape [3], got [3, 3]
      {"derivative_shape", [] { solve([](Equations &m) { m.ddt(m.w) = m.M / ms; }); }}, // HERE

      // EXPECT: error:
      // EXPECT: calls integrate(), but its equations() give no ddt
      {"no_derivative", [] { solve([](Equations &) {}); }},

      // EXPECT: @HERE
      // EXPECT: exp_euler
      // EXPECT: euler
      {"exp_euler_through_matmul", [] { solve([](Equations &m) { m.ddt(m.w) = matmul(m.w, m.M) / ms; }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: ddt(w) is given outside equations()
      {"derivative_outside",
       [] {
         Equations model([](Equations &) {});
         model.ddt(model.w) = 1 / ms; // HERE
       }},
  };
}

} // namespace overtime::errors
