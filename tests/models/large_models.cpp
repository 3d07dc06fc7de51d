// SPDX-License-Identifier: Apache-2.0
// Models of many alike parts, whose code is shared: the same numbers as alone, and as interpreted.
#include "compiler/trace/loops/reference_run.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "tests/models/ring.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>

using namespace overtime;
using overtime::test::Ring;

namespace {

bool same_bits(const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

/// The largest difference, over the largest value.
double relative_difference(const Tensor &a, const Tensor &b) {
  double difference = 0, largest = 1e-300;
  for (std::int64_t k = 0; k < a.size(); ++k) {
    difference = std::max(difference, std::abs(a[k] - b[k]));
    largest = std::max(largest, std::abs(b[k]));
  }
  return difference / largest;
}

Tensor currents(std::int64_t n, double from) {
  Tensor numbers({n}, f64);
  for (std::int64_t k = 0; k < n; ++k)
    numbers.set(k, from + 0.5 * double(k));
  return numbers;
}

/// A start that does not depend on a model's name, and an input that is another for every neuron.
std::unique_ptr<HH> squid(std::int64_t k, std::int64_t n) {
  auto cells = std::make_unique<HH>(n);
  cells->I.set_value(currents(n, 6));
  cells->gNa.set_value(120.0 + double(k));
  cells->reset_state();
  cells->V.set_value(currents(n, -65));
  return cells;
}
std::unique_ptr<LIF> leaky(std::int64_t k, std::int64_t n) {
  auto cells = std::make_unique<LIF>(n);
  cells->I.set_value(currents(n, 21));
  cells->tau.set_value(10.0 + double(k));
  cells->reset_state();
  return cells;
}

/// HH and LIF in turns; population k has 3 + k neurons.
struct Mixture : Model {
  explicit Mixture(std::int64_t count) : Model(Shape{}) {
    for (std::int64_t k = 0; k < count; ++k) {
      if (k % 2 == 0)
        cells.push_back(squid(k, 3 + k));
      else
        cells.push_back(leaky(k, 3 + k));
      adopt("p" + std::to_string(k), *cells.back());
    }
  }
  Tree<Value> update(const Tree<Value> &) override {
    for (auto &one : cells)
      one->update();
    return {};
  }
  std::vector<std::unique_ptr<Neuron>> cells;
};

template <class Cells> struct Stack : Layer {
  Stack(std::int64_t count, std::int64_t width) {
    for (std::int64_t k = 0; k < count; ++k) {
      layers.push_back(std::make_unique<Cells>(width, width));
      adopt("l" + std::to_string(k), *layers.back());
    }
  }
  using Layer::update;
  Value update(Value x) override {
    for (auto &layer : layers)
      x = (*layer)(x);
    return x;
  }
  std::vector<std::unique_ptr<Cells>> layers;
};

/// Every state of a model after a run equals that of a second one after the interpreter's.
void check_states(const Model &compiled, const Model &interpreted) {
  auto expected = interpreted.states();
  for (const auto &[path, state] : compiled.states()) {
    INFO(path);
    CHECK(relative_difference(state.value(), expected.at(path).value()) < 1e-11);
  }
}

} // namespace

TEST_CASE("populations of several sizes compute what each computes alone, bit for bit", "[large]") {
  for (std::int64_t count : {9, 80}) { // 80: every piece is a function, and the program takes tables
    Mixture model(count);
    LoopOverTime together(model, {.keep_outputs = false, .cache = false});
    std::map<std::string, Tensor> start;
    for (const auto &[path, state] : model.states())
      start.emplace(path, state.value());
    together.steps(300);
    for (std::int64_t k = 0; k < count; k += 7) {
      std::unique_ptr<Neuron> alone;
      if (k % 2 == 0)
        alone = squid(k, 3 + k);
      else
        alone = leaky(k, 3 + k);
      for (const auto &[name, state] : alone->states())
        state.set_value(start.at("p" + std::to_string(k) + "." + name));
      LoopOverTime one(*alone, {.keep_outputs = false, .cache = false});
      one.steps(300);
      for (const auto &[name, state] : alone->states()) {
        INFO("population " << k << " of " << count << ", " << name);
        CHECK(same_bits(model.var("p" + std::to_string(k) + "." + name).value(), state.value()));
      }
    }
  }
}

TEST_CASE("a ring of many populations computes what the interpreter computes", "[large]") {
  for (std::int64_t count : {5, 24}) {
    Ring compiled(count, 6), interpreted(count, 6);
    LoopOverTime run(compiled, {.real = f64, .keep_outputs = false, .cache = false});
    LoopOverTime reference(interpreted, {.real = f64, .keep_outputs = false});
    run.steps(40);
    run_reference(reference, Duration(4.0));
    check_states(compiled, interpreted);
  }
}

TEST_CASE("a stack of many layers computes what the interpreter computes", "[large]") {
  for (std::int64_t count : {5, 70}) {
    Stack<RNNCell> compiled(count, 6), interpreted(count, 6);
    LoopOverTime run(compiled, {.real = f64, .cache = false}), reference(interpreted, {.real = f64});
    run.reset_state(3);
    reference.reset_state(3);
    Tensor x = Tensor::uniform({4, 3, 6}, -1, 1, 1, f64);
    auto [out, vars] = run(x);
    auto [expected, none] = run_reference(reference, x);
    CHECK(relative_difference(out.leaf(), expected.leaf()) < 1e-11);
    check_states(compiled, interpreted);
  }
}
