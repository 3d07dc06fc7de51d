// SPDX-License-Identifier: Apache-2.0
// Synapses drawn at every event: the bits, and the gradients, of the same synapses stored.
#include "compiler/trace/loops/reference_run.h"
#include "models/initializers.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/projections/gap_junction.h"
#include "models/surrogates.h"
#include "models/synapses/exponential.h"
#include "models/synapses/stdp.h"
#include "tests/trace/event_network.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

Connectivity drawn_if(bool drawn, Connectivity connect) { return drawn ? just_in_time(std::move(connect)) : connect; }

LIF cells(std::int64_t n, const SpikingOptions &options = {}) {
  LIF lif(n, options);
  lif.I.set_value(25);
  lif.V.set_initial(uniform(0, 20));
  return lif;
}

/// Populations of two sizes, both rules, flags and numbers as events, a delay.
struct Net : Network {
  explicit Net(bool drawn, std::int64_t n = 700)
      : E(child("E", cells(n))), I(child("I", cells(n / 3))),
        EE(child("EE",
                 Projection(E, E,
                            {.connect = drawn_if(drawn, fixed_probability(20.0 / double(n), {.include_self = false})),
                             .weight = 0.06,
                             .synapse = exponential(5_ms),
                             .output = coba(60_mV),
                             .seed = 3}))),
        EI(child("EI", Projection(E, I,
                                  {.connect = drawn_if(drawn, fixed_post_number(20)),
                                   .weight = 0.9,
                                   .delay = Delay(1.5_ms),
                                   .plasticity = std_depression(),
                                   .synapse = exponential(5_ms),
                                   .output = cuba(),
                                   .seed = 4}))),
        IE(child("IE", Projection(I, E,
                                  {.connect = drawn_if(drawn, fixed_post_number(25, false)),
                                   .weight = -0.5,
                                   .synapse = exponential(10_ms),
                                   .output = cuba(),
                                   .seed = 5}))),
        II(child("II", Projection(I, I,
                                  {.connect = drawn_if(drawn, fixed_probability(20.0 / double(n), {.pre_ratio = 0.7})),
                                   .weight = -0.5}))) {}
  LIF E, I;
  Projection EE, EI, IE, II;
};

} // namespace

TEST_CASE("synapses drawn at every event give the bits of the same synapses stored", "[networks]") {
  for (std::int64_t n : {60, 700, 5003})
    for (DType real : {f64, f32}) {
      auto states = [&](bool drawn, std::int32_t threads) {
        Net net(drawn, n);
        CHECK((net.EE.weights.form() == Weights::Form::Drawn) == drawn);
        std::vector<Tensor> all = states_after(net, {.real = real, .threads = threads}, 400);
        Tensor last = net.E.t_last_spike.value();
        double fired = 0;
        for (std::int64_t k = 0; k < n; ++k)
          fired += last[k] >= 0;
        CHECK(fired > 0.3 * double(n));
        return all;
      };
      std::vector<Tensor> stored = states(false, 1);
      for (std::int32_t threads : {1, 2, 3}) {
        std::vector<Tensor> drawn = states(true, threads);
        REQUIRE(drawn.size() == stored.size());
        for (std::size_t k = 0; k < drawn.size(); ++k) {
          INFO(n << " cells, " << threads << " threads, state " << k);
          CHECK(same_bits(drawn[k], stored[k]));
        }
      }
    }
}

TEST_CASE("drawn synapses are those that the list has, and take no memory", "[networks]") {
  Net drawn(true), stored(false);
  CHECK(drawn.EE.weights.list().matrix().str(490000) == stored.EE.weights.list().matrix().str(490000));
  CHECK(drawn.IE.weights.list().matrix().str(490000) == stored.IE.weights.list().matrix().str(490000));
  CHECK(drawn.EE.weights.how() == "drawn at each event, none stored");
  auto need = [](Net &net) {
    LoopOverTime loop(net, {.keep_outputs = false, .cache = false});
    return loop.memory_need(10).variables;
  };
  double lists = 0;
  for (const Projection *p : {&stored.EE, &stored.EI, &stored.IE, &stored.II}) {
    Csr list = p->weights.list();
    lists += double(list.targets.bytes() + list.offsets.bytes());
  }
  CHECK(need(stored) - need(drawn) == lists);
}

TEST_CASE("the interpreter draws the same synapses", "[networks][numerics]") {
  Net compiled(true, 60), interpreted(true, 60);
  LoopOverTime over_time(compiled, {.real = f64, .cache = false}), by_hand(interpreted, {.real = f64});
  over_time(20.0);
  run_reference(by_hand, 20.0);
  for (const auto &[path, state] : compiled.states()) {
    std::vector<double> got = numbers(state.value()), expected = numbers(interpreted.var(path).value());
    for (std::size_t k = 0; k < got.size(); ++k) {
      INFO(path << " " << k);
      CHECK(got[k] == Approx(expected[k]).epsilon(1e-9).margin(1e-9));
    }
  }
}

TEST_CASE("numbers that act in every step go through drawn synapses", "[networks]") {
  struct Junctions : Network {
    explicit Junctions(bool drawn)
        : a(child("a", cells(50))),
          gap(child("gap",
                    GapJunction(a, a, {.connect = drawn_if(drawn, fixed_post_number(9)), .weight = 0.05, .seed = 8}))) {
    }
    LIF a;
    GapJunction gap;
  };
  Junctions drawn(true), stored(false);
  std::vector<Tensor> x = states_after(drawn, {.real = f64}, 100), y = states_after(stored, {.real = f64}, 100);
  for (std::size_t k = 0; k < x.size(); ++k)
    for (std::int64_t j = 0; j < x[k].size(); ++j) // a dense product adds in another order
      CHECK(x[k][j] == Approx(y[k][j]).epsilon(1e-10));
}

