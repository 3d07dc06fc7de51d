// SPDX-License-Identifier: Apache-2.0
// for_loop and DSRunner: thin layers over LoopOverTime.
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

#include <csignal>

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
  CHECK(fails(ErrorKind::Name, {"'V'", "another name", "for_loop.cpp"},
              [&] { DSRunner(hh, {.monitors = {"V", {"V", hh.m}}}); }) == "");
  CHECK(fails(ErrorKind::Name, {"'s' and 's.t'", "would both be 's.t'"},
              [&] { DSRunner(hh, {.monitors = {{"s", Monitor(hh.spike).events()}, {"s.t", hh.V}}}); }) == "");
  CHECK(fails(ErrorKind::Name, {"'V.t' and 'V'"},
              [&] { DSRunner(hh, {.monitors = {{"V.t", hh.m}, {"V", Monitor(hh.V).every(5)}}}); }) == "");
  CHECK(fails(ErrorKind::Name, {"needs a name"}, [&] { DSRunner(hh, {.monitors = {{"", hh.m}}}); }) == "");
  CHECK(fails(ErrorKind::Name, {"input 'i'", "'I'"}, [&] { DSRunner(hh, {.inputs = {{"i", Tensor(1.0)}}}); }) == "");
}

TEST_CASE("a runner's inputs are the same, rows, or functions, under each operation", "[trace]") {
  Tensor rows = sample({60, 3}, 5, f32), fixed = Tensor::of({1, 2, 4});
  auto run = [&](std::vector<RunnerInput> inputs, const std::function<double(std::int64_t, std::int64_t)> &expected) {
    HH hh(3);
    DSRunner runner(hh, {.monitors = {"I"}, .inputs = std::move(inputs), .dt = 0.5_ms});
    std::int64_t step = 0, wrong = 0;
    for (double duration : {10.0, 0.5, 19.5}) { // rows go on from run to run
      runner.run(duration);
      for (std::int64_t k = 0; k < runner.mon["I"].shape()[0]; ++k, ++step)
        for (std::int64_t j = 0; j < 3; ++j)
          wrong += runner.mon["I"][k * 3 + j] != Approx(expected(step, j)).epsilon(1e-6);
    }
    CHECK(step == 60);
    CHECK(wrong == 0);
    CHECK(numbers(hh.I.value()) == std::vector<double>{0}); // the model is as it was
  };
  auto at = [&](std::int64_t k, std::int64_t j) { return rows[k * 3 + j]; };
  run({{"I", 7.0}}, [](auto, auto) { return 7.0; });
  run({{"I", fixed, '-'}}, [](auto, auto j) { return -double(1 << j); });
  run({{"I", EachStep{rows}}}, at);
  run({{"I", 7.0, '='}, {"I", EachStep{rows}, '*'}, {"I", fixed, '/'}},
      [&](auto k, auto j) { return 7 * at(k, j) / double(1 << j); });
  run({{"I", [](const StepClock &clock) { return 2 * clock.t / clock.dt + as_real(clock.i); }, '='}},
      [](auto k, auto) { return 3.0 * static_cast<double>(k); });
}

TEST_CASE("a runner's input may be a state, beside the data of a run", "[trace]") {
  Counter counter(2);
  DSRunner runner(
      counter, {.monitors = {"total"}, .inputs = {{"total", EachStep{Tensor::of({10, 20, 30})}}, {"total", 2.0, '*'}}});
  runner.run(Tensor::full({3, 2}, 1)); // total = 2 (total + row) + 1
  CHECK(numbers(runner.mon["total"]) == std::vector<double>{21, 21, 83, 83, 227, 227});
  CHECK(fails(ErrorKind::Shape, {"'total'", "3 rows", "3 to 4"}, [&] { runner.run(Tensor::full({1, 2}, 1)); }) == "");
  runner.reset_state();
  runner.run(Tensor::full({1, 2}, 1));
  CHECK(numbers(runner.mon["total"]) == std::vector<double>{21, 21});
  CHECK(fails(ErrorKind::Value, {"operation", "'total'", "'%'"},
              [&] { DSRunner(counter, {.inputs = {{"total", 1.0, '%'}}}); }) == "");
}

