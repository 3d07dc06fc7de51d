// SPDX-License-Identifier: Apache-2.0
// Names of the integration methods and the Butcher tables of the explicit Runge-Kutta ones.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <vector>

namespace overtime::ir {

/// y' = y + dt * sum b_s k_s with k_s = f(t + c_s dt, y + dt * sum_{r<s} a_sr k_r).
struct ButcherTable {
  llvm::StringRef name;
  std::vector<std::vector<double>> a; // row s: a_s0 .. a_s,s-1
  std::vector<double> b, c;
};

/// The table of a Runge-Kutta method, nullptr for any other name. `heun` is `heun2`.
const ButcherTable *lookupButcherTable(llvm::StringRef method);

/// Methods of stochastic equations, and whether a name is one of them or of their aliases. Without noise
/// `euler_maruyama` and `milstein` are euler.
llvm::ArrayRef<llvm::StringRef> stochasticMethods();
bool takesNoise(llvm::StringRef method);

/// exp_euler and its aliases in BrainPy (exp_auto, exponential_euler).
bool isExponentialEuler(llvm::StringRef method);

/// Every accepted method name, for messages.
llvm::ArrayRef<llvm::StringRef> integrationMethods();

} // namespace overtime::ir
