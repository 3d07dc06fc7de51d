// SPDX-License-Identifier: Apache-2.0
// What every object offers: nodes and variables of a tree, by which names and how deep; modes; flat forms.
#include "models/layers/dense.h"
#include "models/layers/dropout.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/synapses/exponential.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

template <class T> std::vector<std::string> keys(const std::map<std::string, T> &map) {
  std::vector<std::string> all;
  for (const auto &[key, value] : map)
    all.push_back(key);
  return all;
}
using Names = std::vector<std::string>;

struct Pair : Network {
  LIF E = child("E", LIF(4)), I = child("I", LIF(2));
  Projection EI = child("EI", Projection(E, I, {.weight = 0.5, .synapse = exponential(5_ms), .output = cuba()}));
};

/// Reads a variable of a model elsewhere in the tree.
struct Reader : Model {
  Reader() : Model(Shape{}) {}
  State seen = state("seen", 0.0);
  const State *other = nullptr;
  Tree<Value> update(const Tree<Value> &) override {
    seen = sum(Value(*other));
    return {};
  }
};

struct Sharing : Model {
  Sharing() : Model(Shape{}) {
    reader.other = &counter.total;
    reader.register_implicit_vars({{"watched", counter.total}});
    reader.register_implicit_nodes({{"source", &counter}});
  }
  Counter counter = child("counter", Counter(3));
  Reader reader = child("reader", Reader());
  Tree<Value> update(const Tree<Value> &) override {
    counter.update(Tree<Value>());
    return reader.update(Tree<Value>());
  }
};

} // namespace

TEST_CASE("nodes are named from the model down or from the root, and as deep as asked for", "[trace]") {
  Pair net;
  CHECK(keys(net.nodes()) == Names{"", "E", "EI", "EI.output", "EI.synapse", "EI.weights", "I"});
  CHECK(keys(net.nodes({.level = 1})) == Names{"", "E", "EI", "I"});
  CHECK(keys(net.nodes({.level = 0})) == Names{""});
  CHECK(keys(net.nodes({.level = 1, .include_self = false})) == Names{"E", "EI", "I"});
  std::string root = net.name();
  CHECK(keys(net.EI.nodes({.method = "absolute", .level = 0})) == Names{root + ".EI"});
  CHECK(keys(net.nodes({.method = "absolute", .level = 1})) == Names{root, root + ".E", root + ".EI", root + ".I"});
  CHECK(net.nodes().at("E") == &net.E);
  CHECK(fails(ErrorKind::Name, {"relative or absolute", "'relativ'"}, [&] { net.nodes({.method = "relativ"}); }) == "");
}

TEST_CASE("variables are named likewise, by kind", "[trace]") {
  Pair net;
  CHECK(keys(net.states({.level = 0})).empty());
  CHECK(net.vars().contains("EI.synapse.g"));
  CHECK_FALSE(net.vars({.level = 1}).contains("EI.synapse.g"));
  CHECK(net.EI.vars({.method = "absolute"}).contains(net.name() + ".EI.synapse.tau"));
  Sequential layers{{"a", Dense(3, 2)}, {"b", Dense(2, 1)}};
  CHECK(keys(layers.train_vars()) == Names{"a.W", "a.b", "b.W", "b.b"});
  CHECK(layers.train_vars({.level = 0}).empty());
  CHECK(keys(layers["a"].train_vars()) == Names{"W", "b"});
}