TEST_CASE("gradients go through drawn synapses as through stored ones", "[networks][gradients]") {
  struct Trained : Network {
    explicit Trained(bool drawn, bool number)
        : E(child("E", cells(60, {.surrogate = surrogate::sigmoid(1.0)}))),
          EE(child("EE", Projection(E, E,
                                    {.connect = drawn_if(drawn, number ? fixed_post_number(7) : fixed_probability(0.1)),
                                     .weight = 0.8,
                                     .synapse = exponential(5_ms),
                                     .trainable = true,
                                     .seed = 3}))) {}
    LIF E;
    Projection EE;
    Tree<Value> update(const Tree<Value> &x) override {
      Network::update(x);
      return Value(E.spike);
    }
  };
  auto gradient_of = [](Trained &net) {
    net.reset_state();
    LoopOverTime loop(net, {.real = f64, .cache = false});
    Tensor target = Tensor::zeros({80, 60}, f64);
    ValueAndGrad gradient =
        value_and_grad(loop, each_step([](Value spikes, Value wanted) { return square(spikes - wanted); }),
                       {.wrt = {*net.EE.weights.weight, net.E.V}});
    GradientResult r = gradient(Tree<Tensor>::map({{"E", Tensor::zeros({80, 60}, f64)}}), target);
    return std::tuple{r.loss, r[net.var("EE.weights.weight")], r[net.E.V]};
  };
  for (bool number : {false, true}) {
    Trained drawn(true, number), stored(false, number);
    auto [loss, by_weight, by_V] = gradient_of(drawn);
    auto [loss_stored, by_weight_stored, by_V_stored] = gradient_of(stored);
    CHECK(loss == loss_stored);
    CHECK(by_weight[0] != 0.0);
    CHECK(by_weight[0] == Approx(by_weight_stored[0]).epsilon(1e-10));
    for (std::int64_t k = 0; k < by_V.size(); ++k)
      CHECK(by_V[k] == Approx(by_V_stored[k]).epsilon(1e-10).margin(1e-14));
  }
}

TEST_CASE("what cannot be drawn at every event is an error that says what to do", "[networks][errors]") {
  CHECK(fails(ErrorKind::Usage,
              {"just_in_time: the synapses of one source of fixed_total_number",
               "use fixed_probability or "
               "fixed_post_number",
               "just_in_time.cpp"},
              [] { just_in_time(fixed_total_number(9)); }) == "");
  for (const Connectivity &other : {all_to_all(), one_to_one(), fixed_pre_number(3), from_pairs({0}, {0})})
    CHECK(fails(ErrorKind::Usage, {"of " + other.name()}, [&] { just_in_time(other); }) == "");
  CHECK(fails(ErrorKind::Value, {"fixed_post_number of 20000 targets", "at most 16384"},
              [] { just_in_time(fixed_post_number(20000)); }) == "");
  LIF a(10);
  auto projection = [&](ProjectionParts parts) {
    parts.connect = just_in_time(fixed_post_number(4));
    Projection(a, a, parts);
  };
  CHECK(fails(ErrorKind::Usage, {"fixed_post_number just in time stores no synapse, so that none can learn"},
              [&] { projection({.learning = stdp()}); }) == "");
  CHECK(fails(ErrorKind::Usage, {"fixed_post_number just in time stores no weight of a synapse; give one number"},
              [&] { projection({.weight = uniform(0, 1)}); }) == "");
  CHECK(fails(ErrorKind::Value, {"fixed_post_number takes 0 to 10, got 11", "just_in_time.cpp"},
              [&] { Projection(a, a, {.connect = just_in_time(fixed_post_number(11))}); }) == "");
}

TEST_CASE("a rule of one's own that is no rule is an error", "[networks][errors]") {
  struct Own : Model {
    Own(const DrawnRows &rows, Init weight) : Model(Shape{8}), rows(rows), w(param("w", weight)) {}
    DrawnRows rows;
    Param w;
    State g = state("g", 0.0);
    Tree<Value> update(const Tree<Value> &x) override {
      g = propagate(x.leaf() > 0, rows, w, g);
      return {};
    }
  };
  auto run = [](const DrawnRows &rows, Init weight = 1.0) {
    Own model(rows, weight);
    LoopOverTime(model, {.cache = false})(Tensor::zeros({1, 5}));
  };
  run({.posts = 8, .number = 3});
  CHECK(fails(ErrorKind::Shape, {"drawn among 9 targets, and there are 8"}, [&] { run({.posts = 9, .number = 3}); }) ==
        "");
  CHECK(fails(ErrorKind::Value, {"have a probability or a number"}, [&] { run({.posts = 8}); }) == "");
  CHECK(fails(ErrorKind::Value, {"the probability and the share are in [0, 1]"},
              [&] { run({.posts = 8, .probability = 1.5}); }) == "");
  CHECK(fails(ErrorKind::Value, {"draws 0 to 7 targets, got 8"},
              [&] { run({.posts = 8, .number = 8, .include_self = false}); }) == "");
  CHECK(fails(ErrorKind::Shape, {"the weights have shape [8]", "no weight of a synapse is stored"},
              [&] { run({.posts = 8, .number = 1}, Tensor::zeros({8})); }) == "");
}
