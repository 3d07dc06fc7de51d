// SPDX-License-Identifier: Apache-2.0
// Calls that continue: any partition of a run gives the bits of the whole (S6, S11).
#include "compiler/trace/loops/reference_run.h"
#include "models/layers/dense.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// Output and monitor of the model for data x in calls of the given lengths.
template <class M>
std::pair<Tensor, Tensor> run(M &model, const State &monitored, const Tensor &x, const std::vector<std::int64_t> &parts,
                              LoopOptions options) {
  options.out_vars = monitored;
  options.cache = false;
  options.real = x.dtype();
  LoopOverTime over_time(model, options);
  if (x.rank() == 3)
    over_time.reset_state(x.shape()[1]);
  else
    over_time.reset_state();
  std::optional<std::pair<Tensor, Tensor>> all;
  std::int64_t begin = 0;
  for (std::int64_t steps : parts) {
    LoopResult r = over_time(x.rows(begin, begin + steps));
    begin += steps;
    if (all)
      all = {joined(all->first, r.out.leaf()), joined(all->second, r.vars.leaf())};
    else
      all = {r.out.leaf(), r.vars.leaf()};
  }
  return *all;
}

template <class M> void check_partitions(M &model, const State &monitored, const Tensor &x) {
  std::int64_t T = x.shape()[0];
  auto whole = run(model, monitored, x, {T}, {});
  for (const std::vector<std::int64_t> &parts :
       {std::vector<std::int64_t>{T / 2, T - T / 2}, {1, T - 1}, {T - 1, 1}, {7, 0, 13, T - 20}}) {
    auto chunked = run(model, monitored, x, parts, {});
    CHECK(same_bits(whole.first, chunked.first));
    CHECK(same_bits(whole.second, chunked.second));
  }
  auto hosted = run(model, monitored, x, {T}, {.jit = false});
  CHECK(same_bits(whole.first, hosted.first));
  CHECK(same_bits(whole.second, hosted.second));
}

} // namespace

TEST_CASE("HH in chunks and on the host has the bits of the whole (S6, S11)", "[trace]") {
  for (DType real : {f32, f64}) {
    HH hh(19);
    check_partitions(hh, hh.V, sample({200, 19}, 5, real, 0.0, 20.0));
  }
}

TEST_CASE("LIF with a refractory time in chunks and on the host has the bits of the whole (S6, S11)", "[trace]") {
  for (DType real : {f32, f64}) {
    LIF lif(19, {.tau_ref = 5_ms});
    check_partitions(lif, lif.V, sample({400, 19}, 6, real, 20.0, 60.0));
  }
}

TEST_CASE("a batch of LSTM cells in chunks and on the host has the bits of the whole (S6, S11)", "[trace]") {
  for (DType real : {f32, f64}) {
    LSTMCell cell(5, 9);
    check_partitions(cell, cell.state, sample({40, 3, 5}, 7, real));
  }
}

TEST_CASE("weights in panels, and as they are in short calls, give the same bits", "[trace]") {
  for (DType real : {f32, f64}) {
    LSTMCell cell(100, 130); // 520 columns: whole panels and a rest
    check_partitions(cell, cell.state, sample({24, 3, 100}, 8, real));
  }
}

TEST_CASE("products of 16 steps at once give the bits of steps one by one, and what the interpreter says", "[trace]") {
  for (DType real : {f32, f64}) {
    LSTMCell lstm(70, 9);
    GRUCell gru(50, 20);
    Sequential model{{"encoder", Dense(70, 20)}, {"f", tanh}, {"cell", RNNCell(20, 12)}, {"out", Dense(12, 3)}};
    Sequential no_state{{"a", Dense(70, 20)}, {"f", relu}, {"b", Dense(20, 66)}};
    check_partitions(lstm, lstm.state, sample({69, 1, 70}, 9, real));
    check_partitions(gru, gru.state, sample({69, 1, 50}, 10, real));
    for (Model *one : {static_cast<Model *>(&model), static_cast<Model *>(&no_state)})
      for (Shape shape : {Shape{69, 1, 70}, Shape{69, 70}}) {
        auto run = [&](std::initializer_list<std::int64_t> ends, bool reference) {
          LoopOverTime over_time(*one, {.real = real, .cache = false});
          if (shape.size() == 3)
            over_time.reset_state(1);
          else
            over_time.reset_state();
          Tensor x = sample(shape, 11, real), all;
          std::int64_t begin = 0;
          for (std::int64_t end : ends) {
            Tensor rows = x.rows(begin, end);
            Tensor y = reference ? run_reference(over_time, rows).out.leaf() : over_time(rows).out.leaf();
            all = begin == 0 ? y : joined(all, y);
            begin = end;
          }
          return all;
        };
        Tensor whole = run({69}, false), interpreted = run({69}, true);
        CHECK(same_bits(whole, run({15, 31, 32, 69}, false)));
        REQUIRE(interpreted.size() == whole.size());
        double worst = 0, largest = 0;
        for (std::int64_t k = 0; k < whole.size(); ++k) {
          worst = std::max(worst, std::abs(whole[k] - interpreted[k]));
          largest = std::max(largest, std::abs(interpreted[k]));
        }
        // Sums of up to 70 products, and 69 steps that each add their roundings.
        CHECK(worst < largest * (real == f32 ? 0x1p-15 : 0x1p-44));
      }
  }
}

