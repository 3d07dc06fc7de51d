// SPDX-License-Identifier: Apache-2.0
// Synapses, delays and networks against BrainPy's: currents and conductances step by step, spikes exactly.
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/synapses/exponential.h"
#include "models/synapses/receptors.h"
#include "tests/golden/golden_test.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>

using namespace overtime;
using namespace overtime::golden;

namespace {

LIF cells(std::int64_t n, double rest, double reset, double threshold, double tau, double tau_ref) {
  LIF lif(n, {.tau_ref = tau_ref});
  lif.V_rest.set_value(rest);
  lif.V_reset.set_value(reset);
  lif.V_th.set_value(threshold);
  lif.tau.set_value(tau);
  return lif;
}

/// One projection from driven cells to others, synapses first.
struct Pair : Network {
  Pair(const Case &c, std::int64_t posts, const ProjectionParts &parts)
      : pre(child("pre", cells(c.input("I_const").size(), 0, -5, 20, 10, 1.05))),
        post(child("post", cells(posts, -60, -65, -50, 20, 2.05))), syn(child("syn", Projection(pre, post, parts))) {
    pre.I.set_value(c.input("I_const"));
    post.V.set_initial(-60.0);
  }
  LIF pre, post;
  Projection syn;
};

struct SynapseCase {
  const char *name;
  ProjectionParts parts;
  std::map<std::string, std::string> states = {}; // columns, and where they are below "syn"
};

Connectivity matrix_of(const Case &c) {
  return c.has_input("conn_mat") ? from_matrix(c.input("conn_mat")) : one_to_one();
}

std::vector<SynapseCase> synapse_cases() {
  SynapseKind slow = exponential(5_ms);
  return {
      {"syn_delta", {.weight = 3.0}},
      {"syn_exp_cuba", {.weight = 8.0, .synapse = slow, .output = cuba()}, {{"syn_g", "synapse.g"}}},
      {"syn_exp_coba", {.weight = 0.6, .synapse = slow, .output = coba(0_mV)}, {{"syn_g", "synapse.g"}}},
      {"syn_one2one", {.weight = 10.0, .synapse = slow, .output = cuba()}, {{"syn_g", "synapse.g"}}},
      {"syn_dualexp",
       {.weight = 0.3, .synapse = dual_exponential(), .output = coba(0_mV), .at_sources = true},
       {{"syn_g", "synapse.g"}, {"syn_h", "synapse.h"}}},
      {"syn_dualexp", {.weight = 0.3, .synapse = dual_exponential(), .output = coba(0_mV)}},
      {"syn_alpha",
       {.weight = 0.3, .synapse = alpha(5_ms), .output = coba(0_mV), .at_sources = true},
       {{"syn_g", "synapse.g"}, {"syn_h", "synapse.h"}}},
      {"syn_alpha", {.weight = 0.3, .synapse = alpha(5_ms), .output = coba(0_mV)}},
      {"syn_nmda",
       {.weight = 0.5, .synapse = nmda(), .output = mg_block()},
       {{"syn_g", "synapse.g"}, {"syn_x", "synapse.x"}}},
      {"syn_ampa", {.weight = 0.5, .synapse = ampa(), .output = coba(0_mV)}, {{"syn_g", "synapse.g"}}},
      {"std",
       {.weight = 12.0, .plasticity = std_depression(), .synapse = slow, .output = cuba()},
       {{"syn_g", "synapse.g"}, {"stp_x", "plasticity.x"}}},
      {"stp",
       {.weight = 12.0, .plasticity = stp(), .synapse = slow, .output = cuba()},
       {{"syn_g", "synapse.g"}, {"stp_x", "plasticity.x"}, {"stp_u", "plasticity.u"}}},
      {"stp_legacy244",
       {.weight = 12.0, .plasticity = stp({.tau_f = 50_ms, .legacy = true}), .synapse = slow, .output = cuba()},
       {{"syn_g", "synapse.g"}, {"stp_x", "plasticity.x"}, {"stp_u", "plasticity.u"}}},
      {"delay_homo10",
       {.weight = 8.0, .delay = Delay(10), .synapse = slow, .output = cuba()},
       {{"syn_g", "synapse.g"}}},
      {"delay_heter",
       {.weight = 8.0, .delay = Delay(Tensor::of({1, 5, 10, 20}, i32)), .synapse = slow, .output = cuba()},
       {{"syn_g", "synapse.g"}}},
  };
}

/// A case's columns, of a run in an element type.
std::map<std::string, Tensor> run(SynapseCase &one, const Case &c, DType real) {
  one.parts.connect = matrix_of(c);
  Pair net(c, c.expected("post_V").shape()[1], one.parts);
  std::vector<Tree<Monitor>::Named> monitors = {
      {"post_V", net.post.V}, {"post_input", net.post.I}, {"post_spike", net.post.spike}, {"pre_spike", net.pre.spike}};
  for (const auto &[column, path] : one.states)
    monitors.emplace_back(column, net.syn.var(path));
  LoopOverTime over_time(net, {.out_vars = Tree<Monitor>::map(monitors), .dt = 0.1, .real = real, .cache = false});
  LoopResult r = over_time.steps(c.expected("post_V").shape()[0]);
  std::map<std::string, Tensor> columns;
  for (const auto &[column, monitor] : monitors)
    columns[column] = r.vars[column].leaf();
  return columns;
}

} // namespace

