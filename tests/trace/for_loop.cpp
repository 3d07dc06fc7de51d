// SPDX-License-Identifier: Apache-2.0
// for_loop and DSRunner: thin layers over LoopOverTime.
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

TEST_CASE("for_loop runs a function of each row", "[trace]") {
  Tensor x = sample({7, 3}, 1, f32);
  Tensor y = for_loop([](Value v) { return v * v; }, x, {.cache = false});
  REQUIRE(y.shape() == x.shape());
  for (std::int64_t k = 0; k < x.size(); ++k)
    CHECK(y[k] == static_cast<double>(static_cast<float>(x[k]) * static_cast<float>(x[k])));
  Tree<Tensor> named = for_loop(
      [](const Tree<Value> &v) {
        return Tree<Value>{{"sum", v["a"].leaf() + v["b"].leaf()}, {"less", v["a"].leaf() < v["b"].leaf()}};
      },
      Tree<Tensor>{{"a", x}, {"b", y}}, {.cache = false});
  CHECK(named["less"]->dtype() == DType::Bool);
  CHECK(named["sum"]->shape() == x.shape());
}

TEST_CASE("for_loop carries the states of a model", "[trace]") {
  Counter counter(2);
  auto body = [&](Value x) {
    counter.total = counter.total + 2 * x;
    return Value(counter.total);
  };
  LoopResult r = for_loop(counter, body, Tensor::full({4, 2}, 1), {.out_vars = counter.total, .cache = false});
  CHECK(numbers(r.out.leaf()) == std::vector<double>{2, 2, 4, 4, 6, 6, 8, 8});
  CHECK(same_bits(r.out.leaf(), r[counter.total]));
  CHECK(counter.total.value()[0] == 8);
}

TEST_CASE("a runner records by name, holds inputs and continues", "[trace]") {
  HH hh(2), alone(2);
  DSRunner runner(hh, {.monitors = {"V", "spike"}, .inputs = {{"I", Tensor(10.0)}}, .dt = 0.05_ms});
  Tensor spikes = runner.run(20.0);
  CHECK(spikes.shape() == Shape{400, 2});
  CHECK(runner.mon["V"].shape() == Shape{400, 2});
  CHECK(same_bits(runner.mon["spike"], spikes));
  CHECK(runner.mon["ts"][399] == 399 * 0.05);
  LoopOverTime reference(alone, {.out_vars = alone.V, .dt = 0.05_ms});
  alone.I.set_value(10);
  CHECK(same_bits(reference(20_ms).vars.leaf(), runner.mon["V"]));
  runner.run(1.0);
  CHECK(runner.mon["ts"][0] == Approx(20));
  CHECK(fails(ErrorKind::Name, {"'v'", "'V'"}, [&] { DSRunner(hh, {.monitors = {"v"}}); }) == "");
  CHECK(fails(ErrorKind::Name, {"input 'i'", "'I'"}, [&] { DSRunner(hh, {.inputs = {{"i", Tensor(1.0)}}}); }) == "");
}
