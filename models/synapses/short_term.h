// SPDX-License-Identifier: Apache-2.0
// Short-term plasticity: how strong a spike is, by the spikes of the same source before it.
#pragma once

#include "compiler/overtime.h"

#include <memory>

namespace overtime {

/// From spikes [N] to their strengths.
class ShortTerm : public Model {
public:
  Tree<Value> update(const Tree<Value> &) override { return {}; }
  virtual Value strength(const Value &spikes) = 0;

protected:
  using Model::Model;
};
using ShortTermFactory = std::function<std::unique_ptr<ShortTerm>(std::int64_t n)>;

/// Depression (Abbott, Varela, Sen & Nelson 1997, Science 275, 220-224):
///
///   dx/dt = (1 - x) / tau;   at a spike x -= U x of the beginning of the step; strength x
///
/// | symbol | meaning                   | default | unit |
/// |--------|---------------------------|---------|------|
/// | tau    | time of recovery          | 200     | ms   |
/// | U      | part that a spike uses up | 0.07    | 1    |
class STD : public ShortTerm {
public:
  explicit STD(std::int64_t n, const Init &recovery = 200_ms, const Init &part = 0.07)
      : ShortTerm(Shape{n}), tau(param("tau", recovery, ms)), U(param("U", part)) {}
  Param tau, U;
  State x = state("x", 1.0);
  void equations() override { ddt(x) = (1 - x) / tau; }
  Value strength(const Value &spikes) override {
    Value old = x;
    integrate();
    x = where(spikes, x - U * old, x);
    return where(spikes, x, 0);
  }
};

struct STPOptions {
  Init U = 0.15, tau_f = 1500_ms, tau_d = 200_ms;
  bool legacy = false; ///< BrainPy 2.4.4's equation of u, du/dt = U - u / tau_f: for comparison alone
};
/// Facilitation and depression (Tsodyks & Markram 1997, PNAS 94, 719-723):
///
///   du/dt = -u / tau_f,   dx/dt = (1 - x) / tau_d
///   at a spike u += U (1 - u), then x -= u x, with the u and x of the beginning of the step on the right, but for the
///   u that x takes; strength u x
///
/// | symbol | meaning                     | default | unit |
/// |--------|-----------------------------|---------|------|
/// | U      | rise of u at a spike, and first u | 0.15 | 1 |
/// | tau_f  | time of facilitation        | 1500    | ms   |
/// | tau_d  | time of recovery            | 200     | ms   |
class STP : public ShortTerm {
public:
  explicit STP(std::int64_t n, const STPOptions &o = {})
      : ShortTerm(Shape{n}), U(param("U", o.U)), tau_f(param("tau_f", o.tau_f, ms)), tau_d(param("tau_d", o.tau_d, ms)),
        legacy(o.legacy) {}
  Param U, tau_f, tau_d;
  State u = state("u", 0.0), x = state("x", 1.0);
  void initial() override { u = U; }
  void equations() override {
    ddt(u) = legacy ? U / ms - u / tau_f : -u / tau_f;
    ddt(x) = (1 - x) / tau_d;
  }
  Value strength(const Value &spikes) override {
    Value u_old = u, x_old = x;
    integrate();
    u = where(spikes, u + U * (1 - u_old), u);
    x = where(spikes, x - u * x_old, x);
    return where(spikes, x * u, 0);
  }

private:
  bool legacy;
};

inline ShortTermFactory std_depression(const Init &tau = 200_ms, const Init &U = 0.07) {
  return [=](std::int64_t n) { return std::make_unique<STD>(n, tau, U); };
}
inline ShortTermFactory stp(const STPOptions &options = {}) {
  return [=](std::int64_t n) { return std::make_unique<STP>(n, options); };
}

} // namespace overtime
