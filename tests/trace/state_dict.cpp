// SPDX-License-Identifier: Apache-2.0
// What every model and loop offers: variables and models by path, dictionaries and files of states, devices.
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

#include <cstdio>

using namespace overtime;
using namespace overtime::test;

namespace {

std::vector<std::string> keys(const std::map<std::string, Monitor> &variables) {
  std::vector<std::string> names;
  for (const auto &[name, variable] : variables)
    names.push_back(name);
  return names;
}

} // namespace

TEST_CASE("variables are named from the model or from its root, and chosen by level", "[trace]") {
  Sequential model{{"l1", RNNCell(3, 4)}, {"l2", relu}, {"l3", Sequential{{"in", RNNCell(4, 2)}}}};
  using Names = std::vector<std::string>;
  CHECK(keys(model.states()) == Names{"l1.state", "l3.in.state"});
  CHECK(keys(model.states({.method = "absolute"})) == Names{model.name() + ".l1.state", model.name() + ".l3.in.state"});
  CHECK(keys(model.states({.level = 1})) == Names{"l1.state"});
  CHECK(keys(model["l1"].vars({.include_self = false})).empty());
  CHECK(keys(model["l3"].states()) == Names{"in.state"});
  CHECK(keys(model.train_vars({.level = 1})) == Names{"l1.Wh", "l1.Wi", "l1.b"});
  CHECK(model.vars().size() == 8);
  CHECK(model.nodes().size() == 4);
  CHECK(model.nodes().at("l3.in") == model["l3"].nodes().at("in"));
  CHECK(model.nodes({.method = "absolute", .level = 0}).at(model.name()) == &model);
  CHECK(fails(ErrorKind::Name, {"relative", "absolute", "'absolut'"}, [&] { model.vars({.method = "absolut"}); }) ==
        "");
  LoopOverTime over_time(model);
  CHECK(keys(over_time.states()) == Names{"l1.state", "l3.in.state"});
  CHECK(over_time.nodes().size() == 4);
}

TEST_CASE("names are unique, modes follow the batch, devices are named", "[trace]") {
  HH a, b;
  CHECK(a.name() != b.name());
  CHECK(a.unique_name() != a.unique_name());
  CHECK(a.unique_name("net").substr(0, 3) == "net");
  LoopOverTime over_time(a, {.cache = false});
  CHECK(over_time.mode() == Mode::NonBatching);
  over_time.reset(3);
  CHECK(over_time.mode() == Mode::Batching);
  over_time.cpu().to("cpu");
  CHECK(fails(ErrorKind::Usage, {"'tpu'", "cpu"}, [&] { over_time.tpu(); }) == "");
  CHECK(fails(ErrorKind::Usage, {"'gpu'", "cpu"}, [&] { over_time.to("gpu"); }) == "");
}

TEST_CASE("a dictionary of states brings a model back to where it was", "[trace]") {
  RNNCell cell(3, 4, {.activation = tanh}), other(3, 4, {.activation = tanh, .Wi = 0.0});
  LoopOverTime over_time(cell, {.cache = false}), from_there(other, {.cache = false});
  Tensor x = sample({9, 3}, 1, f32);
  over_time(x);
  StateDict dict = over_time.state_dict();
  LoadResult result = from_there.load_state_dict(dict);
  CHECK(result.missing_keys.empty());
  CHECK(result.unexpected_keys.empty());
  CHECK(same_bits(over_time(x).out.leaf(), from_there(x).out.leaf()));
  other.load_state_dict(dict);
  for (const char *path : {"overtime_state_dict.npz", "overtime_state_dict.safetensors"}) {
    cell.reset_state();
    CHECK(numbers(cell.state.value()) != numbers(dict.at("state")));
    other.save_states(path);
    cell.load_states(path);
    std::remove(path);
    CHECK(numbers(cell.state.value()) == numbers(dict.at("state")));
  }
  CHECK(fails(ErrorKind::File, {"net.pt", "FILE.npz or FILE.safetensors"}, [&] { cell.save_states("net.pt"); }) == "");
}

namespace {

/// A walk whose steps depend on time, index, a random number and the step before.
struct Walk : Layer {
  Walk() : Layer(Shape{5}) {}
  State y = state("y", 0.5), count = state("count", 0.0);
  using Layer::update;
  Value update(Value x) override {
    count = count + 1;
    y = 0.9 * y + sin(0.37 * (t() / ms)) * x + 0.001 * i() + random_uniform("noise", {5}) / count;
    return y;
  }
};

} // namespace