TEST_CASE("another number of a runner's input compiles nothing", "[trace]") {
  HH hh(2);
  DSRunner first(hh, {.inputs = {{"I", 1.0}}, .cache = false});
  first.run(1.0);
  CHECK(first.loop().compilations() == 1);
  first.run(2.0);
  CHECK(first.loop().compilations() == 1);
}

TEST_CASE("a runner's monitors are functions, elements, windows and events under a name", "[trace]") {
  HH hh(4);
  DSRunner runner(hh, {.monitors = {"V",
                                    {"mean", [&] { return mean(hh.V); }},
                                    {"two", Monitor(hh.V).at({1, 3})},
                                    {"slow", Monitor(hh.V).every(20, Reduce::Mean)},
                                    {"spikes", Monitor(hh.spike).events()}},
                       .inputs = {{"I", Tensor::of({0, 8, 12, 20})}},
                       .keep_outputs = false});
  CHECK(runner.run(50.0).empty());
  CHECK(runner.mon["mean"].shape() == Shape{500});
  CHECK(runner.mon["two"].shape() == Shape{500, 2});
  CHECK(runner.mon["two"][5] == runner.mon["V"][2 * 4 + 3]);
  CHECK(runner.mon["slow"].shape() == Shape{25, 4});
  CHECK(runner.mon["slow.t"][1] == Approx(3.9));
  CHECK(runner.mon["spikes.i"].size() > 3);
  CHECK(runner.mon["spikes.t"].size() == runner.mon["spikes.i"].size());
}

TEST_CASE("a runner tells its memory before, and Ctrl-C keeps what there is", "[trace]") {
  HH hh(1000);
  DSRunner runner(hh, {.monitors = {"V", {"spikes", Monitor(hh.spike).events()}}, .keep_outputs = false});
  MemoryNeed need = runner.memory_need(100.0);
  CHECK(need.results == 1000.0 * 1000 * 4 + 1000 * 8); // V, and the times of the steps
  CHECK(need.results_text == "V f32 [1000, 1000], spikes as events");
  CHECK(need.variables == 4 * 1000 * 12 + 1000 + 9 * 12); // V, m, h, n; spike; numbers
  CHECK(runner.memory_need(1000.0).results == 1e4 * 1000 * 4 + 1e4 * 8);
  DSRunner counting(hh, {.monitors = {{"rate", Monitor(hh.spike).every(100, Reduce::Mean)},
                                      {"any", Monitor(hh.spike).every(100, Reduce::Max)},
                                      {"m", Monitor(hh.m).file("m.npy")}},
                         .keep_outputs = false});
  need = counting.memory_need(100.0);
  CHECK(need.results == 10.0 * 1000 * 4 + 10.0 * 1000 + 1000 * 8);
  CHECK(need.results_text == "rate f32 [10, 1000], any bool [10, 1000], m to m.npy");
  CHECK(fails(ErrorKind::Memory, {"V f32 [10000000000000, 1000]", "run fewer steps"}, [&] { runner.run(1e12); }) == "");

  HH other(10);
  DSRunner stopped(other,
                   {.monitors = {"V"}, .progress = [](std::int64_t, std::int64_t) { return std::raise(SIGINT) == 0; }});
  stopped.run(1000.0);
  CHECK(stopped.interrupted());
  std::int64_t done = stopped.mon["V"].shape()[0];
  CHECK((done > 0 && done < 10000));
  CHECK(stopped.mon["ts"].size() == done);
  DSRunner whole(other, {.monitors = {"V"}});
  whole.run(5.0);
  CHECK_FALSE(whole.interrupted());

  struct sigaction before{}, after{};
  sigaction(SIGINT, nullptr, &before);
  {
    InterruptGuard outside; // of a program that also writes files
    whole.run(5.0);
    CHECK_FALSE(outside.interrupted());
    std::raise(SIGINT);
    CHECK(outside.interrupted());
    whole.run(1000.0);
    CHECK(whole.interrupted());
    CHECK(whole.mon["ts"].size() < 10000);
  }
  sigaction(SIGINT, nullptr, &after);
  CHECK(after.sa_handler == before.sa_handler);
  whole.run(5.0);
  CHECK_FALSE(whole.interrupted());
}
