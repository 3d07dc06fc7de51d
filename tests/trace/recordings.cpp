// SPDX-License-Identifier: Apache-2.0
// What a monitor records: functions, elements, windows of steps, events; in memory and in files.
#include "models/neurons/hh.h"
#include "models/neurons/lif.h"
#include "tests/trace/helper.h"

#include <cmath>
#include <csignal>
#include <filesystem>
#include <sys/resource.h>

using namespace overtime;
using namespace overtime::test;

namespace {

/// A folder that goes with the test.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("overtime-recordings-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string &name) const { return (path / name).string(); }
  std::filesystem::path path;
};

/// Noise that crosses a threshold at random.
struct Noise : Model {
  explicit Noise(std::int64_t n) : Model(Shape{n}) {}
  State x = state("x", 0.0), fired = state("fired", false);
  Tree<Value> update(const Tree<Value> &) override {
    x = 0.8 * x + random_normal("xi", x.shape());
    fired = x > 2.0;
    return {};
  }
};

/// Rows of windows of k steps, by the definition.
std::vector<double> windows(const Tensor &all, std::int64_t k, Reduce how) {
  std::int64_t n = all.size() / std::max<std::int64_t>(1, all.shape()[0]);
  std::vector<double> rows;
  for (std::int64_t begin = 0; begin + k <= all.shape()[0]; begin += k)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0, high = -INFINITY, low = INFINITY;
      for (std::int64_t r = begin; r < begin + k; ++r) {
        double x = all[r * n + j];
        sum += x;
        high = std::max(high, x);
        low = std::min(low, x);
      }
      double last = all[(begin + k - 1) * n + j];
      double of[] = {last, sum / static_cast<double>(k), high, low, sum};
      rows.push_back(all.dtype() == f32 ? static_cast<float>(of[static_cast<int>(how)]) : of[static_cast<int>(how)]);
    }
  return rows;
}

constexpr Reduce all_ways[] = {Reduce::Last, Reduce::Mean, Reduce::Max, Reduce::Min, Reduce::Sum};

} // namespace

TEST_CASE("a window of steps becomes one row, by each reduction", "[trace]") {
  for (DType real : {f32, f64})
    for (std::int64_t k : {1, 3, 10}) {
      Noise model(7);
      std::vector<Tree<Monitor>> monitors{model.x};
      for (Reduce how : all_ways)
        monitors.push_back(Monitor(model.x).every(k, how));
      LoopOverTime over_time(model, {.out_vars = Tree<Monitor>::list(monitors), .real = real, .cache = false});
      auto r = over_time.steps(50);
      for (std::size_t w = 0; w < std::size(all_ways); ++w) {
        const Tensor &rows = r.vars[w + 1].leaf();
        CHECK(rows.dtype() == real);
        CHECK(rows.shape() == Shape{50 / k, 7});
        CHECK(numbers(rows) == windows(r.vars[0].leaf(), k, all_ways[w]));
      }
    }
}

TEST_CASE("windows go on from call to call and begin anew at a reset", "[trace]") {
  auto run = [](const std::vector<std::int64_t> &pieces) {
    Noise model(3);
    LoopOverTime over_time(model, {.out_vars = Monitor(model.x).every(10, Reduce::Mean), .cache = false});
    over_time.steps(4); // forgotten by the reset
    over_time.reset_state();
    Tensor all(Shape{0, 3}, f32);
    for (std::int64_t steps : pieces)
      all = joined(all, over_time.steps(steps).vars.leaf());
    return all;
  };
  Tensor whole = run({100});
  CHECK(whole.shape() == Shape{10, 3});
  CHECK(same_bits(run({25, 1, 9, 0, 65}), whole));
  CHECK(same_bits(run({7, 7, 7, 7, 7, 7, 58}), whole));
  CHECK(run({9}).shape() == Shape{0, 3});
}

TEST_CASE("a function of variables, and elements of them, are recorded", "[trace]") {
  HH hh(6);
  LoopOverTime over_time(hh, {.out_vars = {{"V", hh.V},
                                           {"mean", Monitor([&] { return mean(hh.V); })},
                                           {"sum", [&] { return Value(hh.m + hh.h); }},
                                           {"piece", Monitor(hh.V).at({2, 3, 4})},
                                           {"some", Monitor(hh.V).at({5, 0, 5})},
                                           {"last", Monitor(hh.spike).at({5}).every(5, Reduce::Sum)}},
                              .cache = false});
  auto r = over_time(Tensor::uniform({40, 6}, 0, 40));
  const Tensor &V = r.vars["V"].leaf();
  CHECK(r.vars["mean"]->shape() == Shape{40});
  CHECK(r.vars["sum"]->shape() == Shape{40, 6});
  CHECK(r.vars["piece"]->shape() == Shape{40, 3});
  CHECK(r.vars["some"]->shape() == Shape{40, 3});
  CHECK(r.vars["last"]->shape() == Shape{8, 1});
  CHECK(r.vars["last"]->dtype() == f32);
  for (std::int64_t t = 0; t < 40; ++t) {
    double sum = 0;
    for (std::int64_t j = 0; j < 6; ++j)
      sum += V[t * 6 + j];
    CHECK(r.vars["mean"].leaf()[t] == Approx(sum / 6));
    for (std::int64_t j = 0; j < 3; ++j) {
      CHECK(r.vars["piece"].leaf()[t * 3 + j] == V[t * 6 + 2 + j]);
      CHECK(r.vars["some"].leaf()[t * 3 + j] == V[t * 6 + (j == 1 ? 0 : 5)]);
    }
  }
  CHECK(same_bits(r[hh.V], V));
}

