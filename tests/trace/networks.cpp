// SPDX-License-Identifier: Apache-2.0
// propagate, collect and correlate: compiled against plain loops, for every kind of event and weight.
#include "compiler/trace/loops/reference_run.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// Rows of random length with targets in ascending order.
struct Rows {
  Tensor offsets, targets;
  std::int64_t sources, posts;

  Rows(std::int64_t sources, std::int64_t posts, double density, DType type = u16) : sources(sources), posts(posts) {
    Tensor drawn = Tensor::uniform({sources, posts}, 0.0, 1.0, 3, f64);
    std::vector<double> starts = {0}, places;
    for (std::int64_t i = 0; i < sources; ++i) {
      for (std::int64_t j = 0; j < posts; ++j)
        if (drawn[i * posts + j] < density)
          places.push_back(double(j));
      starts.push_back(double(places.size()));
    }
    offsets = Tensor::of({sources + 1}, starts, i32);
    targets = Tensor::of({std::int64_t(places.size())}, places, type);
  }
  std::int64_t synapses() const { return targets.size(); }
  template <class Visit> void each(Visit visit) const {
    for (std::int64_t i = 0; i < sources; ++i)
      for (auto k = std::int64_t(offsets[i]); k < std::int64_t(offsets[i + 1]); ++k)
        visit(i, k, std::int64_t(targets[k]));
  }
};

struct Synapses : Model {
  Synapses(const Rows &rows, std::function<Tree<Value>(Synapses &, const Tree<Value> &)> step)
      : Model(Shape{rows.posts}), step(std::move(step)), offsets(param("offsets", rows.offsets)),
        targets(param("targets", rows.targets)) {}
  Tree<Value> update(const Tree<Value> &x) override { return step(*this, x); }
  SynapseRows rows() const { return {offsets, targets}; }
  std::function<Tree<Value>(Synapses &, const Tree<Value> &)> step;
  Param offsets, targets;
};

Tensor one_step(const Rows &rows, const Tree<Tensor> &data,
                std::function<Tree<Value>(Synapses &, const Tree<Value> &)> step) {
  Synapses model(rows, std::move(step));
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  Tensor compiled = over_time(data).out.leaf();
  Synapses again(rows, model.step);
  LoopOverTime interpreted(again, {.real = f64});
  Tensor expected = run_reference(interpreted, data).out.leaf();
  REQUIRE(compiled.shape() == expected.shape());
  for (std::int64_t k = 0; k < compiled.size(); ++k)
    REQUIRE(compiled[k] == Approx(expected[k]).epsilon(1e-12).margin(1e-14));
  return compiled;
}

/// Mostly zero, for `steps` steps.
Tensor events_of(std::int64_t steps, std::int64_t n, double rate) {
  Tensor events = Tensor::uniform({steps, n}, 0.0, 1.0, 5, f64);
  for (std::int64_t k = 0; k < events.size(); ++k)
    events.set(k, events[k] < rate ? 1.0 + events[k] : 0.0);
  return events;
}

} // namespace

TEST_CASE("propagate adds the weights of sources with events, for any number of sources", "[networks][numerics]") {
  for (std::int64_t n : {1, 3, 63, 64, 65, 130, 200})
    for (double rate : {0.0, 0.05, 1.0})
      for (bool flags : {true, false}) {
        Rows rows(n, 37, 0.3);
        Tensor events = events_of(4, n, rate);
        Tensor got = one_step(rows, events, [flags](Synapses &m, const Tree<Value> &x) -> Tree<Value> {
          Value start = broadcast_to(sum(x.leaf()), {37});
          return flags ? propagate(x.leaf() > 0, m.rows(), 0.5, start) : propagate(x.leaf(), m.rows(), 0.5, start);
        });
        for (std::int64_t t = 0; t < 4; ++t) {
          std::vector<double> sums(37, 0.0);
          double total = 0.0;
          for (std::int64_t i = 0; i < n; ++i)
            total += events[t * n + i];
          rows.each([&](std::int64_t i, std::int64_t, std::int64_t j) {
            double e = events[t * n + i];
            sums[std::size_t(j)] += 0.5 * (flags ? double(e > 0) : e);
          });
          for (std::int64_t j = 0; j < 37; ++j)
            REQUIRE(got[t * 37 + j] == Approx(total + sums[std::size_t(j)]).epsilon(1e-12));
        }
      }
}