TEST_CASE("implicit variables and nodes are listed where they are used, and once", "[trace]") {
  Sharing model;
  CHECK(keys(model.reader.vars()) == Names{"seen", "source.steps", "source.total"}); // the node's, which has it
  CHECK(keys(model.reader.nodes()) == Names{"", "source"});
  CHECK(model.reader.nodes().at("source") == &model.counter);
  CHECK(keys(model.reader.nodes({.level = 0})) == Names{""});
  CHECK(keys(model.reader.vars({.level = 0})) == Names{"seen", "watched"});
  CHECK(keys(model.vars()) == Names{"counter.steps", "counter.total", "reader.seen"}); // the root has them already
  CHECK(keys(model.nodes()) == Names{"", "counter", "reader"});
  LoopOverTime over_time(model, {.out_vars = model.reader.var("source.total"), .cache = false});
  CHECK(numbers(over_time.steps(2).vars.leaf()) == std::vector<double>{1, 1, 1, 2, 2, 2});
  CHECK(model.reader.seen.value()[0] == 6);
  model.reader.load_state_dict({{"source.total", Tensor::of({5, 5, 5})}}, {.warn = false});
  CHECK(model.counter.total.value()[2] == 5);

  CHECK(fails(ErrorKind::Name, {"'watched'", "registered already"},
              [&] { model.reader.register_implicit_vars({{"watched", model.counter.steps}}); }) == "");
  CHECK(fails(ErrorKind::Name, {"'seen'", "declared twice"},
              [&] { model.reader.register_implicit_nodes({{"seen", &model.counter}}); }) == "");
  CHECK(fails(ErrorKind::Usage, {"no model that can be below"},
              [&] { model.reader.register_implicit_nodes({{"up", &model}}); }) == "");
}

TEST_CASE("an implicit node without a parent becomes a child", "[trace]") {
  Counter inner;
  struct Outer : Model {
    Outer() : Model(Shape{}) {}
    Counter *inner = nullptr;
    Tree<Value> update(const Tree<Value> &x) override { return inner->update(x); }
  } outer;
  outer.inner = &inner;
  outer.register_implicit_nodes({{"inner", &inner}});
  CHECK(outer.children() == std::vector<Model *>{&inner});
  LoopOverTime over_time(outer, {.out_vars = inner.total, .cache = false});
  CHECK(numbers(over_time.steps(3).vars.leaf()) == std::vector<double>{1, 2, 3});
}

TEST_CASE("names of roots are unique, and so are those asked for", "[trace]") {
  LIF a, b;
  CHECK(a.name() != b.name());
  CHECK(a.name().starts_with("LIF"));
  CHECK(a.unique_name() != a.unique_name());
  CHECK(a.unique_name("net").starts_with("net"));
}

TEST_CASE("the mode follows the batch, and training is a step with fit = true", "[trace]") {
  std::vector<Mode> seen;
  struct Watcher : Model {
    explicit Watcher(std::vector<Mode> &seen) : Model(Shape{2}), seen(seen) {}
    std::vector<Mode> &seen;
    State x = state("x", 0.0);
    Tree<Value> update(const Tree<Value> &) override {
      seen.push_back(mode());
      return x = x + 1;
    }
  } model(seen);
  CHECK(model.mode() == Mode::NonBatching);
  LoopOverTime(model, {.cache = false}).steps(1);
  LoopOverTime(model, {.shared_arg = {{"fit", true}}, .cache = false}).steps(1);
  LoopOverTime over_time(model, {.cache = false});
  over_time.reset_state(3);
  CHECK(over_time.mode() == Mode::Batching);
  over_time.steps(1);
  CHECK(seen == std::vector<Mode>{Mode::NonBatching, Mode::Training, Mode::Batching});
}

TEST_CASE("a network is flattened and put back, and its dictionary is complete", "[trace]") {
  Pair net;
  LoopOverTime over_time(net, {.cache = false});
  net.E.I.set_value(30);
  over_time(30_ms);
  auto [arrays, paths] = net.tree_flatten();
  CHECK(paths == keys(net.state_dict()));
  CHECK(std::ranges::find(paths, "EI.synapse.g") != paths.end());
  over_time(30_ms);
  Tensor later = net.E.V.value();
  net.tree_unflatten(paths, arrays);
  CHECK_FALSE(same_bits(net.E.V.value(), later));
  for (std::size_t k = 0; k < paths.size(); ++k) { // what was set is f64 until a run takes it, which loses nothing
    Tensor put = net.var(paths[k]).value();
    CHECK(put.dtype() == (arrays[k].dtype() == f32 ? f64 : arrays[k].dtype()));
    CHECK(same_bits(put.to(arrays[k].dtype()), arrays[k]));
  }
  Pair copy;
  copy.load_state_dict(net.state_dict());
  CHECK(same_bits(copy.EI.var("synapse.g").value(), net.EI.var("synapse.g").value()));
  CHECK(fails(ErrorKind::Shape, {"1 paths for 0"}, [&] { net.tree_unflatten({"E.V"}, {}); }) == "");
}