TEST_CASE("events are the pairs of a raster, however the steps are divided", "[trace]") {
  for (std::int64_t n : {1, 7, 8, 100}) {
    Noise model(n);
    LoopOverTime over_time(model, {.out_vars = {{"raster", model.fired},
                                                {"events", Monitor(model.fired).events()},
                                                {"x", Monitor(model.x).at({0}).events()}},
                                   .t0 = 5.0,
                                   .dt = 0.25,
                                   .cache = false});
    std::int64_t step = 0;
    for (std::int64_t steps : {3, 2000, 0, 50}) {
      auto r = over_time.steps(steps);
      std::vector<double> index, times;
      for (std::int64_t k = 0; k < steps; ++k, ++step)
        for (std::int64_t j = 0; j < n; ++j)
          if (r.vars["raster"].leaf()[k * n + j] != 0) {
            index.push_back(static_cast<double>(j));
            times.push_back(5.0 + static_cast<double>(step) * 0.25);
          }
      CHECK(numbers(r.vars["events"]["i"].leaf()) == index);
      CHECK(numbers(r.vars["events"]["t"].leaf()) == times);
      CHECK(r.vars["events"]["i"]->dtype() == i64);
      CHECK(r.vars["x"]["i"]->size() == steps); // numbers that are not 0 are events too
      if (steps == 2000)
        CHECK(index.size() > 5);
    }
  }
}

TEST_CASE("recordings go to files while the run goes on", "[trace]") {
  Folder folder;
  Noise model(9);
  LoopOverTime over_time(model, {.out_vars = {{"raster", model.fired},
                                              {"all", model.x},
                                              {"npz", Monitor(model.fired).events().file(folder / "e.npz")},
                                              {"npy", Monitor(model.fired).events().file(folder / "e.npy")},
                                              {"x", Monitor(model.x).every(4, Reduce::Max).file(folder / "x.npz")},
                                              {"y", Monitor(model.x).at({8, 1}).file(folder / "y.npy")}},
                                 .cache = false});
  for (std::int64_t steps : {3001, 10}) { // the second call replaces what the first has written
    std::int64_t before = *over_time.i0();
    auto r = over_time.steps(steps);
    CHECK(r.vars["npz"]["i"]->size() == 0);
    CHECK(r.vars["x"]->shape() == Shape{0, 9});
    auto events = load_tensors(folder / "e.npz");
    Tensor pairs = load_tensor(folder / "e.npy"), y = load_tensor(folder / "y.npy");
    std::vector<double> index, times;
    for (std::int64_t k = 0; k < steps * 9; ++k)
      if (r.vars["raster"].leaf()[k] != 0) {
        index.push_back(static_cast<double>(k % 9));
        times.push_back(static_cast<double>(before + k / 9) * 0.1);
      }
    CHECK(numbers(events.at("i")) == index);
    CHECK(numbers(events.at("t")) == times);
    REQUIRE(pairs.shape() == Shape{std::ssize(index), 2});
    for (std::size_t s = 0; s < index.size(); ++s) {
      CHECK(pairs[static_cast<std::int64_t>(2 * s)] == index[s]);
      CHECK(pairs[static_cast<std::int64_t>(2 * s + 1)] == times[s]);
    }
    auto rows = load_tensors(folder / "x.npz");
    if (before == 0)
      CHECK(numbers(rows.at("x")) == windows(r.vars["all"].leaf(), 4, Reduce::Max));
    CHECK(rows.at("t").size() == (before + steps) / 4 - before / 4);
    CHECK(rows.at("t")[0] == Approx(0.1 * static_cast<double>((before / 4 + 1) * 4 - 1)));
    REQUIRE(y.shape() == Shape{steps, 2});
    for (std::int64_t k = 0; k < steps; ++k)
      CHECK((y[2 * k] == r.vars["all"].leaf()[9 * k + 8] && y[2 * k + 1] == r.vars["all"].leaf()[9 * k + 1]));
  }
}