TEST_CASE("places of 16 bits have no sign, and give the bits of those of 32", "[networks][numerics]") {
  constexpr std::int64_t n = 65, posts = 65536;
  auto results = [&](DType type, bool interpreted) {
    Rows rows(n, posts, 0.001, type);
    REQUIRE(rows.targets[rows.synapses() - 1] > 32768);
    Synapses model(rows, [](Synapses &m, const Tree<Value> &x) -> Tree<Value> {
      Value g = propagate(x.leaf() > 0, m.rows(), 0.3, broadcast_to(sum(x.leaf()), {posts}));
      Value back = collect(g, m.rows(), 0.7, 0.0), w = broadcast_to(mean(x.leaf()), m.targets.shape());
      return concat({g, back, correlate(x.leaf(), g, m.rows(), w)});
    });
    LoopOverTime loop(model, {.real = f64, .cache = false});
    Tensor events = events_of(2, n, 0.2);
    return interpreted ? run_reference(loop, events).out.leaf() : loop(events).out.leaf();
  };
  CHECK(type_of_places(posts) == u16);
  CHECK(type_of_places(posts + 1) == i32);
  for (bool interpreted : {false, true})
    CHECK((numbers(results(u16, interpreted)) == numbers(results(i32, interpreted))));
}

TEST_CASE("the memory of synapses is told before", "[networks]") {
  for (DType type : {u16, i32}) {
    Rows rows(100, 1000, 0.5, type);
    Synapses model(rows, [](Synapses &m, const Tree<Value> &x) -> Tree<Value> {
      return propagate(x.leaf(), m.rows(), 0.3, broadcast_to(sum(x.leaf()), {1000}));
    });
    LoopOverTime loop(model, {.keep_outputs = false, .cache = false});
    CHECK(loop.memory_need(Tensor::zeros({10, 100})).variables ==
          101 * 4 + double(rows.synapses()) * (type == u16 ? 2 : 4));
  }
}

TEST_CASE("a conductance decays and takes spikes in its own memory", "[networks]") {
  Rows rows(70, 20, 0.4);
  struct Net : Model {
    Net(const Rows &rows)
        : Model(Shape{20}), offsets(param("offsets", rows.offsets)), targets(param("targets", rows.targets)),
          w(param("w", Tensor::uniform({rows.synapses()}, 0.1, 1.0, 9, f64))) {}
    Param offsets, targets, w;
    State g = state("g", 0.25);
    Tree<Value> update(const Tree<Value> &x) override {
      g = propagate(x.leaf() > 0, {offsets, targets}, w, 0.9 * g);
      return g;
    }
  };
  Tensor events = events_of(50, 70, 0.1);
  Net net(rows);
  LoopOverTime over_time(net, {.real = f64, .cache = false});
  Tensor got = over_time(events).out.leaf();
  std::vector<double> g(20, 0.25);
  Tensor w = net.w.value();
  for (std::int64_t t = 0; t < 50; ++t) {
    for (double &v : g)
      v *= 0.9;
    rows.each([&](std::int64_t i, std::int64_t k, std::int64_t j) {
      if (events[t * 70 + i] > 0)
        g[std::size_t(j)] += w[k];
    });
    for (std::int64_t j = 0; j < 20; ++j)
      REQUIRE(got[t * 20 + j] == Approx(g[std::size_t(j)]).epsilon(1e-12));
  }
  std::string ir = stage_ir(over_time, {.inputs = std::vector<Shape>{{70}}, .stop_after = "bufferize"});
  CHECK(ir.find("memref.alloc") == std::string::npos);
  CHECK(ir.find("dyn.propagate") != std::string::npos);
}

