// SPDX-License-Identifier: Apache-2.0
// GapJunction: electrical synapses.
#pragma once

#include "models/projections/connection.h"
#include "models/projections/weights.h"

namespace overtime {

struct GapJunctionParts {
  Connectivity connect = all_to_all();
  Init weight = 1.0; ///< conductance: one number, or one for each pair [K] or [N, M]; in current per potential
  bool trainable = false;
  std::uint64_t seed = 0; ///< of the connectivity
};

/// Ohmic currents between cells (Kopell & Ermentrout 2004, PNAS 101, eq. 1):
///
///   I_j += sum over i of w_ij (V_i - V_j)
///
/// A pair of the connectivity is current from i into j; the other direction needs a pair of its own, so that what i
/// loses j gains: of one population a symmetric rule, of two a second GapJunction. V is that
/// of the end of the step before. Conductances of nA / mV = uS for LIF, of mS/cm2 for HH.
class GapJunction : public Connection {
public:
  template <class Pre, class Post>
  GapJunction(Pre &pre, Post &post, const GapJunctionParts &parts = {}, At at = At::current())
      : GapJunction(pre.V.same(), pre.count(), post.V.same(), post.count(), post.I.same(), parts, at) {}
  GapJunction(State from, std::int64_t sources, State to, std::int64_t targets, Input I, const GapJunctionParts &parts,
              At at = At::current())
      : Connection(Shape{targets}), unit_{1.0, I.unit() / to.unit()}, weights(parts.connect, sources, targets,
                                                                              {.weight = parts.weight,
                                                                               .unit = unit_.unit,
                                                                               .events = false,
                                                                               .trainable = parts.trainable,
                                                                               .seed = parts.seed},
                                                                              at),
        from_(std::move(from)), to_(std::move(to)), I_(std::move(I)) {
    adopt("weights", weights, at);
  }

  Tree<Value> update(const Tree<Value> &x) override {
    take_no_data(x);
    Value from = from_, to = to_;
    Value nothing = full_like(to, 0.0 * unit_);
    // The weights do not change in a run, so what goes out is one product for all steps.
    Value out = weights.add(full_like(from, Quantity{1.0, {}}), nothing);
    Value in = weights.add(from / from_unit(), nothing) * from_unit();
    I_ += in - out * to;
    return {};
  }

private:
  Quantity from_unit() const { return {1.0, from_.unit()}; }
  Quantity unit_; // of the weights

public:
  Weights weights; ///< child "weights"

private:
  State from_, to_;
  Input I_;
};

} // namespace overtime
