// SPDX-License-Identifier: Apache-2.0
// Runs a random model compiled and interpreted, whole and in chunks, and says where they differ.
#include "tests/trace/helper.h"
#include "tests/trace/random_model.h"

#include "compiler/trace/loops/reference_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace overtime::test {
namespace {

constexpr std::int64_t steps = 17;

/// What a run leaves: arrays with a time axis, and the states.
struct Run {
  std::vector<Tensor> rows, states;
};

/// One model with one loop over it, started again for each run.
class Runner {
public:
  Runner(const Program &program, LoopOptions options, double disturbed = 0.0)
      : program(program), disturbed(disturbed), model(program), loop(model, completed(options)) {
    for (std::size_t k = 0; k < program.data.size(); ++k) {
      Shape shape = program.data[k];
      shape.insert(shape.begin(), steps);
      data.push_back(drawn_numbers(program, shape, -2, 2, 200 + k, disturbed).to(loop.options().real));
    }
  }

  void start() {
    loop.reset_state(program.batch);
    set_first_states(program, model, disturbed);
  }

  /// In calls of these lengths.
  Run compiled(const std::vector<std::int64_t> &parts) {
    start();
    Run run;
    std::int64_t begin = 0;
    for (std::int64_t n : parts) {
      LoopResult r = data.empty() ? loop.steps(n) : loop(rows(begin, n));
      begin += n;
      std::vector<Tensor> arrays = rows_of(r);
      for (std::size_t k = 0; k < arrays.size(); ++k)
        if (run.rows.size() < arrays.size())
          run.rows.push_back(arrays[k]);
        else
          run.rows[k] = joined(run.rows[k], arrays[k]);
    }
    run.states = states();
    return run;
  }
  Run interpreted() {
    start();
    Run run;
    run.rows =
        rows_of(data.empty() ? run_reference(loop, Duration(steps * loop.dt())) : run_reference(loop, rows(0, steps)));
    run.states = states();
    return run;
  }

private:
  LoopOptions completed(LoopOptions options) const {
    options.out_vars = model.monitored();
    options.t0 = program.t0;
    options.i0 = program.i0;
    options.seed = program.seed;
    options.cache = false;
    return options;
  }
  Tree<Tensor> rows(std::int64_t begin, std::int64_t n) const {
    std::vector<Tree<Tensor>> all;
    for (const Tensor &x : data)
      if (program.batch && loop.options().data_first_axis == 'B')
        all.push_back(x.rows(begin, begin + n).swap_first_axes());
      else
        all.push_back(x.rows(begin, begin + n));
    return Tree<Tensor>::list(all);
  }
  static std::vector<Tensor> rows_of(const LoopResult &r) {
    std::vector<Tensor> all = r.out.leaves(), more = r.vars.leaves();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::vector<Tensor> states() const {
    std::vector<Tensor> all;
    for (const State &s : model.variables)
      all.push_back(s.value().clone());
    return all;
  }

  const Program &program;
  double disturbed;
  RandomModel model;
  LoopOverTime loop;
  std::vector<Tensor> data;
};

std::string difference(const std::string &what, const Tensor &got, const Tensor &expected, double relative) {
  bool real = expected.dtype() == f64;
  if (got.shape() != expected.shape() || (!real && got.dtype() != expected.dtype()))
    return what + ": " + got.str(0) + " instead of " + expected.str(0);
  double largest = 1.0;
  for (std::int64_t k = 0; k < expected.size(); ++k)
    if (std::isfinite(expected[k]))
      largest = std::max(largest, std::abs(expected[k]));
  double allowed = real ? relative * largest : 0.0;
  for (std::int64_t k = 0; k < got.size(); ++k) {
    double a = got[k], b = expected[k];
    if (std::abs(a - b) <= allowed || a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    char text[160];
    std::snprintf(text, sizeof text, ": number %lld of %s is %.17g instead of %.17g, allowed %.3g",
                  static_cast<long long>(k), to_string(got.shape()).c_str(), a, b, allowed);
    return what + text;
  }
  return "";
}

std::string difference(const Run &got, const Run &expected, double relative) {
  std::string found;
  for (std::size_t k = 0; found.empty() && k < expected.rows.size(); ++k)
    found = difference("array " + std::to_string(k), got.rows[k], expected.rows[k], relative);
  for (std::size_t k = 0; found.empty() && k < expected.states.size(); ++k)
    found = difference("state " + std::to_string(k), got.states[k], expected.states[k], relative);
  return found;
}

/// The first rows of `whole` have the bits of `part`, which may lack the outputs; monitors end in the states.
std::string other_bits(const Program &program, const Run &part, const Run &whole, std::int64_t n) {
  std::size_t lacking = whole.rows.size() - part.rows.size();
  for (std::size_t k = 0; k < part.rows.size(); ++k)
    if (!same_bits(part.rows[k], whole.rows[k + lacking].rows(0, n)))
      return "array " + std::to_string(k + lacking) + " has other bits";
  for (std::size_t k = 0; n == steps && k < whole.states.size(); ++k)
    if (!same_bits(part.states[k], whole.states[k]))
      return "state " + std::to_string(k) + " has other bits";
  std::size_t first = part.rows.size() - program.monitors.size();
  for (std::size_t k = 0; n > 0 && k < program.monitors.size(); ++k) {
    const Tensor &last = part.states[static_cast<std::size_t>(program.monitors[k])];
    if (!same_bits(part.rows[first + k].rows(n - 1, n).reshape(last.shape()), last))
      return "state " + std::to_string(program.monitors[k]) + " is not the last of its monitor";
  }
  return "";
}

std::string partition_failure(const Program &program, Runner &runner, const Run &whole) {
  for (const std::vector<std::int64_t> &parts :
       {std::vector<std::int64_t>{steps}, {0}, {1}, {2}, {5}, {2, 3, 12}, {16, 0, 1}, {1, 1, 15}}) {
    std::int64_t n = std::accumulate(parts.begin(), parts.end(), std::int64_t(0));
    if (std::string found = other_bits(program, runner.compiled(parts), whole, n); !found.empty())
      return "chunks: " + found + " in calls that begin with " + std::to_string(parts[0]) + " steps";
  }
  return "";
}

/// Whether rounding at this size may well change the numbers by more than the tolerance.
bool ill_conditioned(const Program &program, const Run &expected, double disturbed, double relative) {
  Runner runner(program, {.real = f64}, disturbed);
  return !difference(runner.interpreted(), expected, relative).empty();
}

std::string check(const Program &program) {
  Runner doubles(program, {.real = f64});
  Run whole = doubles.compiled({steps});
  Run expected = doubles.interpreted();
  if (std::string found = difference(whole, expected, 1e-9); !found.empty())
    if (!ill_conditioned(program, expected, 1e-13, 1e-10))
      return "f64: " + found;
  if (std::string found = partition_failure(program, doubles, whole); !found.empty())
    return found;
  if (program.seed % 2 == 0) { // stacked or not, with data in the other order
    Runner hosted(program, {.data_first_axis = 'B', .jit = false, .real = f64, .keep_outputs = program.seed % 4 == 0});
    if (std::string found = other_bits(program, hosted.compiled({steps}), whole, steps); !found.empty())
      return "jit = false: " + found;
  }
  Runner floats(program, {.real = f32});
  Run single = floats.compiled({steps});
  if (std::string found = difference(single, expected, 1e-3); !found.empty())
    if (program.smooth() && !program.draws() && !ill_conditioned(program, expected, 1e-6, 1e-3))
      return "f32: " + found;
  if (std::string found = partition_failure(program, floats, single); !found.empty())
    return "f32 " + found;
  return "";
}

} // namespace

Tensor drawn_numbers(const Program &program, const Shape &shape, double low, double high, std::uint64_t stream,
                     double disturbed) {
  Tensor drawn = Tensor::uniform(shape, low, high, 1000 * program.seed + stream, f32).to(f64);
  for (std::int64_t k = 0; k < drawn.size(); ++k)
    drawn.set(k, drawn[k] * (1 + disturbed * static_cast<double>(1 + k % 3))); // sums do not cancel it
  return drawn;
}

void set_first_states(const Program &program, RandomModel &model, double disturbed) {
  for (std::size_t k = 0; k < program.states.size(); ++k) {
    Tensor drawn = drawn_numbers(program, program.full(program.states[k]), -1, 1, k, disturbed);
    if (program.states[k].flag)
      for (std::int64_t j = 0; j < drawn.size(); ++j)
        drawn.set(j, drawn[j] > 0);
    model.variables[k].set_value(drawn);
  }
}

std::string failure_of(const Program &program) {
  try {
    return check(program);
  } catch (const Error &error) {
    return (error.kind() == ErrorKind::Compile ? "compile: " : "invalid: ") + std::string(error.what());
  }
}

} // namespace overtime::test
