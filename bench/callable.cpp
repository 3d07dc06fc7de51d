// SPDX-License-Identifier: Apache-2.0
// Time from a model to a compiled loop, nothing cached, for google-benchmark: small models, and how it grows with size.
#include "bench/stacks.h"
#include "bench/subjects.h"
#include "models/layers/lstm_cell.h"

#include <benchmark/benchmark.h>

#include <chrono>

using namespace overtime;

namespace {

/// Trace, compile and load, without one step. Counters: ms of each stage, and the whole per unit of size.
template <class Make, class Call> void callable(benchmark::State &state, const Make &make, const Call &call) {
  std::map<std::string, double> stages;
  for (auto _ : state) {
    auto model = make();
    LoopOverTime over_time(*model, {.keep_outputs = false, .cache = false});
    over_time.reset_state();
    auto begin = std::chrono::steady_clock::now();
    call(over_time);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    for (const auto &[stage, ms] : over_time.times())
      stages[stage] = stages.count(stage) ? std::min(stages[stage], ms) : ms;
  }
  for (const auto &[stage, ms] : stages)
    state.counters[stage] = ms;
}

void no_steps(LoopOverTime &over_time) { over_time.steps(0); }

void callable_hh(benchmark::State &state) {
  callable(state, [&] { return std::make_unique<bench::Squid>(state.range(0)); }, no_steps);
}
void callable_lif(benchmark::State &state) {
  callable(state, [&] { return std::make_unique<bench::Leaky>(state.range(0)); }, no_steps);
}
void callable_lstm(benchmark::State &state) {
  callable(
      state, [] { return std::make_unique<LSTMCell>(128, 512); },
      [](LoopOverTime &over_time) {
        over_time.reset_state(64);
        over_time(Tensor({0, 64, 128}, f32));
      });
}

/// HH and LIF in turns, 20 neurons each, in a ring.
void callable_ring(benchmark::State &state) {
  callable(state, [&] { return std::make_unique<bench::Ring>(state.range(0), 20); }, no_steps);
}
/// The same without connections.
void callable_populations(benchmark::State &state) {
  callable(state, [&] { return std::make_unique<bench::Populations>(state.range(0), 20, 0); }, no_steps);
}
/// Each one neuron larger than the one before.
void callable_sizes(benchmark::State &state) {
  callable(state, [&] { return std::make_unique<bench::Populations>(state.range(0), 20, 1); }, no_steps);
}

template <class L> void stack(benchmark::State &state) {
  callable(
      state, [&] { return std::make_unique<bench::Stack<L>>(state.range(0), 16); },
      [](LoopOverTime &over_time) {
        over_time.reset_state(32);
        over_time(Tensor({0, 32, 16}, f32));
      });
}
void callable_dense(benchmark::State &state) { stack<Dense>(state); }
void callable_rnn(benchmark::State &state) { stack<RNNCell>(state); }

} // namespace

BENCHMARK(callable_hh)->Arg(1)->Arg(1000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_lif)->Arg(1000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_lstm)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_ring)->Arg(5)->Arg(50)->Arg(500)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_populations)->RangeMultiplier(10)->Range(10, 1000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_sizes)->RangeMultiplier(10)->Range(10, 1000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_dense)->RangeMultiplier(10)->Range(10, 1000)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(callable_rnn)->RangeMultiplier(10)->Range(10, 1000)->UseManualTime()->Unit(benchmark::kMillisecond);
