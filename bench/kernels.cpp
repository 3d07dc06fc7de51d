// SPDX-License-Identifier: Apache-2.0
// Times of compiled loops for google-benchmark: populations by size and precision, and layers.
#include "bench/subjects.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"

#include <benchmark/benchmark.h>

using namespace overtime;

namespace {

/// Enough steps that a call's fixed cost does not show, few enough that an iteration stays below a second.
std::int64_t steps_for(std::int64_t neurons) { return neurons < 10000 ? 1000 : 50; }

/// Seconds for one neuron and step; printed with a prefix, so 2.5n is 2.5 ns.
benchmark::Counter per_step(std::int64_t neurons, std::int64_t steps) {
  return {double(neurons * steps), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert};
}

template <class Cells>
void population(benchmark::State &state, DType real, Numerics numerics = Numerics::Reproducible) {
  const std::int64_t neurons = state.range(0), steps = steps_for(neurons);
  Cells cells(neurons);
  LoopOverTime over_time(cells, {.real = real, .numerics = numerics, .threads = 1, .keep_outputs = false});
  over_time.steps(steps); // compiles
  for (auto _ : state)
    over_time.steps(steps);
  state.counters["per_neuron_step"] = per_step(neurons, steps);
}

void hh_f32(benchmark::State &state) { population<bench::Squid>(state, f32); }
void hh_fast_f32(benchmark::State &state) { population<bench::Squid>(state, f32, Numerics::Fast); }
void hh_f64(benchmark::State &state) { population<bench::Squid>(state, f64); }
void lif_f32(benchmark::State &state) { population<bench::Leaky>(state, f32); }

/// T steps of a batch through layers; the outputs are kept, because they are the result.
void layers(benchmark::State &state, Model &model, const Tensor &x) {
  LoopOverTime over_time(model);
  over_time.reset_state(x.shape()[1]);
  over_time(x); // compiles
  for (auto _ : state)
    benchmark::DoNotOptimize(over_time(x).out);
  state.counters["per_step"] = per_step(1, x.shape()[0]);
}

void rnn_T30_B128(benchmark::State &state) {
  Sequential model{
      {"l1", RNNCell(100, 20, {.activation = tanh})}, {"l2", relu}, {"l3", RNNCell(20, 2, {.activation = tanh})}};
  layers(state, model, Tensor::uniform({30, 128, 100}));
}

void lstm_T100_B64(benchmark::State &state) {
  LSTMCell model(128, 512);
  layers(state, model, Tensor::uniform({100, 64, 128}));
}

/// 128 -> 256, a few steps of a batch: the sizes at which libraries for deep learning publish their cells.
template <class Cell> void cell_256(benchmark::State &state) {
  Cell model(128, 256);
  layers(state, model, Tensor::uniform({20, state.range(0), 128}));
}
void lstm_256(benchmark::State &state) { cell_256<LSTMCell>(state); }
void gru_256(benchmark::State &state) { cell_256<GRUCell>(state); }

} // namespace

BENCHMARK(hh_f32)->Arg(1)->Arg(64)->Arg(1000)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(hh_fast_f32)->Arg(1)->Arg(64)->Arg(1000)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(hh_f64)->Arg(1)->Arg(64)->Arg(1000)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(lif_f32)->Arg(1000)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(rnn_T30_B128)->Unit(benchmark::kMicrosecond);
BENCHMARK(lstm_T100_B64)->Unit(benchmark::kMillisecond);
BENCHMARK(lstm_256)->Arg(1)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond);
BENCHMARK(gru_256)->Arg(1)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
