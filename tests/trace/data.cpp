// SPDX-License-Identifier: Apache-2.0
// Runs by data: trees of arrays, and what does not fit (S9, S15).
#include "models/layers/rnn_cell.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

TEST_CASE("step k receives row k (S9)", "[trace]") {
  Counter model(2);
  LoopOverTime over_time(model, {.real = f64, .cache = false});
  Tensor out = over_time(Tensor::of({3, 2}, std::vector<double>{1, 10, 2, 20, 3, 30}, f64)).out.leaf();
  CHECK(out.shape() == Shape{3, 2});
  CHECK(numbers(out) == std::vector<double>{2, 20, 6, 60, 12, 120});
}

TEST_CASE("a list of arrays reaches the step as a list (S9)", "[trace]") {
  Function difference([](const Tree<Value> &x) -> Tree<Value> { return x[0].leaf() - x[1].leaf(); });
  LoopOverTime over_time(difference, {.cache = false});
  Tensor out = over_time({Tensor::of({5, 6, 7}), Tensor::of({1, 1, 2})}).out.leaf();
  CHECK(numbers(out) == std::vector<double>{4, 5, 5});
}

TEST_CASE("a map of arrays reaches the step as a map, outputs may be a map (S9)", "[trace]") {
  Function both([](const Tree<Value> &x) -> Tree<Value> {
    return {{"sum", x["a"].leaf() + x["deep"]["b"].leaf()},
            {"parts", Tree<Value>{x["a"].leaf(), x["deep"]["b"].leaf()}}};
  });
  LoopOverTime over_time(both, {.cache = false});
  Tree<Tensor> data{{"a", Tensor::of({1, 2})}, {"deep", Tree<Tensor>{{"b", Tensor::of({10, 20})}}}};
  Tree<Tensor> out = over_time(data).out;
  CHECK(numbers(out["sum"].leaf()) == std::vector<double>{11, 22});
  CHECK(numbers(out["parts"][0].leaf()) == std::vector<double>{1, 2});
  CHECK(numbers(out["parts"][1].leaf()) == std::vector<double>{10, 20});
}

TEST_CASE("arrays with different numbers of steps are an error that names both shapes (S9)", "[trace]") {
  Function sum([](const Tree<Value> &x) -> Tree<Value> { return x[0].leaf() + x[1].leaf(); });
  LoopOverTime over_time(sum, {.cache = false});
  Tree<Tensor> data{Tensor::zeros({4, 3}), Tensor::zeros({5, 3})};
  unsigned line = __LINE__ + 1;
  CHECK(fails(ErrorKind::Shape, {"[4, 3]", "[5, 3]", here(__FILE__, line)}, [&] { over_time(data); }) == "");
}

TEST_CASE("a scalar has no time axis (S9)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::Shape, {"no time axis", "[T, ...]"}, [&] { over_time(Tensor(1.0)); }) == "");
}

TEST_CASE("data of a wider type is an error that says how to convert (S9)", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::DType, {"f64", "f32", "to(f32)"}, [&] { over_time(Tensor::zeros({3, 1}, f64)); }) == "");
}

TEST_CASE("data that does not broadcast to the states is an error at the model's line (S9)", "[trace]") {
  Counter model(3);
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::Shape, {"[3]", "[4]", "helper.h:"}, [&] { over_time(Tensor::zeros({10, 4})); }) == "");
}

TEST_CASE("another batch size than the states have is an error that names both (S15)", "[trace]") {
  RNNCell cell(3, 2);
  LoopOverTime over_time(cell, {.cache = false});
  over_time.reset_state(4);
  CHECK(fails(ErrorKind::Shape, {"[5, 6, 3]", "batch size 4"}, [&] { over_time(Tensor::zeros({5, 6, 3})); }) == "");
  CHECK(fails(ErrorKind::Shape, {"[5]", "batch size 4"}, [&] { over_time(Tensor::zeros({5})); }) == "");
}

TEST_CASE("a failed call leaves states and time where they were", "[trace]") {
  Counter model(3);
  LoopOverTime over_time(model, {.cache = false});
  over_time(0.5);
  std::vector<double> before = numbers(model.total.value());
  CHECK_THROWS_AS(over_time(Tensor::zeros({10, 4})), Error);
  CHECK_THROWS_AS(over_time(-1.0), Error);
  CHECK(numbers(model.total.value()) == before);
  CHECK(over_time.i0() == 5);
}

TEST_CASE("data without an array is an error", "[trace]") {
  Counter model;
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::Usage, {"duration"}, [&] { over_time(Tree<Tensor>{}); }) == "");
}
