// SPDX-License-Identifier: Apache-2.0
// The table of wrong programs: overtime_errors NAME runs one, check.py reads what it prints.
#pragma once

#include "compiler/overtime.h"

#include <functional>
#include <map>
#include <string>

namespace overtime::errors {

using Cases = std::map<std::string, std::function<void()>>;

Cases unit_cases();
Cases shape_cases();
Cases name_cases();
Cases call_cases();
Cases equation_cases();

/// A model of shape [3] whose step is given.
struct Given : Model {
  explicit Given(std::function<Tree<Value>(Given &, const Tree<Value> &)> step)
      : Model(Shape{3}), step(std::move(step)) {}
  std::function<Tree<Value>(Given &, const Tree<Value> &)> step;
  State V = state("V", -65_mV);
  Param I = param("I", 1_nA), W = weight("W", {4, 2}, 0.0);
  Tree<Value> update(const Tree<Value> &x) override { return step(*this, x); }
  using Model::i;
  using Model::random_uniform;
  using Model::t;
};

/// Traces and runs one step of it.
inline void run(const std::function<Tree<Value>(Given &, const Tree<Value> &)> &step, LoopOptions options = {}) {
  Given model(step);
  options.cache = false;
  LoopOverTime(model, options).steps(1);
}

} // namespace overtime::errors
