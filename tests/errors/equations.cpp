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
  Value kept; // made in equations()
  bool uses_kept = false;
  Param M = weight("M", {3, 3}, 0.5);
  using Model::ddt;
  void equations() override { f(*this); }
  Tree<Value> update(const Tree<Value> &) override {
    integrate();
    return uses_kept ? kept * 2 : kept.where().known() ? kept : Value(V);
  }
  using Model::integrate;
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

      // EXPECT: @HERE
      // EXPECT: which it is no state of; its own model gives it
      // EXPECT: is declared here
      {"derivative_of_another_model",
       [] {
         struct Pair : Model {
           Pair() : Model(Shape{3}), inner(child("inner", Equations([](Equations &m) { m.ddt(m.V) = -m.V / ms; }))) {}
           Equations inner;
           void equations() override {
             ddt(inner.V) = -65_mV / ms; // HERE
           }
           Tree<Value> update(const Tree<Value> &) override {
             integrate();
             return {};
           }
         };
         Pair pair;
         LoopOverTime(pair, {.cache = false}).steps(1);
       }},

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
      // EXPECT: error: this Value was made inside equations() and exists only there; compute it again in update()
      {"value_of_equations_returned",
       [] {
         solve([](Equations &m) {
           m.kept = m.w * 3; // HERE
           m.ddt(m.w) = -m.kept / ms;
         });
       }},

      // EXPECT: error: this Value was made inside equations() and exists only there; compute it again in update()
      // EXPECT: @HERE: note: the Value was made here
      {"value_of_equations_used",
       [] {
         solve([](Equations &m) {
           m.uses_kept = true;
           m.kept = m.w * 3; // HERE
           m.ddt(m.w) = -m.kept / ms;
         });
       }},

      // EXPECT: @HERE
      // EXPECT: error: 'w' is assigned inside equations(); assign it in update()
      // EXPECT: note: 'w' is declared here
      {"state_assigned_in_equations",
       [] {
         solve([](Equations &m) {
           m.ddt(m.V) = -m.V / ms;
           m.w = m.w + 1; // HERE
         });
       }},

      // EXPECT: @HERE
      // EXPECT: calls integrate() inside equations()
      {"integrate_in_equations",
       [] {
         solve([](Equations &m) {
           m.integrate(); // HERE
         });
       }},

      // EXPECT: @HERE
      // EXPECT: error: ddt(w) is given outside equations()
      {"derivative_in_update",
       [] {
         struct Early : Equations {
           Early() : Equations([](Equations &) {}) {}
           Tree<Value> update(const Tree<Value> &) override {
             ddt(w) = -w / ms; // HERE
             return {};
           }
         } model;
         LoopOverTime(model, {.cache = false}).steps(1);
       }},

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
