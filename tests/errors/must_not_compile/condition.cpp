// SPDX-License-Identifier: Apache-2.0
// A condition on traced values has no truth value while tracing.
// EXPECT: where(condition, a, b)
#include "compiler/overtime.h"

struct Neuron1 : overtime::Neuron {
  Neuron1() : Neuron(1) {}
  overtime::State V = state("V", 0.0);
  using Neuron::update;
  overtime::Value update() override {
    if (V > 20) // HERE
      V = 0.0;
    return V;
  }
};
