// SPDX-License-Identifier: Apache-2.0
// Recordings drawn at random, against what their definition makes of all rows.
#include "tests/trace/helper.h"

#include <cmath>
#include <filesystem>
#include <random>

using namespace overtime;
using namespace overtime::test;

namespace {

/// Noise that crosses a threshold at random.
struct Noise : Model {
  explicit Noise(const Shape &shape) : Model(shape) {}
  State x = state("x", 0.0), fired = state("fired", false);
  Tree<Value> update(const Tree<Value> &) override {
    x = 0.8 * x + random_normal("xi", x.shape());
    fired = x > 1.0;
    return {};
  }
};

using Numbers = std::vector<double>;

/// What a call recorded: rows with their times, or events.
struct Rows {
  Shape shape;
  Numbers numbers, times, index;
};

/// How a variable is recorded, as the monitor has it and by definition.
struct Case {
  explicit Case(unsigned seed) : random(seed) {
    for (std::int64_t axes = below(3) + 1; axes > 0; --axes)
      shape.push_back(below(9) + 1);
    if (below(5) == 0)
      shape = {300 + below(3000)}; // fewer rows in the buffer
    if (below(3) == 0)
      batch = below(4) + 1;
    if (below(2) == 0) {
      std::int64_t first = below(shape.back()), count = below(4) + 1;
      bool in_order = below(2) == 0;
      for (std::int64_t k = 0; k < count; ++k)
        elements.push_back(in_order ? std::min(first + k, shape.back() - 1) : below(shape.back()));
    }
    events = below(3) == 0;
    if (!events && below(4) != 0) {
      every = below(40) + 1;
      how = static_cast<Reduce>(below(5));
    }
    if (below(2) == 0)
      file = below(2) == 0 ? "rows.npz" : "rows.npy";
  }
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)); }

  Monitor monitor(Monitor of, const std::filesystem::path &folder) const {
    if (!elements.empty())
      of = of.at(elements);
    of = events ? of.events() : of.every(every, how);
    return file.empty() ? of : of.file(folder / file);
  }

  /// Of all rows [steps, ...] of a call; `open` holds the rows of the window that the call before left open.
  Rows by_definition(const Tensor &all, std::int64_t first, DType real, std::vector<Numbers> &open) const {
    Shape row_shape(all.shape().begin() + 1, all.shape().end());
    std::int64_t n = element_count(row_shape), last = row_shape.back();
    if (!elements.empty())
      row_shape.back() = std::ssize(elements);
    Rows rows;
    for (std::int64_t k = 0; k < all.shape()[0]; ++k) {
      double t = 3.0 + static_cast<double>(first + k) * 0.5;
      Numbers row;
      for (std::int64_t begin = k * n; begin < (k + 1) * n; begin += last)
        for (std::int64_t j = 0; j < row_shape.back(); ++j)
          row.push_back(all[begin + (elements.empty() ? j : elements[static_cast<std::size_t>(j)])]);
      for (std::size_t j = 0; events && j < row.size(); ++j)
        if (row[j] != 0) {
          rows.index.push_back(static_cast<double>(j));
          rows.times.push_back(t);
        }
      if (events)
        continue;
      open.push_back(row);
      if ((first + k + 1) % every == 0) {
        for (std::size_t j = 0; j < row.size(); ++j)
          rows.numbers.push_back(reduced(open, j, real));
        rows.times.push_back(t);
        open.clear();
      }
    }
    rows.shape = row_shape;
    rows.shape.insert(rows.shape.begin(), events ? 0 : std::ssize(rows.times));
    return rows;
  }

  double reduced(const std::vector<Numbers> &window, std::size_t j, DType real) const {
    double sum = 0, high = -INFINITY, low = INFINITY;
    for (const Numbers &row : window) {
      sum += row[j];
      high = std::max(high, row[j]);
      low = std::min(low, row[j]);
    }
    double by[] = {window.back()[j], sum / static_cast<double>(window.size()), high, low, sum};
    double x = by[static_cast<int>(how)];
    return real == f32 ? static_cast<float>(x) : x;
  }

  /// What the monitor left, in memory or in its file; times that it does not tell are those expected.
  Rows left(const Tree<Tensor> &recorded, const std::filesystem::path &folder, const Rows &expected) const {
    std::map<std::string, Tensor> arrays;
    if (file == "rows.npz")
      arrays = load_tensors(folder / file);
    else if (!file.empty())
      arrays.emplace("rows", load_tensor(folder / file));
    else if (events)
      arrays = {{"i", recorded["i"].leaf()}, {"t", recorded["t"].leaf()}};
    else
      arrays.emplace("rows", recorded.leaf());
    Rows rows{expected.shape, {}, {}, {}};
    if (events && arrays.contains("rows")) {
      Tensor pairs = arrays.at("rows");
      for (std::int64_t k = 0; k < pairs.size(); ++k)
        (k % 2 == 0 ? rows.index : rows.times).push_back(pairs[k]);
    } else if (events) {
      rows.index = numbers(arrays.at("i"));
      rows.times = numbers(arrays.at("t"));
    } else {
      rows.times = arrays.contains("t") ? numbers(arrays.at("t")) : expected.times;
      arrays.erase("t");
      rows.numbers = numbers(arrays.begin()->second);
      rows.shape = arrays.begin()->second.shape();
    }
    return rows;
  }

  std::mt19937_64 random;
  Shape shape;
  std::optional<std::int64_t> batch;
  std::vector<std::int64_t> elements;
  std::int64_t every = 1;
  Reduce how = Reduce::Last;
  bool events = false;
  std::string file;
};

} // namespace

TEST_CASE("recordings at random are what their definition makes of all rows", "[trace]") {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("overtime-random-recordings-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  for (unsigned seed = 0; seed < 40; ++seed) {
    Case one(seed);
    Noise model(one.shape);
    std::int64_t which = one.below(3);
    Monitor what = which == 0   ? Monitor(model.x)
                   : which == 1 ? Monitor(model.fired)
                                : Monitor([&] { return Value(model.x) * 2; });
    DType real = one.below(2) == 0 ? f32 : f64;
    bool jit = one.below(6) != 0;
    LoopOptions options{.out_vars = {{"all", what}, {"one", one.monitor(what, folder)}},
                        .t0 = 3.0,
                        .dt = 0.5,
                        .jit = jit,
                        .real = real,
                        .cache = false};
    if (one.below(2) == 0) // in chunks
      options.progress = [](std::int64_t, std::int64_t) { return true; };
    LoopOverTime over_time(model, options);
    over_time.reset_state(one.batch, seed);
    std::vector<Numbers> open;
    std::int64_t done = 0;
    for (std::int64_t calls = one.below(4) + 1; calls > 0; --calls) {
      std::int64_t steps = one.below(!jit ? 50 : one.below(4) == 0 ? 3000 : 300);
      LoopResult r = over_time.steps(steps);
      Rows expected = one.by_definition(r.vars["all"].leaf(), done, real, open);
      Rows rows = one.left(r.vars["one"], folder, expected);
      done += steps;
      INFO("seed " << seed << ", after " << done << " steps");
      CHECK(rows.shape == expected.shape);
      CHECK((rows.numbers == expected.numbers && rows.times == expected.times && rows.index == expected.index));
    }
  }
  std::filesystem::remove_all(folder);
}
