// SPDX-License-Identifier: Apache-2.0
// Shared arguments of a step (S4).
#include "models/layers/dropout.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

struct Scaled : Layer {
  Value update(Value x) override { return x * std::get<double>(shared("scale", 1.0)); }
};

} // namespace

TEST_CASE("a shared argument reaches every node of the target (S4)", "[trace]") {
  Sequential model{{"a", Scaled()}, {"b", Scaled()}};
  Tensor x = Tensor::of({1, 2});
  CHECK(numbers(LoopOverTime(model, {.cache = false})(x).out.leaf()) == std::vector<double>{1, 2});
  LoopOverTime tripled(model, {.shared_arg = {{"scale", 3.0}}, .cache = false});
  CHECK(numbers(tripled(x).out.leaf()) == std::vector<double>{9, 18});
}

TEST_CASE("fit is false unless given, and decides dropout (S4)", "[trace]") {
  Dropout dropout(0.5);
  Tensor x = Tensor::full({64, 100}, 1.0);
  Tensor rest = LoopOverTime(dropout, {.cache = false})(x).out.leaf();
  CHECK(same_bits(rest, x));
  LoopOverTime fitting(dropout, {.shared_arg = {{"fit", true}}, .cache = false});
  Tensor dropped = fitting(x).out.leaf();
  double kept = 0;
  for (double v : numbers(dropped)) {
    CHECK((v == 0.0 || v == 2.0));
    kept += v != 0.0;
  }
  CHECK(kept == Approx(3200).margin(160)); // four deviations of a binomial with n = 6400, p = 1/2
}

TEST_CASE("another value is another program, each loop keeps its own (S4)", "[trace]") {
  Scaled model;
  Tensor x = Tensor::of({1, 2});
  LoopOverTime once(model, {.shared_arg = {{"scale", 1.0}}, .cache = false});
  LoopOverTime twice(model, {.shared_arg = {{"scale", 2.0}}, .cache = false});
  for (int k = 0; k < 3; ++k) {
    CHECK(numbers(once(x).out.leaf()) == std::vector<double>{1, 2});
    CHECK(numbers(twice(x).out.leaf()) == std::vector<double>{2, 4});
  }
  CHECK(once.compilations() == 1);
  CHECK(twice.compilations() == 1);
}

TEST_CASE("the caller's shared arguments are not modified (S4)", "[trace]") {
  Scaled model;
  LoopOptions options{.shared_arg = {{"scale", 2.0}}, .cache = false};
  LoopOverTime over_time(model, options);
  over_time(Tensor::of({1, 2}));
  CHECK(options.shared_arg.size() == 1);
  CHECK(over_time.options().shared_arg == options.shared_arg);
}

TEST_CASE("a shared argument of another type is an error (S4)", "[trace]") {
  Scaled model;
  LoopOverTime over_time(model, {.shared_arg = {{"scale", true}}, .cache = false});
  auto run = [&] { over_time(Tensor::of({1, 2})); };
  std::string place = here(__FILE__, __LINE__ - 1);
  CHECK(fails(ErrorKind::DType, {"'scale'", "bool", "number", place}, run) == "");
}

TEST_CASE("random numbers follow the seed and the step, not the chunking", "[trace]") {
  Dropout dropout(0.5);
  Tensor x = Tensor::full({20, 33}, 1.0);
  auto drops = [&](std::uint64_t seed) {
    return LoopOverTime(dropout, {.shared_arg = {{"fit", true}}, .seed = seed, .cache = false})(x).out.leaf();
  };
  CHECK(same_bits(drops(1), drops(1)));
  CHECK_FALSE(same_bits(drops(1), drops(2)));
  LoopOverTime parts(dropout, {.shared_arg = {{"fit", true}}, .seed = 1, .cache = false});
  Tensor first = parts(x.rows(0, 7)).out.leaf(), second = parts(x.rows(7, 20)).out.leaf();
  CHECK(same_bits(joined(first, second), drops(1)));
}

TEST_CASE("a shared argument that nobody reads is an error with the nearest name, fit is every model's (S4)",
          "[trace]") {
  Scaled model;
  LoopOverTime misspelt(model, {.shared_arg = {{"scal", 2.0}}, .cache = false});
  CHECK(fails(ErrorKind::Name, {"'scal'", "did you mean 'scale'?"}, [&] { misspelt(Tensor::of({1, 2})); }) == "");
  LoopOverTime fitting(model, {.shared_arg = {{"fit", true}}, .cache = false});
  CHECK(fitting(Tensor::of({1, 2})).out->size() == 2);
  LoopOverTime whole(model, {.shared_arg = {{"scale", std::int64_t(2)}}, .cache = false});
  CHECK(numbers(whole(Tensor::of({1, 2})).out.leaf()) == std::vector<double>{2, 4});
}
