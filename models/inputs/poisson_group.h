// SPDX-License-Identifier: Apache-2.0
// PoissonGroup: neurons that fire at random with a given rate.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// Poisson processes cut into steps: neuron k fires in a step with probability (rate + I) dt, independent of all
/// others.
///
/// | symbol | meaning              | default | unit |
/// |--------|----------------------|---------|------|
/// | rate   | mean rate of firing  | 100     | Hz   |
///
/// The rate is one number for all or an array with one for each neuron. Input I [Hz] adds to it: the data of a call is
/// a rate that changes with time. A probability above 1 fires in every step. State: spike. Returns it.
class PoissonGroup : public Neuron {
public:
  explicit PoissonGroup(std::int64_t n = 1, const Init &rate = 100 * Hz, At at = At::current())
      : Neuron(n, Hz, at), rate(param("rate", rate, Hz, at)) {}

  Param rate;
  State spike = state("spike", false);

  using Neuron::update;
  Value update() override { return spike = random_bernoulli("spike", (rate + I) * dt(), spike.shape()); }
};

} // namespace overtime
