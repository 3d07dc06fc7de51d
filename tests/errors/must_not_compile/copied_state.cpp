// SPDX-License-Identifier: Apache-2.0
// A copy of a state would be another name of it, not its value: write `Value old = V;`.
// EXPECT: deleted
#include "compiler/overtime.h"

struct Neuron1 : overtime::Neuron {
  Neuron1() : Neuron(1) {}
  overtime::State V = state("V", 0.0);
  using Neuron::update;
  overtime::Value update() override {
    auto old = V; // HERE
    return V;
  }
};
