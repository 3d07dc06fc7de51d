// SPDX-License-Identifier: Apache-2.0
// Coupled models, whose threads exchange numbers in every step: the bits of a run do not depend on how many there are.
#include "models/initializers.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "tests/models/ring.h"
#include "tests/trace/event_network.h"
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

namespace {

/// `run` gives outputs and states of a run with this many threads.
void check_threads(const std::function<std::vector<Tensor>(std::int32_t)> &run) {
  std::vector<Tensor> alone = run(1);
  for (std::int32_t threads : {2, 3, 4, 8, 24}) { // more than there are processors, too
    std::vector<Tensor> shared = run(threads);
    REQUIRE(shared.size() == alone.size());
    for (std::size_t k = 0; k < alone.size(); ++k) {
      INFO(threads << " threads, array " << k);
      CHECK(same_bits(shared[k], alone[k]));
    }
  }
}

/// Two populations that pull each other to their mean potentials.
struct MeanField : Model {
  MeanField(std::int64_t n, std::int64_t m) : Model(Shape{}), a(n), b(m) {
    adopt("a", a);
    adopt("b", b);
  }
  HH a, b;
  Tree<Value> update(const Tree<Value> &) override {
    Value of_a = mean(a.V), of_b = mean(b.V);
    a.I += 10 + 0.3 * (of_b - a.V) / mV;
    b.I += 12 + 0.3 * (of_a - b.V) / mV;
    a.update();
    b.update();
    return {};
  }
};

/// Neurons of two kinds that know nothing of each other, in numbers that have no divisor.
struct Apart : Model {
  Apart() : Model(Shape{}), a(1013), b(517) {
    adopt("a", a);
    adopt("b", b);
  }
  HH a;
  LIF b;
  Tree<Value> update(const Tree<Value> &) override {
    a.I += 10;
    b.I += 30;
    a.update();
    b.update();
    return {};
  }
};

} // namespace

TEST_CASE("spikes through synapses: the same bits on any number of threads", "[trace]") {
  for (DType real : {f32, f64})
    for (std::int64_t n : {50, 700, 5003})
      for (auto [sorted, real_events] : {std::pair{true, false}, {false, false}, {true, true}})
        check_threads([&](std::int32_t threads) {
          EventNetwork model(n, sorted, real_events);
          std::vector<Tensor> states = states_after(model, {.real = real, .threads = threads}, 61);
          REQUIRE(std::isfinite(states[0][0]));
          return states;
        });
}

TEST_CASE("populations that meet in a mean: the same bits on any number of threads", "[trace]") {
  for (DType real : {f32, f64})
    for (auto [n, m] : {std::pair{1013, 517}, {20, 1}, {3, 40}, {2000, 2000}})
      check_threads([&](std::int32_t threads) {
        MeanField model(n, m);
        return states_after(model, {.real = real, .threads = threads}, 60);
      });
}

TEST_CASE("populations in a ring of full matrices: the same bits on any number of threads", "[trace]") {
  for (bool in_turns : {false, true})
    for (std::int64_t n : {33, 300, 1000}) // 300 and 1000: weights in panels, with columns that remain
      check_threads([&](std::int32_t threads) {
        Ring model(4, n, in_turns);
        return states_after(model, {.threads = threads}, 25);
      });
}

TEST_CASE("a coupled program of many buffers takes tables on a team too", "[trace]") {
  check_threads([&](std::int32_t threads) {
    Ring model(12, 40, false);
    return states_after(model, {.threads = threads}, 25);
  });
}

TEST_CASE("populations without a connection: the same bits on any number of threads", "[trace]") {
  check_threads([&](std::int32_t threads) {
    Apart model;
    return states_after(model, {.threads = threads}, 60);
  });
}

TEST_CASE("wide layers without a batch: the same bits on any number of threads", "[trace]") {
  for (std::int64_t width : {50, 300})
    check_threads([&](std::int32_t threads) -> std::vector<Tensor> {
      Sequential model{{"l1", RNNCell(40, width)}, {"l2", LSTMCell(width, 70)}, {"l3", GRUCell(70, width)}};
      LoopOverTime over_time(model, {.threads = threads});
      return {over_time(Tensor::uniform({20, 40})).out.leaf(), model.states().begin()->second.value()};
    });
}

TEST_CASE("a run in chunks and of one step on a team", "[trace]") {
  check_threads([&](std::int32_t threads) -> std::vector<Tensor> {
    RNNCell cell(50, 300);
    LoopOverTime over_time(cell, {.threads = threads});
    Tensor x = Tensor::uniform({20, 50});
    Tensor first = over_time(x.rows(0, 1)).out.leaf(), rest = over_time(x.rows(1, 20)).out.leaf();
    return {first, rest, cell.state.value()};
  });
}