TEST_CASE("synapses, plasticity and delays give BrainPy's numbers in f64", "[golden][networks]") {
  for (SynapseCase &one : synapse_cases())
    SECTION(one.name) {
      Case c = load(one.name);
      for (const auto &[column, got] : run(one, c, f64))
        if (column.ends_with("spike"))
          CHECK(raster_difference(got, c.expected(column)) == "");
        else
          CHECK(difference(column, got, c.expected(column), {.relative = column == "post_V" ? 1e-10 : 1e-9}) == "");
    }
}

TEST_CASE("synapses follow BrainPy's f64 run in f32 as far as BrainPy's f32 does", "[golden][networks]") {
  for (SynapseCase &one : synapse_cases())
    SECTION(one.name) {
      Case c = load(one.name);
      std::map<std::string, Tensor> columns = run(one, c, f32);
      std::vector<std::string> names;
      for (const auto &[column, got] : columns)
        names.push_back(column);
      std::int64_t steps = steps_comparable_in_f32(c, names);
      REQUIRE(steps >= 100);
      for (const auto &[column, got] : columns)
        if (column.ends_with("spike"))
          CHECK(raster_difference(got, c.expected(column), steps) == "");
        else
          CHECK(difference(column, got, c.expected(column), f32_tolerance(c, column, steps), steps) == "");
    }
}

TEST_CASE("a network updates projections, then neurons, then delays", "[golden][networks]") {
  Case c = load("network_default_order");
  struct Net : Network {
    explicit Net(const Case &c)
        : pre(child("pre", cells(3, 0, -5, 20, 10, 1.05))), post(child("post", cells(4, 0, -5, 20, 10, 1.05))),
          syn(child("syn", Projection(pre, post,
                                      {.connect = from_matrix(c.input("conn_mat")),
                                       .weight = 20.0,
                                       .delay = Delay(7),
                                       .synapse = exponential(5_ms),
                                       .output = cuba()}))) {
      pre.I.set_value(c.input("I_const"));
    }
    LIF pre, post;
    Projection syn;
  } net(c);
  LoopOverTime over_time(net, {.out_vars = Tree<Monitor>::map({{"g", net.syn.var("synapse.g")},
                                                               {"post_V", net.post.V},
                                                               {"pre_V", net.pre.V},
                                                               {"post_spike", net.post.spike},
                                                               {"pre_spike", net.pre.spike}}),
                               .dt = 0.1,
                               .real = f64,
                               .cache = false});
  LoopResult r = over_time.steps(600);
  for (const char *spikes : {"pre_spike", "post_spike"})
    CHECK(raster_difference(r.vars[spikes].leaf(), c.expected(spikes)) == "");
  for (const char *column : {"g", "post_V", "pre_V"})
    CHECK(difference(column, r.vars[column].leaf(), c.expected(column), {.relative = 1e-10}) == "");
}