TEST_CASE("products of an input that is the same in all steps: a duration in calls has the bits of the whole",
          "[trace]") {
  struct Driven : Model {
    Driven() : Model(Shape{64}) {}
    Input I = input("I");
    Param W = weight("W", {64, 64}, normal(0.0, 0.1));
    State v = state("v", 0.0);
    Tree<Value> update(const Tree<Value> &) override { return Value(v = 0.5 * v + matmul(I, W)); }
  };
  auto run = [](std::initializer_list<double> calls) {
    Driven model;
    model.I.set_value(sample({64}, 13, f32));
    LoopOverTime over_time(model, {.dt = 1.0, .cache = false});
    Tensor all;
    for (double duration : calls) {
      Tensor y = over_time(duration * ms).out.leaf();
      all = all.size() == 0 ? y : joined(all, y);
    }
    return all;
  };
  CHECK(same_bits(run({50.0}), run({16.0, 1.0, 33.0})));
}

TEST_CASE("an output that is not kept does not disturb products of 16 steps", "[trace]") {
  GRUCell cell(50, 20);
  Tensor x = sample({40, 1, 50}, 12, f32);
  auto state = [&](bool keep) {
    LoopOverTime over_time(cell, {.keep_outputs = keep, .cache = false});
    over_time.reset_state(1);
    over_time(x);
    return cell.state.value();
  };
  CHECK(same_bits(state(true), state(false)));
}

TEST_CASE("with jit = false the callback sees every step (S6)", "[trace]") {
  Counter model;
  std::vector<std::int64_t> seen;
  std::vector<double> totals;
  LoopOptions options{.i0 = 10, .jit = false, .cache = false};
  options.on_step = [&](std::int64_t i) {
    seen.push_back(i);
    totals.push_back(model.total.value()[0]);
  };
  LoopOverTime over_time(model, options);
  over_time.steps(4);
  CHECK(seen == std::vector<std::int64_t>{10, 11, 12, 13});
  CHECK(totals == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("a run that is stopped keeps what it computed and can go on", "[trace]") {
  Counter model;
  LoopOptions options{.out_vars = model.total, .cache = false};
  bool stop = true;
  options.progress = [&](std::int64_t done, std::int64_t) { return !(stop && done >= 100); };
  LoopOverTime over_time(model, options);
  LoopResult first = over_time.steps(1000);
  std::int64_t done = first.vars->shape()[0];
  CHECK(done >= 100);
  CHECK(done < 1000);
  CHECK(first.out->shape()[0] == done);
  CHECK(over_time.i0() == done);
  stop = false;
  LoopResult rest = over_time.steps(1000 - done);
  CHECK(rest.vars.leaf()[0] == static_cast<double>(done + 1));
  CHECK(over_time.i0() == 1000);
}

TEST_CASE("a run leaves the numbers of an initializer as they are", "[trace]") {
  Tensor numbers_f64 = Tensor::of({1, 2}, f64), flags(Shape{2}, DType::Bool);
  struct Kept : Model {
    Kept(Tensor a, Tensor b)
        : Model(Shape{2}), x(state("x", Initializer([a](const Shape &, std::uint64_t) { return a; }))),
          on(state("on", Initializer([b](const Shape &, std::uint64_t) { return b; }))) {}
    State x, on;
    Tree<Value> update(const Tree<Value> &) override { return Value(x = x + 1); }
  } model(numbers_f64, flags);
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  over_time.steps(3);
  CHECK(numbers(numbers_f64) == std::vector<double>{1, 2});
  over_time.reset_state();
  CHECK(numbers(over_time.steps(1).out.leaf()) == std::vector<double>{2, 3});
}

TEST_CASE("two loops on one model share its states", "[trace]") {
  Counter model;
  LoopOverTime a(model, {.cache = false}), b(model, {.real = f64, .cache = false});
  a.steps(3);
  b.steps(2);
  CHECK(model.total.value()[0] == 5.0);
  CHECK(b.i0() == 2);
}
