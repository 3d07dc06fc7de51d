// SPDX-License-Identifier: Apache-2.0
// Networks whose neurons meet in every step, for timing threads that exchange numbers.
#pragma once

#include "bench/subjects.h"

#include <memory>
#include <vector>

namespace bench {

/// Two populations of HH neurons that pull each other to their mean potentials.
struct MeanField : overtime::Model {
  explicit MeanField(std::int64_t n) : Model(overtime::Shape{}), a(n), b(n) {
    adopt("a", a);
    adopt("b", b);
  }
  overtime::Tree<overtime::Value> update(const overtime::Tree<overtime::Value> &) override {
    overtime::Value of_a = mean(a.V), of_b = mean(b.V);
    a.I += 0.1 * (of_b - a.V) / overtime::mV;
    b.I += 0.1 * (of_a - b.V) / overtime::mV;
    a.update();
    b.update();
    return {};
  }
  Squid a, b;
};

/// Four populations of LIF neurons in a ring of full matrices.
struct LeakyRing : overtime::Model {
  explicit LeakyRing(std::int64_t n) : Model(overtime::Shape{}) {
    for (int k = 0; k < 4; ++k) {
      cells.push_back(std::make_unique<Leaky>(n));
      adopt("p" + std::to_string(k), *cells.back());
      weights.push_back(weight("w" + std::to_string(k), {n, n}, overtime::normal(0.0, 0.3)));
    }
  }
  overtime::Tree<overtime::Value> update(const overtime::Tree<overtime::Value> &) override {
    std::vector<overtime::Value> input;
    for (std::size_t k = 0; k < cells.size(); ++k)
      input.push_back(matmul(sigmoid(cells[k]->V / (5 * overtime::mV)), weights[k]));
    for (std::size_t k = 0; k < cells.size(); ++k)
      cells[(k + 1) % cells.size()]->I += input[k];
    for (auto &one : cells)
      one->update();
    return {};
  }
  std::vector<std::unique_ptr<Leaky>> cells;
  std::vector<overtime::Param> weights;
};

} // namespace bench
