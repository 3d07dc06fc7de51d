// SPDX-License-Identifier: Apache-2.0
// Large models for timing the compiler: many layers in a row, many populations apart or in a ring.
#pragma once

#include "models/layers/dense.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"

#include <memory>
#include <vector>

namespace bench {

/// K layers of one kind and width, one after the other.
template <class L> class Stack : public overtime::Layer {
public:
  Stack(std::int64_t count, std::int64_t width) {
    for (std::int64_t k = 0; k < count; ++k) {
      layers.push_back(std::make_unique<L>(width, width));
      adopt("l" + std::to_string(k), *layers.back());
    }
  }

  using Layer::update;
  overtime::Value update(overtime::Value x) override {
    for (auto &layer : layers)
      x = (*layer)(x);
    return x;
  }

private:
  std::vector<std::unique_ptr<L>> layers;
};

/// K populations, HH and LIF in turns. Population k has `size` + k * `growth` neurons.
class Populations : public overtime::Model {
public:
  Populations(std::int64_t count, std::int64_t size, std::int64_t growth) {
    for (std::int64_t k = 0; k < count; ++k) {
      std::int64_t n = size + k * growth;
      if (k % 2 == 0)
        cells.push_back(std::make_unique<overtime::HH>(n));
      else
        cells.push_back(std::make_unique<overtime::LIF>(n));
      adopt("p" + std::to_string(k), *cells.back());
    }
  }

  overtime::Tree<overtime::Value> update(const overtime::Tree<overtime::Value> &) override {
    for (auto &one : cells)
      one->update();
    return {};
  }

protected:
  std::vector<std::unique_ptr<overtime::Neuron>> cells;
};

/// The same populations in a ring: each is driven through a full matrix by a sigmoid of the potential of the one
/// before, as it was when the step began.
class Ring : public Populations {
public:
  Ring(std::int64_t count, std::int64_t size) : Populations(count, size, 0) {
    for (std::int64_t k = 0; k < count; ++k)
      weights.push_back(weight("w" + std::to_string(k), {size, size}, overtime::normal(0.1)));
  }

  overtime::Tree<overtime::Value> update(const overtime::Tree<overtime::Value> &x) override {
    std::vector<overtime::Value> currents;
    for (std::size_t k = 0; k < cells.size(); ++k) {
      overtime::Neuron &before = *cells[(k + cells.size() - 1) % cells.size()];
      overtime::Value released = sigmoid((potential(before) + 20 * overtime::mV) / (5 * overtime::mV));
      currents.push_back(matmul(released, weights[k]) + 10);
    }
    for (std::size_t k = 0; k < cells.size(); ++k)
      cells[k]->I += currents[k];
    return Populations::update(x);
  }

private:
  static overtime::Value potential(overtime::Neuron &cells) {
    if (auto *hh = dynamic_cast<overtime::HH *>(&cells))
      return hh->V;
    return dynamic_cast<overtime::LIF &>(cells).V;
  }

  std::vector<overtime::Param> weights;
};

} // namespace bench