TEST_CASE("a variable called t leaves no room for the times in its file", "[trace]") {
  struct Named : Model {
    Named() : Model(Shape{2}) {}
    State t = state("t", 1.0);
    Tree<Value> update(const Tree<Value> &) override {
      t = 2 * t;
      return {};
    }
  } model;
  Folder folder;
  LoopOverTime(model, {.out_vars = Monitor(model.t).file(folder / "t.npz"), .cache = false}).steps(3);
  auto arrays = load_tensors(folder / "t.npz");
  CHECK(arrays.size() == 1);
  CHECK(numbers(arrays.at("t")) == std::vector<double>{2, 2, 4, 4, 8, 8});
}

TEST_CASE("a run that is stopped keeps what was recorded", "[trace]") {
  Folder folder;
  Noise model(5);
  LoopOverTime over_time(model, {.out_vars = {{"x", model.x},
                                              {"mean", Monitor(model.x).every(10, Reduce::Mean)},
                                              {"events", Monitor(model.fired).events().file(folder / "e.npz")}},
                                 .progress = [](std::int64_t done, std::int64_t) { return done < 500; },
                                 .cache = false});
  auto r = over_time.steps(100000);
  std::int64_t done = r.vars["x"]->shape()[0];
  CHECK((done >= 500 && done < 100000));
  CHECK(r.vars["mean"]->shape() == Shape{done / 10, 5});
  Tensor times = load_tensor(folder / "e.npz:t");
  REQUIRE(times.size() > 0);
  CHECK(times[times.size() - 1] < 0.1 * static_cast<double>(done));
}

TEST_CASE("windows of flags count them, and of a batch they are each sample's", "[trace]") {
  Noise model(5);
  LoopOverTime over_time(model, {.out_vars = {{"raster", model.fired},
                                              {"x", model.x},
                                              {"count", Monitor(model.fired).every(7, Reduce::Sum)},
                                              {"any", Monitor(model.fired).every(7, Reduce::Max)},
                                              {"all", Monitor(model.fired).every(7, Reduce::Min)},
                                              {"some", Monitor(model.x).at({4, 0}).every(7, Reduce::Mean)},
                                              {"events", Monitor(model.fired).events()},
                                              {"some events", Monitor(model.fired).at({4, 0}).events()}},
                                 .real = f64,
                                 .cache = false});
  for (std::int64_t batch : {3, 2}) { // a batch of another size is another program
    over_time.reset_state(batch, 11);
    auto r = over_time.steps(300);
    const Tensor &raster = r.vars["raster"].leaf(), &x = r.vars["x"].leaf();
    CHECK(numbers(r.vars["count"].leaf()) == windows(raster, 7, Reduce::Sum));
    CHECK(r.vars["count"]->dtype() == f64);
    CHECK(numbers(r.vars["any"].leaf()) == windows(raster, 7, Reduce::Max));
    CHECK(numbers(r.vars["all"].leaf()) == windows(raster, 7, Reduce::Min));
    CHECK(r.vars["any"]->dtype() == DType::Bool);
    REQUIRE(r.vars["some"]->shape() == Shape{300 / 7, batch, 2});
    std::vector<double> means = windows(x, 7, Reduce::Mean), some = numbers(r.vars["some"].leaf());
    std::vector<double> index, chosen;
    std::int64_t wrong = 0;
    for (std::size_t k = 0; k < some.size(); ++k)
      wrong += some[k] != means[k / 2 * 5 + (k % 2 == 0 ? 4 : 0)];
    CHECK(wrong == 0);
    for (std::int64_t row = 0; row < 300 * batch; ++row) { // of the flat [batch, 5], and of the flat [batch, 2]
      for (std::int64_t j = 0; j < 5; ++j)
        if (raster[row * 5 + j] != 0)
          index.push_back(static_cast<double>(row % batch * 5 + j));
      for (std::int64_t j : {0, 1})
        if (raster[row * 5 + (j == 0 ? 4 : 0)] != 0)
          chosen.push_back(static_cast<double>(row % batch * 2 + j));
    }
    CHECK(index.size() > 5);
    CHECK(numbers(r.vars["events"]["i"].leaf()) == index);
    CHECK(numbers(r.vars["some events"]["i"].leaf()) == chosen);
  }
}