TEST_CASE("rows of a batch have their own events", "[networks]") {
  Rows rows(9, 5, 0.5);
  struct Batched : Model {
    Batched(const Rows &rows)
        : Model(Shape{5}), offsets(param("offsets", rows.offsets)), targets(param("targets", rows.targets)) {}
    Param offsets, targets;
    State g = state("g", 0.0);
    Tree<Value> update(const Tree<Value> &x) override {
      g = propagate(x.leaf(), {offsets, targets}, 2.0, g);
      return collect(g, {offsets, targets}, 0.5, 1.0);
    }
  };
  Tensor events = events_of(6 * 3, 9, 0.3).reshape({6, 3, 9});
  Batched all(rows);
  all.reset_state(3);
  LoopOverTime over_time(all, {.real = f64, .cache = false});
  Tensor got = over_time(events).out.leaf();
  REQUIRE(got.shape() == Shape{6, 3, 9});
  for (std::int64_t b = 0; b < 3; ++b) {
    Tensor alone({6, 9}, f64);
    for (std::int64_t t = 0; t < 6; ++t)
      for (std::int64_t i = 0; i < 9; ++i)
        alone.set(t * 9 + i, events[(t * 3 + b) * 9 + i]);
    Batched one(rows);
    LoopOverTime single(one, {.real = f64, .cache = false});
    Tensor expected = single(alone).out.leaf();
    for (std::int64_t t = 0; t < 6; ++t)
      for (std::int64_t i = 0; i < 9; ++i)
        REQUIRE(got[(t * 3 + b) * 9 + i] == expected[t * 9 + i]);
  }
}

TEST_CASE("collect is the transpose of propagate", "[networks][numerics]") {
  Rows rows(23, 11, 0.4);
  Tensor got = one_step(rows, sample({2, 11}), [](Synapses &m, const Tree<Value> &x) -> Tree<Value> {
    return collect(x.leaf(), m.rows(), 0.25, 0.0);
  });
  Tensor x = sample({2, 11});
  for (std::int64_t t = 0; t < 2; ++t) {
    std::vector<double> sums(23, 0.0);
    rows.each([&](std::int64_t i, std::int64_t, std::int64_t j) { sums[std::size_t(i)] += 0.25 * x[t * 11 + j]; });
    for (std::int64_t i = 0; i < 23; ++i)
      REQUIRE(got[t * 23 + i] == Approx(sums[std::size_t(i)]).epsilon(1e-12).margin(1e-14));
  }
}

TEST_CASE("correlate changes the weights of sources with events, within bounds", "[networks][numerics]") {
  Rows rows(30, 8, 0.5);
  Tensor events = events_of(1, 30, 0.3);
  for (bool bounded : {false, true}) {
    Tensor got = one_step(rows, events, [&](Synapses &m, const Tree<Value> &x) -> Tree<Value> {
      Value w = broadcast_to(0.5 * sum(slice(x.leaf(), 0, 1)) + 1.0, {rows.synapses()});
      Value values = slice(x.leaf(), 0, 8) + 1.0;
      CorrelateOptions options;
      if (bounded)
        options = {.low = 0.0, .high = 2.5};
      return correlate(x.leaf() > 0, values, m.rows(), w, options);
    });
    rows.each([&](std::int64_t i, std::int64_t k, std::int64_t j) {
      double w = 0.5 * events[0] + 1.0;
      if (events[i] > 0)
        w += events[j] + 1.0;
      REQUIRE(got[k] == Approx(bounded && events[i] > 0 ? std::min(w, 2.5) : w));
    });
  }
}

TEST_CASE("correlate brings weights closer to a number", "[networks][numerics]") {
  Rows rows(30, 8, 0.5);
  Tensor events = events_of(1, 30, 0.3);
  for (bool flags : {true, false}) {
    Tensor got = one_step(rows, events, [&](Synapses &m, const Tree<Value> &x) -> Tree<Value> {
      Value w = broadcast_to(0.5 * sum(slice(x.leaf(), 0, 1)) + 1.0, {rows.synapses()});
      Value values = 0.1 * slice(x.leaf(), 0, 8) + 0.2;
      return correlate(flags ? x.leaf() > 0 : x.leaf(), values, m.rows(), w, {.toward = 3.0});
    });
    rows.each([&](std::int64_t i, std::int64_t k, std::int64_t j) {
      double w = 0.5 * events[0] + 1.0, strength = flags ? double(events[i] > 0) : events[i];
      REQUIRE(got[k] == Approx(w + strength * (0.1 * events[j] + 0.2) * (3.0 - w)).margin(1e-12));
    });
  }
}

