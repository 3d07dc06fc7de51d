// SPDX-License-Identifier: Apache-2.0
// What tests of the language share: models from lambdas, one-line evaluation, comparison of bits, expected errors.
#pragma once

#include "compiler/overtime.h"

#include <catch2/catch.hpp>
#include <functional>

namespace overtime::test {

using Step = std::function<Tree<Value>(const Tree<Value> &)>;

/// A model without states whose step is a function of the data.
struct Function : Model {
  explicit Function(Step step) : Model(Shape{}), step(std::move(step)) {}
  Step step;
  Tree<Value> update(const Tree<Value> &x) override { return step(x); }
};

/// y counts the steps and adds up the data; the output is twice the sum.
struct Counter : Model {
  explicit Counter(std::int64_t n = 1) : Model(Shape{n}) {}
  State total = state("total", 0.0), steps = state("steps", 0.0);
  Tree<Value> update(const Tree<Value> &x) override {
    total = x.empty() ? total + 1 : total + x.leaf();
    steps = steps + 1;
    return 2 * total;
  }
};

/// Runs `step` once on `data` (without a time axis) in `real`, compiled; the outputs have no time axis either.
Tree<Tensor> evaluate(const Step &step, const Tree<Tensor> &data, DType real = f64);
/// The same for one output.
Tensor evaluate_one(const Step &step, const Tree<Tensor> &data, DType real = f64);

/// Numbers 0.25, -0.5, ... that are no round numbers in any order.
Tensor sample(const Shape &shape, std::uint64_t seed = 1, DType dtype = f64, double low = -2.0, double high = 2.0);

/// Same type, shape and bits.
bool same_bits(const Tensor &a, const Tensor &b);
/// Rows of b behind rows of a.
Tensor joined(const Tensor &a, const Tensor &b);
/// Numbers of a tensor.
std::vector<double> numbers(const Tensor &t);

/// The message of the Error that `action` throws; "" when it throws none. Any other exception passes through.
std::string message_of(const std::function<void()> &action);
/// "" when `action` throws an Error of this kind whose message holds every text; else what happened.
std::string fails(ErrorKind kind, const std::vector<std::string> &texts, const std::function<void()> &action);

/// "this_file.cpp:line", as a message has it.
std::string here(const char *file, unsigned line);

} // namespace overtime::test
