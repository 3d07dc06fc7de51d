// SPDX-License-Identifier: Apache-2.0
// Runs a model compiled and interpreted from the same start and compares all states and outputs.
#pragma once

#include "models/zoo.h"

namespace overtime::test {

/// One run of a model of the zoo.
struct ModelRun {
  std::string model;
  std::string method = "exp_euler";
  double dt = 0.1;
  std::optional<std::int64_t> batch = {};
  SharedArgs shared = {};
  std::map<std::string, double> scalars = {};
  std::int64_t size = 5; // neurons or outputs
  std::int64_t steps = 50;
  DType real = f64;
};

/// "" when a run agrees between compiled code and interpreter: every state at every step and the outputs; reals at
/// `relative` of the array's largest value, bools exactly. Else the first difference. The interpreter computes in f64.
std::string compare_with_interpreter(const ModelRun &run, double relative = 1e-11);

} // namespace overtime::test
