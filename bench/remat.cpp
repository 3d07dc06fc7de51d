// SPDX-License-Identifier: Apache-2.0
// Memory and time of one gradient under one remat: the Overtime side of bench/remat.py. Prints a line of JSON.
#include "bench/gradients.h"

#include <chrono>
#include <cstdio>
#include <fstream>

using namespace overtime;

namespace {

Remat policy(const std::string &text) {
  if (text == "none" || text == "step")
    return Remat(text == "step");
  if (text == "sqrt")
    return Remat::sqrt();
  if (text.starts_with("every="))
    return Remat::every(std::atoll(text.c_str() + 6));
  if (text.starts_with("budget="))
    return Remat::budget(std::atoll(text.c_str() + 7));
  throw Error(ErrorKind::Usage, "no policy '" + text + "'");
}

/// Resident memory at its highest since the last reset [bytes].
long peak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0)
      return 1024 * std::stol(line.substr(6));
  return -1;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

} // namespace

int main(int argc, char **argv) try {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_remat none|step|sqrt|every=STEPS|budget=BYTES DATA.npz SECONDS\n");
    return 2;
  }
  bench::Arrays data = load_tensors(argv[2]);
  const Tensor &x = data.at("x"), &labels = data.at("y");
  bench::SpikingNet net(data);
  LoopOverTime over_time(net, {.remat = policy(argv[1]), .threads = 1, .cache = false});
  over_time.reset_state(x.shape()[1]);
  auto gradient = value_and_grad(over_time, mean_output(loss::cross_entropy));
  GradientPlan plan = gradient.plan(x, labels); // compiles
  reset_peak();
  long before = peak();
  GradientResult g = gradient(x, labels);
  long grown = peak() - before;
  double least = 1e9, spent = 0;
  while (spent < std::atof(argv[3]) || least == 1e9) {
    over_time.reset_state(x.shape()[1]);
    auto begin = std::chrono::steady_clock::now();
    g = gradient(x, labels);
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    least = std::min(least, seconds);
    spent += seconds;
  }
  double square = 0;
  for (const auto &[path, weight] : net.train_vars())
    for (float value : g[weight].values<float>())
      square += double(value) * value;
  std::printf("{\"bytes\": %lld, \"grown\": %ld, \"seconds\": %.6g, \"again\": %lld, \"loss\": %.9g, "
              "\"gradient\": %.9g}\n",
              static_cast<long long>(plan.tape_bytes), grown, least, static_cast<long long>(plan.steps_again), g.loss,
              square);
  return 0;
} catch (const std::exception &e) {
  std::fprintf(stderr, "bench_remat: %s\n", e.what());
  return 1;
}