TEST_CASE("a disk that is full ends the run with an error, and the next run goes on from where it was", "[trace]") {
  Folder folder;
  Noise model(1000), whole(1000);
  LoopOverTime over_time(model, {.out_vars = {{"mean", Monitor(model.x).every(10, Reduce::Mean)},
                                              {"x", Monitor(model.x).file(folder / "x.npy")}},
                                 .cache = false});
  LoopOverTime reference(whole, {.out_vars = Monitor(whole.x).every(10, Reduce::Mean), .cache = false});
  over_time.steps(5);
  rlimit before{}, small{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  small = before;
  small.rlim_cur = 1 << 20; // files end here: 262 rows
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string problem =
      fails(ErrorKind::File, {"x.npy: cannot write", "recordings.cpp"}, [&] { over_time.steps(100000); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(problem == "");
  CHECK(load_tensor(folder / "x.npy").shape() == Shape{5, 1000}); // the one of the call before
  std::int64_t done = *over_time.i0();
  CHECK((done >= 262 && done < 2000));
  over_time.steps(30 - done % 10);
  reference.steps(done + 10 - done % 10);
  CHECK(same_bits(over_time.steps(10).vars["mean"].leaf(), [&] {
    reference.steps(20);
    return reference.steps(10).vars.leaf();
  }()));
}

TEST_CASE("a raster of many steps is never held", "[trace]") {
  // 2000 steps of 2^18 cells are 524 MB as a raster; the resident memory may grow by a tenth of that.
  auto resident = [] {
    std::int64_t pages = 0, skipped = 0;
    std::FILE *file = std::fopen("/proc/self/statm", "r");
    REQUIRE(file);
    CHECK(std::fscanf(file, "%ld %ld", &skipped, &pages) == 2);
    std::fclose(file);
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  };
  struct Clock : Model {
    Clock() : Model(Shape{1 << 18}) {}
    State count = state("count", Tensor::uniform({1 << 18}, 0, 1000, 3)), fired = state("fired", false);
    Tree<Value> update(const Tree<Value> &) override {
      fired = count > 999;
      count = where(fired, 0, count + 1);
      return {};
    }
  } model;
  Folder folder;
  LoopOverTime over_time(model, {.out_vars = Monitor(model.fired).events().file(folder / "e.npz"), .cache = false});
  over_time.steps(10);
  double before = resident();
  over_time.steps(2000);
  CHECK(resident() - before < 52e6);
  CHECK(load_tensor(folder / "e.npz:i").size() > 2 * (1 << 18) - (1 << 12));
}

TEST_CASE("monitors that cannot be are errors that say why", "[trace]") {
  Noise model(5);
  Folder folder;
  CHECK(fails(ErrorKind::Value, {"every 1 or more steps", "0"}, [&] { Monitor(model.x).every(0); }) == "");
  CHECK(fails(ErrorKind::Value, {"at least one"}, [&] { Monitor(model.x).at({}); }) == "");
  CHECK(fails(ErrorKind::Usage, {"events looks at every step"}, [&] { Monitor(model.x).every(2).events(); }) == "");
  CHECK(fails(ErrorKind::File, {"FILE.npy or FILE.npz", "x.txt"}, [&] { Monitor(model.x).file("x.txt"); }) == "");
  CHECK(fails(ErrorKind::Usage, {"t0 = none"},
              [&] { LoopOverTime(model, {.out_vars = Monitor(model.fired).events(), .t0 = none}); }) == "");
  CHECK(fails(ErrorKind::Usage, {"no_state"},
              [&] { LoopOverTime(model, {.out_vars = Monitor(model.x).every(2), .no_state = true}); }) == "");
  CHECK(fails(ErrorKind::Value, {"element 5", "[5]", "recordings.cpp"},
              [&] { LoopOverTime(model, {.out_vars = Monitor(model.x).at({1, 5}), .cache = false}).steps(1); }) == "");
  CHECK(fails(ErrorKind::File, {"nowhere"}, [&] {
          LoopOverTime(model, {.out_vars = Monitor(model.x).file(folder / "nowhere/x.npy"), .cache = false}).steps(1);
        }) == "");
  std::filesystem::create_directories(folder.path / "is.npy");
  std::int64_t ran = 0;
  CHECK(fails(ErrorKind::File, {"is.npy: cannot write: not a regular file", "recordings.cpp"}, [&] {
          LoopOverTime(model, {.out_vars = Monitor(model.x).file(folder / "is.npy"),
                               .progress = [&](std::int64_t done, std::int64_t) { return (ran = done) >= 0; },
                               .cache = false})
              .steps(1000);
        }) == "");
  CHECK(ran == 0); // before the run, not after it
  CHECK(fails(ErrorKind::Usage, {"'one' and 'other'", "e.npz", "file of its own", "recordings.cpp"}, [&] {
          LoopOverTime(model, {.out_vars = {{"one", Monitor(model.x).file(folder / "e.npz")},
                                            {"other", Monitor(model.fired).file(folder / "./e.npz")}}});
        }) == "");
  CHECK(fails(ErrorKind::Usage, {"compiled library", "'x'"}, [&] {
          LoopOverTime over_time(model, {.out_vars = Monitor(model.x).every(2), .cache = false});
          compile(over_time);
        }) == "");
  CHECK(fails(ErrorKind::Usage, {"function", "no variable"}, [&] { Monitor([&] { return Value(model.x); }).path(); }) ==
        "");
}
