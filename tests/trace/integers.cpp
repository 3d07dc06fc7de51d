// SPDX-License-Identifier: Apache-2.0
// Booleans and integers in a step.
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

struct Index : Model {
  explicit Index(std::function<Tree<Value>(const Value &)> step) : Model(Shape{}), step(std::move(step)) {}
  std::function<Tree<Value>(const Value &)> step;
  Tree<Value> update(const Tree<Value> &) override { return step(i()); }
};
Tensor of_index(const std::function<Tree<Value>(const Value &)> &step, std::int64_t i0 = 0) {
  Index model(step);
  return LoopOverTime(model, {.i0 = i0, .real = f64, .cache = false}).steps(5).out.leaf();
}

} // namespace

TEST_CASE("comparisons give bool", "[trace]") {
  Tensor a = Tensor::of({-1, 0, 2}, f64);
  auto compared = [&](auto f) { return numbers(evaluate_one([&](const Tree<Value> &x) { return f(x.leaf()); }, a)); };
  CHECK(evaluate_one([](const Tree<Value> &x) { return x.leaf() < 0; }, a).dtype() == DType::Bool);
  CHECK(compared([](Value x) { return x < 0; }) == std::vector<double>{1, 0, 0});
  CHECK(compared([](Value x) { return x <= 0; }) == std::vector<double>{1, 1, 0});
  CHECK(compared([](Value x) { return x > 0; }) == std::vector<double>{0, 0, 1});
  CHECK(compared([](Value x) { return x >= 0; }) == std::vector<double>{0, 1, 1});
  CHECK(compared([](Value x) { return x == 0; }) == std::vector<double>{0, 1, 0});
  CHECK(compared([](Value x) { return x != 0; }) == std::vector<double>{1, 0, 1});
}

TEST_CASE("false is less than true", "[trace]") {
  Tensor a = Tensor::of({-1, -1, 2, 2}, f64), b = Tensor::of({-1, 2, -1, 2}, f64);
  auto compared = [&](auto f) {
    return numbers(evaluate_one([&](const Tree<Value> &x) { return f(x[0].leaf() > 0, x[1].leaf() > 0); }, {a, b}));
  };
  CHECK(compared([](Value x, Value y) { return x < y; }) == std::vector<double>{0, 1, 0, 0});
  CHECK(compared([](Value x, Value y) { return x <= y; }) == std::vector<double>{1, 1, 0, 1});
  CHECK(compared([](Value x, Value y) { return x > y; }) == std::vector<double>{0, 0, 1, 0});
  CHECK(compared([](Value x, Value y) { return x >= y; }) == std::vector<double>{1, 0, 1, 1});
}

TEST_CASE("and, or, not combine conditions", "[trace]") {
  Tensor a = Tensor::of({-1, 0, 2, 5}, f64);
  auto combined = [&](auto f) { return numbers(evaluate_one([&](const Tree<Value> &x) { return f(x.leaf()); }, a)); };
  CHECK(combined([](Value x) { return x > -1 && x < 5; }) == std::vector<double>{0, 1, 1, 0});
  CHECK(combined([](Value x) { return x < 0 || x > 2; }) == std::vector<double>{1, 0, 0, 1});
  CHECK(combined([](Value x) { return !(x > 0); }) == std::vector<double>{1, 1, 0, 0});
}

TEST_CASE("a bool counts as 0 or 1 in arithmetic", "[trace]") {
  Tensor a = Tensor::of({-1, 3}, f64);
  CHECK(numbers(evaluate_one([](const Tree<Value> &x) { return x.leaf() * (x.leaf() > 0); }, a)) ==
        std::vector<double>{0, 3});
  CHECK(numbers(evaluate_one([](const Tree<Value> &x) { return as_real(x.leaf() > 0) + 1; }, a)) ==
        std::vector<double>{1, 2});
  CHECK(evaluate_one([](const Tree<Value> &x) { return sum(x.leaf() > 0); }, a)[0] == 1.0);
}

