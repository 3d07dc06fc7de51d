// SPDX-License-Identifier: Apache-2.0
// Options that `run` and `compile` share: which model, its numbers, and how it is looped over time.
#pragma once

#include "compiler/overtime.h"
#include "compiler/tools/values.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace overtime::tools {

struct ModelOptions {
  std::string model, method, real = "f32", numerics = "reproducible", matmul_precision = "full", t0 = "0", i0 = "0",
                             data_first_axis = "T", load;
  std::int64_t size = 1;
  std::optional<std::int64_t> n_in, batch;
  std::optional<double> dt;
  std::vector<std::string> set, init, shared, monitor;
  std::vector<std::string> events; ///< variables to record as pairs
  std::string events_file;         ///< where pairs go while the run goes on
  std::int64_t every = 1;          ///< steps for a row of a monitor
  Reduce reduce = Reduce::Last;
  std::uint64_t seed = 0;
  std::int32_t threads = 0;
  bool no_state = false;

  void add_to(CLI::App &command);
  DType dtype() const { return real == "f64" ? f64 : f32; }
};

/// A model of the zoo with its numbers set, and the loop around it.
struct PreparedLoop {
  std::unique_ptr<Model> model;
  std::unique_ptr<LoopOverTime> loop;
  std::string model_name; ///< as the zoo has it
  bool is_layer = false;
  std::int64_t steps_before = 0; ///< of the run that a loaded file goes on from
  double bytes = 0;              ///< of states and parameters
  bool output_monitored = false; ///< --monitor names the step's output, or a variable that carries its name
};

/// Reductions by name: last, mean, max, min, sum.
std::map<std::string, Reduce> reductions();

/// Builds model and loop. `n_in`: inputs of a layer unless --n-in is given. `extra` holds what only one command
/// decides.
PreparedLoop prepare(const ModelOptions &options, std::optional<std::int64_t> n_in, LoopOptions extra,
                     ValueReader &reader);

} // namespace overtime::tools
