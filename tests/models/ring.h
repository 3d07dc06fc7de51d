// SPDX-License-Identifier: Apache-2.0
// A coupled model of any size.
#pragma once

#include "models/neurons/lif.h"

#include <memory>
#include <vector>

namespace overtime::test {

/// LIF populations in a ring of full matrices, each driven by the potentials that the one before had
/// when the step began; or, after each other, by those that it has.
struct Ring : Model {
  Ring(std::int64_t count, std::int64_t n, bool after_each_other = false) : Model(Shape{}), in_turns(after_each_other) {
    for (std::int64_t k = 0; k < count; ++k) {
      cells.push_back(std::make_unique<LIF>(n));
      adopt("p" + std::to_string(k), *cells.back());
      weights.push_back(weight("w" + std::to_string(k), {n, n}, normal(0.0, 0.3)));
    }
  }
  Tree<Value> update(const Tree<Value> &) override {
    std::vector<Value> input;
    for (std::size_t k = 0; k < cells.size(); ++k) {
      input.push_back(matmul(sigmoid(cells[k]->V / (5 * mV)), weights[k]) + 21);
      if (in_turns)
        drive(k, input[k]);
    }
    for (std::size_t k = 0; k < cells.size() && !in_turns; ++k)
      drive(k, input[k]);
    return {};
  }
  void drive(std::size_t k, const Value &input) {
    LIF &next = *cells[(k + 1) % cells.size()];
    next.I += input;
    next.update();
  }
  bool in_turns;
  std::vector<std::unique_ptr<LIF>> cells;
  std::vector<Param> weights;
};

} // namespace overtime::test
