// SPDX-License-Identifier: Apache-2.0
// 200 random elementwise programs, compiled in f32 and f64, against direct evaluation with a running error bound.
#include "tests/trace/helper.h"

#include <cmath>
#include <random>

using namespace overtime;
using namespace overtime::test;

namespace {

/// A number, and how far rounding may have moved it so far (first order; u is the unit roundoff).
struct Bounded {
  double v, e;
};

struct Node {
  int op;
  std::vector<std::unique_ptr<Node>> args;
  std::size_t leaf = 0;
  double constant = 0.0;
};

constexpr int inputs = 4;
constexpr double function_ulps = 4; // of our polynomials, see elementwise.cpp

enum Op { Leaf, Constant, Add, Sub, Mul, Div, Min, Max, Exp, Tanh, Sigmoid, Log, Sqrt, Select, Abs, Square, Ops };

/// The tree of one program. Operands are kept where functions are tame, so that the bounds mean something.
std::unique_ptr<Node> random_tree(std::mt19937_64 &random, int depth) {
  auto pick = [&](int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); };
  auto node = std::make_unique<Node>();
  node->op = depth == 0 ? (pick(5) == 0 ? Constant : Leaf) : Add + pick(Ops - Add);
  node->leaf = static_cast<std::size_t>(pick(inputs));
  node->constant = pick(33) / 8.0 - 2.0;
  int arity = depth == 0 ? 0 : node->op <= Max || node->op == Select ? 2 : 1;
  for (int k = 0; k < arity; ++k)
    node->args.push_back(random_tree(random, depth - 1 - (k > 0 ? pick(depth) : 0)));
  return node;
}

Value trace(const Node &n, const Tree<Value> &x) {
  auto arg = [&](std::size_t k) { return trace(*n.args[k], x); };
  switch (n.op) {
  case Leaf:
    return x[n.leaf].leaf();
  case Constant:
    return 0 * x[n.leaf].leaf() + n.constant;
  case Add:
    return arg(0) + arg(1);
  case Sub:
    return arg(0) - arg(1);
  case Mul:
    return arg(0) * arg(1);
  case Div:
    return arg(0) / (1.5 + abs(arg(1)));
  case Min:
    return minimum(arg(0), arg(1));
  case Max:
    return maximum(arg(0), arg(1));
  case Exp:
    return exp(minimum(arg(0), 3));
  case Tanh:
    return tanh(arg(0));
  case Sigmoid:
    return sigmoid(arg(0));
  case Log:
    return log(1 + abs(arg(0)));
  case Sqrt:
    return sqrt(0.25 + abs(arg(0)));
  case Select:
    return where(x[n.leaf].leaf() > x[(n.leaf + 1) % inputs].leaf(), arg(0), arg(1));
  case Abs:
    return abs(arg(0));
  default:
    return square(arg(0));
  }
}

Bounded rounded(double v, double e, double u, double ulps = 1) { return {v, e + ulps * u * std::abs(v)}; }

Bounded evaluate_node(const Node &n, const std::vector<double> &x, double u) {
  auto arg = [&](std::size_t k) { return evaluate_node(*n.args[k], x, u); };
  if (n.op == Leaf)
    return {x[n.leaf], 0};
  if (n.op == Constant)
    return {n.constant, 0};
  if (n.op == Select)
    return x[n.leaf] > x[(n.leaf + 1) % inputs] ? arg(0) : arg(1);
  Bounded a = arg(0), b = n.args.size() > 1 ? arg(1) : Bounded{0, 0};
  switch (n.op) {
  case Add:
    return rounded(a.v + b.v, a.e + b.e, u);
  case Sub:
    return rounded(a.v - b.v, a.e + b.e, u);
  case Mul:
    return rounded(a.v * b.v, std::abs(a.v) * b.e + std::abs(b.v) * a.e, u);
  case Div: {
    double d = 1.5 + std::abs(b.v), q = a.v / d;
    return rounded(q, a.e / d + std::abs(q) * (b.e + u * d) / d, u, 2); // perhaps by a reciprocal
  }
  case Min:
    return {std::min(a.v, b.v), std::max(a.e, b.e)};
  case Max:
    return {std::max(a.v, b.v), std::max(a.e, b.e)};
  case Exp: {
    double y = std::exp(std::min(a.v, 3.0));
    return rounded(y, y * a.e, u, function_ulps);
  }
  case Tanh:
    return rounded(std::tanh(a.v), a.e, u, function_ulps);
  case Sigmoid: {
    double y = 1 / (1 + std::exp(-a.v));
    return rounded(y, y * (1 - y) * a.e, u, 2 + function_ulps);
  }
  case Log: {
    double y = 1 + std::abs(a.v);
    return rounded(std::log(y), (a.e + u * y) / y, u, function_ulps);
  }
  case Sqrt: {
    double y = std::sqrt(0.25 + std::abs(a.v));
    return rounded(y, (a.e + u * y * y) / (2 * y), u);
  }
  case Abs:
    return {std::abs(a.v), a.e};
  default:
    return rounded(a.v * a.v, 2 * std::abs(a.v) * a.e, u);
  }
}

} // namespace

TEST_CASE("200 random programs stay within their error bound in f32 and f64", "[trace]") {
  std::mt19937_64 random(20240607);
  const std::vector<std::int64_t> sizes = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33};
  for (int group = 0; group < 10; ++group) { // 20 programs in one step
    std::vector<std::unique_ptr<Node>> programs;
    for (int k = 0; k < 20; ++k)
      programs.push_back(random_tree(random, 1 + k % 5));
    for (DType real : {f64, f32}) {
      double u = real == f64 ? 0x1p-53 : 0x1p-24;
      std::vector<Tree<Tensor>> data;
      for (int k = 0; k < inputs; ++k)
        data.emplace_back(
            sample({sizes[static_cast<std::size_t>(group)]}, static_cast<std::uint64_t>(10 * group + k), real));
      Tree<Tensor> out = evaluate(
          [&](const Tree<Value> &x) {
            std::vector<Tree<Value>> all;
            for (const auto &program : programs)
              all.emplace_back(trace(*program, x));
            return Tree<Value>::list(all);
          },
          Tree<Tensor>::list(data), real);
      for (std::size_t p = 0; p < programs.size(); ++p)
        for (std::int64_t k = 0; k < out[p]->size(); ++k) {
          std::vector<double> x;
          for (const auto &tensor : data)
            x.push_back(tensor.leaf()[k]);
          Bounded expected = evaluate_node(*programs[p], x, u);
          INFO("group " << group << ", program " << p << ", element " << k << " in " << name_of(real));
          REQUIRE(std::isfinite(expected.v));
          // Twice the bound: it is of first order, and a direct evaluation rounds as well.
          REQUIRE(std::abs(out[p].leaf()[k] - expected.v) <= 2 * expected.e + 4 * 0x1p-53 * std::abs(expected.v));
        }
    }
  }
}
