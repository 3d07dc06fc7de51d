// SPDX-License-Identifier: Apache-2.0
// Outputs: what a conductance does to the neuron behind it.
#pragma once

#include "compiler/overtime.h"

#include <memory>

namespace overtime {

/// From the conductance g of the synapses of a neuron, and its potential V, to the current that it takes.
class Output : public Model {
public:
  Tree<Value> update(const Tree<Value> &) override { return {}; }
  virtual Value current(const Value &g, const Value &V) = 0;
  /// The unit of g for a neuron whose current and potential count in these.
  virtual Unit unit(const Unit &current, const Unit &potential) const = 0;

protected:
  Output() : Model(Shape{}) {}
};
using OutputFactory = std::function<std::unique_ptr<Output>()>;

/// I = g: a current.
class CUBA : public Output {
public:
  Value current(const Value &g, const Value &) override { return g; }
  Unit unit(const Unit &current, const Unit &) const override { return current; }
};

/// I = g (E - V): a conductance with the reversal potential E [mV].
class COBA : public Output {
public:
  explicit COBA(const Init &reversal = 0_mV) : E(param("E", reversal, mV)) {}
  Param E;
  Value current(const Value &g, const Value &V) override { return g * (E - V); }
  Unit unit(const Unit &current, const Unit &potential) const override { return current / potential; }
};

struct MgBlockOptions {
  Init E = 0_mV, cc_Mg = 1.2, alpha = 0.062, beta = 3.57;
};
/// I = g (E - V) / (1 + cc_Mg / beta exp(-alpha V)): magnesium blocks the channel below about -20 mV (Jahr & Stevens
/// 1990, J. Neurosci. 10, 3178-3182).
///
/// | symbol | meaning                          | default | unit |
/// |--------|----------------------------------|---------|------|
/// | E      | reversal potential               | 0       | mV   |
/// | cc_Mg  | concentration of magnesium       | 1.2     | mM   |
/// | alpha  | steepness of the block           | 0.062   | 1/mV |
/// | beta   | half the concentration at V = 0  | 3.57    | mM   |
class MgBlock : public Output {
public:
  explicit MgBlock(const MgBlockOptions &o = {})
      : E(param("E", o.E, mV)), cc_Mg(param("cc_Mg", o.cc_Mg)), alpha(param("alpha", o.alpha)),
        beta(param("beta", o.beta)) {}
  Param E, cc_Mg, alpha, beta;
  Value current(const Value &g, const Value &V) override {
    return g * (E - V) / (1 + cc_Mg / beta * exp(-alpha * (V / mV)));
  }
  Unit unit(const Unit &current, const Unit &potential) const override { return current / potential; }
};

inline OutputFactory cuba() {
  return [] { return std::make_unique<CUBA>(); };
}
inline OutputFactory coba(const Init &E = 0_mV) {
  return [E] { return std::make_unique<COBA>(E); };
}
inline OutputFactory mg_block(const MgBlockOptions &options = {}) {
  return [options] { return std::make_unique<MgBlock>(options); };
}

} // namespace overtime