TEST_CASE("a run that is saved and loaded goes on with the bits of an unbroken one", "[trace]") {
  const Tensor x = sample({60, 5}, 3, f64);
  for (DType real : {f32, f64})
    for (const char *path : {"overtime_resumed.safetensors", "overtime_resumed.npz"}) {
      const LoopOptions options{.t0 = 0.3, .i0 = 5, .dt = 0.1, .real = real, .seed = 11, .cache = false};
      Tensor data = x.to(real);
      Walk whole;
      Tensor expected = LoopOverTime(whole, options)(data).out.leaf();
      {
        Walk first;
        LoopOverTime over_time(first, options);
        over_time(data.rows(0, 23));
        over_time.save_states(path);
      }
      Walk second;
      LoopOverTime over_time(second, options);
      LoadResult result = over_time.load_states(path);
      CHECK((result.missing_keys.empty() && result.unexpected_keys.empty()));
      CHECK(over_time.i0() == 28);
      CHECK(same_bits(over_time(data.rows(23, 60)).out.leaf(), expected.rows(23, 60)));
      Walk model;
      CHECK(model.load_states(path).unexpected_keys.empty()); // a model has no steps
      CHECK(numbers(model.y.value()) != numbers(expected.rows(59, 60)));
      std::remove(path);
    }
}

TEST_CASE("steps of a dictionary must be a number of steps, and nothing is loaded else", "[trace]") {
  Walk walk;
  LoopOverTime over_time(walk, {.cache = false});
  for (const Tensor &steps : {Tensor(-1, i64), Tensor(3.0), Tensor::zeros({2}, i64)}) {
    StateDict dict = over_time.state_dict();
    dict.at("y") = Tensor::full({5}, 7, f64);
    dict.at(LoopOverTime::steps_key) = steps;
    CHECK(fails(ErrorKind::Value, {"'@steps'", "one i64"}, [&] { over_time.load_state_dict(dict); }) == "");
  }
  CHECK(numbers(walk.y.value()) == std::vector<double>(5, 0.5));
  StateDict of_model = walk.state_dict();
  over_time(sample({4, 5}, 3, f32));
  over_time.load_state_dict(of_model);
  CHECK(over_time.i0() == 4);
}

TEST_CASE("keys and shapes that do not match are errors that name them, and change nothing", "[trace]") {
  RNNCell cell(3, 4);
  StateDict dict = cell.state_dict(), before = dict;
  dict.at("Wi") = Tensor::full({3, 4}, 7, f64);
  dict.emplace("stat", Tensor::zeros({4}));
  dict.erase("b");
  CHECK(fails(ErrorKind::Name, {"missing: 'b'", "unexpected: 'stat'", "'state'", "warn = false"},
              [&] { cell.load_state_dict(dict); }) == "");
  CHECK(numbers(cell.Wi.value()) == numbers(before.at("Wi")));
  LoadResult result = cell.load_state_dict(dict, {.warn = false});
  CHECK(result.missing_keys == std::vector<std::string>{"b"});
  CHECK(result.unexpected_keys == std::vector<std::string>{"stat"});
  CHECK(cell.Wi.value()[0] == 7);
  StateDict wrong = cell.state_dict();
  wrong.at("Wh") = Tensor::full({4, 4}, 1);
  wrong.at("state") = Tensor::zeros({5});
  CHECK(fails(ErrorKind::Shape, {"'state'", "[4]", "[5]"}, [&] { cell.load_state_dict(wrong); }) == "");
  CHECK(cell.Wh.value()[0] != 1);
  StateDict absolute;
  for (const auto &[name, variable] : cell.vars({.method = "absolute"}))
    absolute.emplace(name, variable.value());
  CHECK(cell.load_state_dict(absolute, {.compatible = "v1"}).missing_keys.empty());
}

TEST_CASE("a tree is flattened and put together again", "[trace]") {
  Tree<int> tree{{"a", Tree<int>(1)}, {"b", Tree<int>{2, 3}}};
  auto [leaves, structure] = tree.tree_flatten();
  CHECK(leaves == std::vector<int>{1, 2, 3});
  Tree<int> again = Tree<int>::tree_unflatten(structure, {10, 20, 30});
  CHECK(again["b"][1].leaf() == 30);
  CHECK(again["a"].leaf() == 10);
  CHECK(fails(ErrorKind::Shape, {"3 leaves", "got 1"}, [&] { Tree<int>::tree_unflatten(structure, {1}); }) == "");
}
