// SPDX-License-Identifier: Apache-2.0
// overtime demo: the reference page's two programs, with shapes, timings and a plot of the membrane potential.
#include "compiler/tools/command.h"
#include "compiler/tools/recording.h"
#include "compiler/tools/svg.h"

#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>

namespace overtime::tools {
namespace {

double milliseconds_of(const std::function<void()> &work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Line line_of(const std::string &label, const Tensor &V, double t0, double dt) {
  Line line{label, {}, {}};
  for (std::int64_t k = 0; k < V.size(); ++k) {
    line.x.push_back(t0 + static_cast<double>(k) * dt);
    line.y.push_back(V[k]);
  }
  return line;
}

/// The brain program: 100 ms without input, then 1,000 steps with an input of 5.
Plot brain() {
  HH hh(1);
  LoopOverTime over_time(hh, {.out_vars = hh.V});
  Tensor by_duration, by_data;
  double first = milliseconds_of([&] { by_duration = over_time(100.0).vars; });
  double second = milliseconds_of([&] { by_data = over_time(Tensor::full({1000}, 5.0)).vars; });
  double again = milliseconds_of([&] { over_time(Tensor::full({1000}, 5.0)); });
  std::printf("Hodgkin-Huxley neuron, dt = %g ms, 1,000 steps a call\n", over_time.dt());
  std::printf("  given duration   V %s   %.2f ms with tracing and compiling\n", to_string(by_duration.shape()).c_str(),
              first);
  std::printf("  given inputs     V %s   %.2f ms with tracing and compiling\n", to_string(by_data.shape()).c_str(),
              second);
  std::printf("  the same again   %.3f ms: %.0f ns a step\n", again, again * 1e6 / 1000);
  return {"Hodgkin-Huxley neuron",
          "t [ms]",
          "V [mV]",
          {line_of("with given duration", by_duration, 0, over_time.dt()),
           line_of("with given inputs", by_data, 100, over_time.dt())},
          {},
          {},
          0};
}

/// The network program: 30 steps of a batch of 128 through two recurrent layers.
void network() {
  constexpr int n_time = 30, n_batch = 128, n_in = 100;
  Sequential model{{"l1", RNNCell(n_in, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}};
  LoopOverTime over_time(model, {.out_vars = model["l1"].var("state")});
  over_time.reset_state(n_batch);
  Tensor x = Tensor::uniform({n_time, n_batch, n_in}), out, hidden;
  double first = milliseconds_of([&] {
    LoopResult r = over_time(x);
    out = r.out;
    hidden = r.vars;
  });
  double again = milliseconds_of([&] { over_time(x); });
  std::printf("Recurrent network 100 -> 20 -> 2, batch 128, 30 steps\n");
  std::printf("  outputs %s, states of \"l1\" %s   %.2f ms with tracing and compiling\n",
              to_string(out.shape()).c_str(), to_string(hidden.shape()).c_str(), first);
  std::printf("  the same again   %.3f ms\n", again);
}

} // namespace

Command add_demo(CLI::App &app) {
  auto path = std::make_shared<std::string>("demo.svg");
  CLI::App *parser = app.add_subcommand("demo", "Run a Hodgkin-Huxley neuron and a recurrent network, and plot");
  parser->add_option("-o,--out", *path, "Where to write the plot")->capture_default_str();
  parser->footer("Examples:\n  overtime demo\n  overtime demo -o potential.svg");
  auto action = [path] {
    check_output_path("-o", *path, {".svg"});
    Plot plot = brain();
    network();
    for (Line &line : plot.lines)
      line = thinned(line);
    std::ofstream file(*path);
    file << svg_of(plot);
    file.close();
    if (!file)
      throw Error(ErrorKind::File, "cannot write '" + *path + "'");
    std::printf("membrane potential plotted in %s\n", path->c_str());
    return static_cast<int>(exit_done);
  };
  return {parser, action};
}

} // namespace overtime::tools