TEST_CASE("events of targets change weights by way of positions", "[networks]") {
  // Two sources, three targets, stored by sources: 0 -> 0, 0 -> 2, 1 -> 1, 1 -> 2; by targets: 0 <- 0, 1 <- 1, 2 <-
  // 0, 1.
  struct Columns : Model {
    Columns() : Model(Shape{4}) {}
    Param offsets = param("offsets", Tensor::of({0, 1, 2, 4}, i32)),
          sources = param("sources", Tensor::of({0, 1, 0, 1}, i32)),
          positions = param("positions", Tensor::of({0, 2, 1, 3}, i32));
    State w = state("w", 1.0);
    Tree<Value> update(const Tree<Value> &x) override {
      Value traces = concat({broadcast_to(as_real(i()) + 10.0, {1}), broadcast_to(as_real(i()) + 20.0, {1})});
      w = correlate(x.leaf() > 0, traces, {offsets, sources}, w, {.positions = &positions});
      return {};
    }
  };
  Columns model;
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  over_time(Tensor::of({2, 3}, std::vector<double>{0, 0, 1, 1, 1, 0}, f64));
  CHECK(numbers(model.w.value()) == std::vector<double>{12, 11, 22, 21});
}

TEST_CASE("rows that point outside are errors that name them", "[networks][errors]") {
  auto run = [](const Tensor &offsets, const Tensor &targets, std::int64_t n) {
    struct Net : Model {
      Net(const Tensor &a, const Tensor &b)
          : Model(Shape{4}), offsets(param("offsets", a)), targets(param("targets", b)) {}
      Param offsets, targets;
      State g = state("g", 0.0);
      Tree<Value> update(const Tree<Value> &x) override {
        g = propagate(x.leaf() > 0, {offsets, targets}, 1.0, g);
        return {};
      }
    } net(offsets, targets);
    LoopOverTime over_time(net, {.cache = false});
    over_time(Tensor::zeros({1, n}));
  };
  Tensor offsets = Tensor::of({0, 1, 2}, i32), targets = Tensor::of({3, 0}, i32);
  run(offsets, targets, 2);
  CHECK(fails(ErrorKind::Value, {"'targets' holds 4, expected 0 to 3", "networks.cpp"},
              [&] { run(offsets, Tensor::of({4, 0}, i32), 2); }) == "");
  CHECK(fails(ErrorKind::Value, {"'targets' holds -1"}, [&] { run(offsets, Tensor::of({-1, 0}, i32), 2); }) == "");
  CHECK(fails(ErrorKind::Value, {"the offsets 'offsets' do not ascend from 0 to the number of synapses, 2"},
              [&] { run(Tensor::of({0, 3, 2}, i32), targets, 2); }) == "");
  CHECK(fails(ErrorKind::Shape, {"expected the events of shape [2] or [B, 2], got [3]"},
              [&] { run(offsets, targets, 3); }) == "");
  CHECK(fails(ErrorKind::DType, {"'offsets'", "make it of an array [n] of i32, or of u16"},
              [&] { run(Tensor::of({0, 1, 2}, f32), targets, 2); }) == "");
}

TEST_CASE("places of synapses do not change", "[networks][errors]") {
  struct Holder : Model {
    explicit Holder(DType type) : Model(Shape{1}), places(param("places", Tensor::of({40000, 0}, type))) {}
    Param places;
    Tree<Value> update(const Tree<Value> &) override { return sum(places * 2.0); }
  };
  for (DType type : {i32, u16}) {
    Tensor given = Tensor::of({40000, 0}, type);
    Holder model(type);
    CHECK(model.places.value().dtype() == type);
    CHECK(fails(ErrorKind::Usage, {"'places' holds places in other arrays and does not change"},
                [&] { model.places.set_value(Tensor::of({0, 0}, i32)); }) == "");
    model.load_state_dict({{"places", Tensor::of({40000, 0}, f64)}}); // the same numbers
    LoopOverTime over_time(model, {.cache = false});
    CHECK(over_time.steps(1).out.leaf()[0] == 80000.0);
    CHECK(run_reference(over_time, 1).out.leaf()[0] == 80000.0);
  }
}