TEST_CASE("the index stays an integer beside integers and becomes real beside reals", "[trace]") {
  CHECK(of_index([](const Value &i) { return 2 * i + 1; }).dtype() == i64);
  CHECK(numbers(of_index([](const Value &i) { return 2 * i + 1; })) == std::vector<double>{1, 3, 5, 7, 9});
  CHECK(of_index([](const Value &i) { return i * 0.5; }).dtype() == f64);
  CHECK(numbers(of_index([](const Value &i) { return i * 0.5; })) == std::vector<double>{0, 0.5, 1, 1.5, 2});
  CHECK(numbers(of_index([](const Value &i) { return i / 2; })) == std::vector<double>{0, 0.5, 1, 1.5, 2});
  CHECK(numbers(of_index([](const Value &i) { return -i; })) == std::vector<double>{0, -1, -2, -3, -4});
  CHECK(numbers(of_index([](const Value &i) { return where(i == 2, 10, 20); })) ==
        std::vector<double>{20, 20, 10, 20, 20});
  CHECK(numbers(of_index([](const Value &i) { return minimum(i, 3); })) == std::vector<double>{0, 1, 2, 3, 3});
}

TEST_CASE("an index with a unit becomes real where units differ", "[trace]") {
  CHECK(numbers(of_index([](const Value &i) { return i * (mV / volt); })) ==
        std::vector<double>{0, 0.001, 0.002, 0.003, 0.004});
  CHECK(numbers(of_index([](const Value &i) { return (i * mV + 1 * volt) / mV; })) ==
        std::vector<double>{1000, 1001, 1002, 1003, 1004});
  CHECK(numbers(of_index([](const Value &i) { return where(i * mV < 0.002 * volt, 1, 0); })) ==
        std::vector<double>{1, 1, 0, 0, 0});
}

TEST_CASE("the index is exact beyond 2^53", "[trace]") {
  std::int64_t big = (std::int64_t(1) << 60) + 1;
  Tensor i = of_index([](const Value &i) { return i + 1; }, big);
  CHECK(i.values<std::int64_t>()[4] == big + 5);
}

TEST_CASE("a bool state carries flags and refuses numbers", "[trace]") {
  struct Toggle : Model {
    Toggle() : Model(Shape{2}) {}
    State on = state("on", true);
    Tree<Value> update(const Tree<Value> &) override { return Value(on = !Value(on)); }
  } toggle;
  Tensor out = LoopOverTime(toggle, {.cache = false}).steps(3).out.leaf();
  CHECK(out.dtype() == DType::Bool);
  CHECK(numbers(out) == std::vector<double>{0, 0, 1, 1, 0, 0});
  struct Wrong : Model {
    Wrong() : Model(Shape{2}) {}
    State on = state("on", true);
    Tree<Value> update(const Tree<Value> &x) override { return Value(on = x.leaf()); }
  } wrong;
  CHECK(fails(ErrorKind::DType, {"'on' is bool", "declared here"},
              [&] { LoopOverTime(wrong, {.cache = false})(Tensor::zeros({1, 2})); }) == "");
}

TEST_CASE("comparisons with NaN are false, != is true", "[trace]") {
  Tensor a = Tensor::of({std::nan(""), 1.0}, f64);
  auto compared = [&](auto f) { return evaluate_one([&](const Tree<Value> &x) { return f(x.leaf()); }, a)[0]; };
  CHECK(compared([](Value x) { return x < 0; }) == 0.0);
  CHECK(compared([](Value x) { return x >= 0; }) == 0.0);
  CHECK(compared([](Value x) { return x == x; }) == 0.0);
  CHECK(compared([](Value x) { return x != x; }) == 1.0);
}

TEST_CASE("infinity passes a threshold", "[trace]") {
  Tensor a = Tensor::of({HUGE_VAL, -HUGE_VAL}, f64);
  CHECK(numbers(evaluate_one([](const Tree<Value> &x) { return where(x.leaf() >= -30, -68, x.leaf()); }, a)) ==
        std::vector<double>{-68, -HUGE_VAL});
}