namespace {

/// Excitatory and inhibitory cells, each to all: EE, EI, IE, II, then E, I.
struct EINet : Network {
  EINet(std::int64_t nE, std::int64_t nI, const std::array<Connectivity, 4> &connect, double wE, double wI,
        const OutputFactory &outE, const OutputFactory &outI)
      : E(child("E", cells(nE, -60, -60, -50, 20, 5.05))), I(child("I", cells(nI, -60, -60, -50, 20, 5.05))) {
    auto parts = [&](std::size_t k, bool excites) {
      return ProjectionParts{.connect = connect[k],
                             .weight = excites ? wE : wI,
                             .synapse = exponential(excites ? 5_ms : 10_ms),
                             .output = excites ? outE : outI};
    };
    projections.push_back(std::make_unique<Projection>(E, E, parts(0, true)));
    projections.push_back(std::make_unique<Projection>(E, I, parts(1, true)));
    projections.push_back(std::make_unique<Projection>(I, E, parts(2, false)));
    projections.push_back(std::make_unique<Projection>(I, I, parts(3, false)));
    const char *names[] = {"EE", "EI", "IE", "II"};
    for (std::size_t k = 0; k < 4; ++k)
      adopt(names[k], *projections[k]);
    E.I.set_value(20);
    I.I.set_value(20);
  }
  void start(const Tensor &V0) {
    std::int64_t nE = E.count();
    E.V.set_initial(V0.rows(0, nE));
    I.V.set_initial(V0.rows(nE, V0.size()));
  }
  LIF E, I;
  std::vector<std::unique_ptr<Projection>> projections;
};

/// The potentials of both populations, those of E first.
Tensor joined(const EINet &net) {
  Tensor E = net.E.V.value(), I = net.I.V.value(), V({E.size() + I.size()}, f64);
  for (std::int64_t e = 0; e < V.size(); ++e)
    V.set(e, e < E.size() ? E[e] : I[e - E.size()]);
  return V;
}

/// Spikes of both populations against packed bits: row k, bit 7 - e % 8 of byte e / 8.
void check_spikes(const Case &c, const Tensor &E, const Tensor &I) {
  const Tensor &packed = c.expected("spikes_packed");
  std::int64_t steps = packed.shape()[0], bytes = packed.shape()[1], nE = E.shape()[1], nI = I.shape()[1];
  std::int64_t wrong = 0, spikes = 0, first = -1;
  for (std::int64_t k = 0; k < steps; ++k)
    for (std::int64_t e = 0; e < nE + nI; ++e) {
      bool expected = (int(packed[k * bytes + e / 8]) >> (7 - e % 8)) & 1;
      bool got = (e < nE ? E[k * nE + e] : I[k * nI + e - nE]) != 0.0;
      spikes += expected;
      if (got != expected && first < 0)
        first = k;
      wrong += got != expected;
    }
  INFO("first step that differs: " << first);
  CHECK(spikes > 200);
  CHECK(wrong == 0);
}

} // namespace

TEST_CASE("E/I networks of 100 cells fire as BrainPy's in f64", "[golden][networks]") {
  for (bool conductances : {true, false}) {
    Case c = load(conductances ? "ei_coba_100" : "ei_cuba_100");
    auto of = [&](const char *key) { return from_matrix(c.input(key)); };
    EINet net(80, 20, {of("conn_EE"), of("conn_EI"), of("conn_IE"), of("conn_II")}, conductances ? 0.6 : 1.62,
              conductances ? 6.7 : -9.0, conductances ? coba(0_mV) : cuba(), conductances ? coba(-80_mV) : cuba());
    net.start(c.input("V0"));
    LoopOverTime over_time(
        net, {.out_vars = Tree<Monitor>::map(
                  {{"EV", net.E.V}, {"IV", net.I.V}, {"Ein", net.E.I}, {"E", net.E.spike}, {"I", net.I.spike}}),
              .dt = 0.1,
              .real = f64,
              .cache = false});
    LoopResult r = over_time.steps(1000);
    check_spikes(c, r.vars["E"].leaf(), r.vars["I"].leaf());
    for (const char *column : {"EV", "Ein", "IV"})
      CHECK(difference(column, r.vars[column].leaf().rows(0, 300), c.expected(std::string(column) + "_first300"),
                       {.relative = 1e-9}) == "");
    CHECK(difference("final_V", joined(net), c.expected("final_V"), {.relative = 1e-9}) == "");
  }
}

