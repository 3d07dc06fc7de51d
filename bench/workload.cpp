// SPDX-License-Identifier: Apache-2.0
// Runs one workload through the public header and prints one line of JSON: the Overtime side of bench/compare.py.
#include "bench/coba.h"
#include "bench/coupled.h"
#include "bench/gradients.h"
#include "bench/subjects.h"
#include "models/layers/gru_cell.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

using namespace overtime;

namespace {

struct Job {
  std::string workload, data;
  std::int64_t N = 1, T = 1000;
  Numerics numerics = Numerics::Reproducible;
  MatmulPrecision precision = MatmulPrecision::Full;
  double budget = 1.0; ///< seconds of timed calls

  LoopOptions options() const { return {.numerics = numerics, .matmul_precision = precision, .cache = false}; }
};

/// Where loops run that do not say it themselves, as all of these.
Device here() {
  const char *name = std::getenv("OVERTIME_DEVICE");
  return name && *name ? Device(name) : cpu();
}

struct Timing {
  double callable = 0; ///< seconds from a model to the end of the first step: trace, compile, load, one step
  std::vector<double> runs;
  double check = 0;               ///< spikes, or mean of the squared outputs, of the first run
  double V = 0;                   ///< mean potential [mV] at its end
  std::optional<double> gradient; ///< sum of the squares of all derivatives; check is the loss then
  std::optional<double> early;    ///< spikes of the first 200 steps, before the last digits have grown to matter
};

template <class F> double seconds(const F &f) {
  auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class F> void repeat(Timing &timing, double budget, const F &run) {
  double spent = 0;
  while (timing.runs.size() < 3 || (spent < budget && timing.runs.size() < 20000))
    spent += timing.runs.emplace_back(seconds(run));
}

/// Outputs are not stacked; with `record` the potential of every step is.
template <class Cells> Timing run_population(const Job &job, bool record) {
  Timing timing;
  Cells cells(job.N);
  LoopOptions options{.numerics = job.numerics, .keep_outputs = false, .cache = false};
  if (record)
    options.out_vars = cells.V;
  LoopOverTime over_time(cells, options);
  over_time.reset_state();
  timing.callable = seconds([&] { over_time.steps(1); });
  over_time.reset_state();
  over_time.steps(job.T);
  timing.V = bench::total(cells.V.value()) / double(job.N);
  // Later runs go on from the state that the one before left, as simulations do.
  repeat(timing, job.budget, [&] { over_time.steps(job.T); });

  bench::Counting<Cells> counted(job.N);
  LoopOverTime count(counted, {.numerics = job.numerics, .keep_outputs = false, .cache = false});
  count.steps(job.T);
  timing.check = bench::total(counted.spikes.value());
  return timing;
}

/// The sum of the squares of all states is the check.
template <class Network> Timing run_network(const Job &job) {
  Timing timing;
  Network network(job.N);
  LoopOverTime over_time(network, {.numerics = job.numerics, .keep_outputs = false, .cache = false});
  over_time.reset_state();
  timing.callable = seconds([&] { over_time.steps(1); });
  over_time.steps(job.T);
  for (const auto &[path, state] : network.states()) {
    Tensor numbers = state.value();
    for (std::int64_t k = 0; k < numbers.size(); ++k)
      timing.check += numbers[k] * numbers[k];
  }
  repeat(timing, job.budget, [&] { over_time.steps(job.T); });
  return timing;
}

/// The check is the number of spikes of a run. A run starts from the data, for that is what the peers do.
Timing run_coba(const Job &job) {
  Timing timing;
  std::map<std::string, Tensor> data = load_tensors(job.data);
  bench::Coba network(data);
  LoopOptions options{.numerics = job.numerics, .keep_outputs = false, .cache = false};
  LoopOverTime over_time(network, options);
  over_time.reset_state();
  timing.callable = seconds([&] { over_time.steps(1); });
  repeat(timing, job.budget, [&] {
    over_time.reset_state();
    over_time.steps(job.T);
  });
  bench::Coba counted(data, /*counts=*/true);
  LoopOverTime count(counted, options);
  count.steps(std::min<std::int64_t>(200, job.T));
  timing.early = bench::total(counted.spikes.value());
  if (job.T > 200)
    count.steps(job.T - 200);
  timing.check = bench::total(counted.spikes.value());
  return timing;
}

/// Data and outputs stay on the device; on the host they are shared.
Timing run_layers(const Job &job, Model &layers, std::int64_t batch, const Tensor &x) {
  Timing timing;
  LoopOverTime over_time(layers, job.options());
  DeviceTensor first = DeviceTensor(x.rows(0, 1).clone()).to(here()), data = DeviceTensor(x).to(here());
  over_time.reset_state(batch);
  timing.callable = seconds([&] { over_time.run_on_device(first); });
  over_time.reset_state(batch);
  Tensor y = over_time.run_on_device(data).out.leaf().host();
  for (float value : std::as_const(y).values<float>())
    timing.check += double(value) * value / double(y.size());
  repeat(timing, job.budget, [&] { over_time.run_on_device(data); });
  return timing;
}

Timing run_rnn(const Job &job) {
  bench::Arrays data = load_tensors(job.data);
  Sequential layers = bench::small_rnn(data);
  return run_layers(job, layers, job.N, data.at("x"));
}

Timing run_lstm(const Job &job) {
  bench::Arrays data = load_tensors(job.data);
  LSTMCell cell = bench::lstm(data);
  return run_layers(job, cell, job.N, data.at("x"));
}

/// Forward and backward from states of zero, by all weights.
Timing run_gradient(const Job &job, Model &model, const Loss &loss, const Tensor &x, const Tensor &target) {
  Timing timing;
  LoopOverTime over_time(model, job.options());
  auto gradient = value_and_grad(over_time, loss);
  GradientResult first;
  auto once = [&] {
    over_time.reset_state(job.N);
    first = gradient(x, target);
  };
  timing.callable = seconds(once);
  timing.check = first.loss;
  timing.gradient = 0;
  for (const auto &[path, weight] : model.train_vars())
    for (float value : first[weight].values<float>())
      *timing.gradient += double(value) * value;
  repeat(timing, job.budget, once);
  return timing;
}

Timing run_rnn_gradient(const Job &job) {
  bench::Arrays data = load_tensors(job.data);
  Sequential layers = bench::small_rnn(data);
  return run_gradient(job, layers, bench::mean_square(), data.at("x"), Tensor::zeros({job.T}));
}

Timing run_lstm_gradient(const Job &job) {
  bench::Arrays data = load_tensors(job.data);
  LSTMCell cell = bench::lstm(data);
  return run_gradient(job, cell, bench::mean_square(), data.at("x"), Tensor::zeros({job.T}));
}

Timing run_spiking_gradient(const Job &job) {
  bench::Arrays data = load_tensors(job.data);
  bench::SpikingNet net(data);
  return run_gradient(job, net, mean_output(loss::cross_entropy), data.at("x"), data.at("y"));
}

Timing run_gru(const Job &job) {
  std::map<std::string, Tensor> data = load_tensors(job.data);
  const Shape &weights = data.at("wi").shape();
  GRUCell cell(weights[0], weights[1] / 3, {.Wi = data.at("wi"), .Wh = data.at("wh"), .b = data.at("b")});
  return run_layers(job, cell, job.N, data.at("x"));
}

Timing run(const Job &job) {
  const std::map<std::string, Timing (*)(const Job &)> workloads = {
      {"hh", [](const Job &j) { return run_population<bench::Squid>(j, false); }},
      {"hh_record", [](const Job &j) { return run_population<bench::Squid>(j, true); }},
      {"lif", [](const Job &j) { return run_population<bench::Leaky>(j, false); }},
      {"izhikevich", [](const Job &j) { return run_population<bench::Simple>(j, false); }},
      {"adex", [](const Job &j) { return run_population<bench::Adaptive>(j, false); }},
      {"mean_field", run_network<bench::MeanField>},
      {"ring", run_network<bench::LeakyRing>},
      {"coba", run_coba},
      {"rnn", run_rnn},
      {"lstm", run_lstm},
      {"gru", run_gru},
      {"rnn_gradient", run_rnn_gradient},
      {"lstm_gradient", run_lstm_gradient},
      {"spiking_gradient", run_spiking_gradient}};
  auto found = workloads.find(job.workload);
  if (found == workloads.end()) {
    std::string list;
    for (const auto &[name, workload] : workloads)
      list += (list.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::Usage, "no workload '" + job.workload + "'; there is: " + list);
  }
  bool given = job.workload == "rnn" || job.workload == "lstm" || job.workload == "gru" || job.workload == "coba" ||
               job.workload.ends_with("_gradient");
  if (given && job.data.empty())
    throw Error(ErrorKind::Usage, job.workload + " wants DATA.npz with its numbers, as compare.py writes it");
  return found->second(job);
}

} // namespace

int main(int argc, char **argv) try {
  Job job;
  for (; argc > 1 && std::string(argv[1]).starts_with("--"); ++argv, --argc) {
    const std::string flag = argv[1];
    if (flag == "--fast")
      job.numerics = Numerics::Fast;
    else if (flag == "--tf32")
      job.precision = MatmulPrecision::Tf32;
    else
      throw Error(ErrorKind::Usage, "no option '" + flag + "'; there is: --fast, --tf32");
  }
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: bench_workload [--fast] [--tf32] WORKLOAD N T [SECONDS [DATA.npz]]\n"
                 "hh, hh_record, lif, izhikevich, adex: N neurons for T steps\n"
                 "mean_field, ring: 2 and 4 coupled populations of N neurons\n"
                 "coba: N neurons with 80 synapses each, driven by events, DATA as compare.py writes it\n"
                 "rnn, lstm, gru, rnn_gradient, lstm_gradient, spiking_gradient: batch N, T steps, DATA as\n"
                 "compare.py writes it\n"
                 "--fast: fast numerics; --tf32: products of tf32; OMP_NUM_THREADS: threads; OVERTIME_DEVICE: cpu\n"
                 "or cuda\n");
    return 2;
  }
  job.workload = argv[1], job.data = argc > 5 ? argv[5] : "", job.N = std::atoll(argv[2]), job.T = std::atoll(argv[3]);
  if (argc > 4)
    job.budget = std::atof(argv[4]);
  Timing timing = run(job);
  std::ranges::sort(timing.runs);
  std::printf(
      "{\"peer\": \"overtime\", \"workload\": \"%s\", \"N\": %lld, \"T\": %lld, \"min\": %.9g, \"median\": %.9g, "
      "\"runs\": %zu, \"check\": %.9g, \"V\": %.9g, \"callable\": %.6g",
      job.workload.c_str(), static_cast<long long>(job.N), static_cast<long long>(job.T), timing.runs.front(),
      timing.runs[timing.runs.size() / 2], timing.runs.size(), timing.check, timing.V, timing.callable);
  if (timing.gradient)
    std::printf(", \"gradient\": %.9g", *timing.gradient);
  if (timing.early)
    std::printf(", \"early\": %.9g", *timing.early);
  std::puts("}");
  return 0;
} catch (const std::exception &e) {
  std::fprintf(stderr, "bench_workload: %s\n", e.what());
  return 1;
}