TEST_CASE("4000 cells with 320,000 synapses fire as BrainPy's in f64", "[golden][networks]") {
  Case c = load("einet_4000");
  Tensor offsets = c.in.at("csr_indptr").to(i64), targets = c.in.at("csr_indices").to(i64);
  auto block = [&](std::int64_t i0, std::int64_t i1, std::int64_t j0, std::int64_t j1) {
    std::vector<std::int64_t> pre, post;
    for (std::int64_t i = i0; i < i1; ++i)
      for (auto k = std::int64_t(offsets[i]); k < std::int64_t(offsets[i + 1]); ++k)
        if (targets[k] >= double(j0) && targets[k] < double(j1)) {
          pre.push_back(i - i0);
          post.push_back(std::int64_t(targets[k]) - j0);
        }
    return from_pairs(pre, post);
  };
  EINet net(
      3200, 800,
      {block(0, 3200, 0, 3200), block(0, 3200, 3200, 4000), block(3200, 4000, 0, 3200), block(3200, 4000, 3200, 4000)},
      0.6, 6.7, coba(0_mV), coba(-80_mV));
  net.start(c.input("V0"));
  LoopOverTime over_time(net, {.out_vars = Tree<Monitor>::map({{"E", net.E.spike}, {"I", net.I.spike}}),
                               .dt = 0.1,
                               .real = f64,
                               .cache = false});
  LoopResult r = over_time.steps(1000);
  check_spikes(c, r.vars["E"].leaf(), r.vars["I"].leaf());
  CHECK(difference("final_V", joined(net), c.expected("final_V"), {.relative = 1e-9}) == "");
}

TEST_CASE("delays read what LengthDelay and TimeDelay read", "[golden][delays]") {
  Case c = load("lengthdelay"); // the column `concat` never shifts: not compared
  struct Length : Model {
    explicit Length(const Case &c) : Model(Shape{3}) {
      register_delay(v, 5, {.initial = c.input("init")});
      v.set_initial(c.input("target0"));
    }
    State v = state("v", 0.0);
    Tree<Value> update(const Tree<Value> &x) override {
      std::vector<Value> rows;
      for (int k = 0; k < 6; ++k)
        rows.push_back(reshape(get_delay_data(v, k), {1, 3}));
      v = x.leaf();
      return concat(rows, 0);
    }
  } length(c);
  LoopOverTime over_time(length, {.real = f64, .cache = false});
  CHECK(difference("rotation", over_time(c.input("x")).out.leaf(), c.expected("rotation"), {}) == "");

  Case t = load("timedelay");
  struct Timed : Model {
    Timed(const Case &t, Between between) : Model(Shape{2}), query(t.input("query")), between(between) {
      register_delay(v, 1_ms, {.history = [](double time) { return Tensor(time, f64); }});
    }
    Tensor query;
    Between between;
    State v = state("v", 0.0);
    Tree<Value> update(const Tree<Value> &x) override {
      v = x.leaf();
      update_local_delays();
      std::vector<Value> rows;
      for (std::int64_t k = 0; k < query.size(); ++k)
        rows.push_back(reshape(get_delay_data(v, query[k] * ms, between), {1, 2}));
      return concat(rows, 0);
    }
  };
  // Reads of row k go to the time 0.1 (k + 1) - query. Between the last value before the start and the first one
  // BrainPy asks the function, and here it is interpolated. BrainPy's rounded reads lack a modulus where slot and
  // offset exceed the last of 11 slots, and do not round before the start. (README.md)
  for (Between between : {Between::Linear, Between::Round}) {
    bool rounds = between == Between::Round;
    Timed timed(t, between);
    timed.v.set_initial(t.input("x").rows(0, 1).reshape({2}));
    LoopOverTime over(timed, {.dt = 0.1, .real = f64, .cache = false});
    Tensor got = over(t.input("x")).out.leaf();
    const Tensor &expected = t.expected(rounds ? "round" : "linear_interp");
    int compared = 0;
    for (std::int64_t k = 0; k < 25; ++k)
      for (std::int64_t q = 0; q < 4; ++q) {
        double time = 0.1 * double(k + 1) - timed.query[q];
        double slot = double((k + 1) % 11) + std::nearbyint((1.0 - timed.query[q]) / 0.1);
        if (rounds ? time < 0 || slot > 10 : time < 0 && time > -0.1)
          continue;
        ++compared;
        for (std::int64_t e = 0; e < 2; ++e)
          CHECK(got[(k * 4 + q) * 2 + e] == Approx(expected[(k * 4 + q) * 2 + e]).margin(1e-9));
      }
    CHECK(compared >= (rounds ? 40 : 96));
  }
}
