// SPDX-License-Identifier: Apache-2.0
// Broadcasting, reductions, products and changes of shape against plain loops.
#include "tests/trace/helper.h"

#include <cmath>

using namespace overtime;
using namespace overtime::test;

namespace {

/// Element of t at an index of a broadcast shape.
double broadcast_element(const Tensor &t, const Shape &shape, std::int64_t flat) {
  std::int64_t at = 0, stride = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    std::int64_t k = flat % shape[d];
    flat /= shape[d];
    std::size_t lead = shape.size() - t.shape().size();
    if (d < lead)
      continue;
    std::int64_t n = t.shape()[d - lead];
    at += (n == 1 ? 0 : k) * stride;
    stride *= n;
  }
  return t[at];
}

/// Largest difference of numbers from a function of the flat index, relative to 1.
double worst(const Tensor &got, const std::function<double(std::int64_t)> &expected) {
  double most = 0.0;
  for (std::int64_t k = 0; k < got.size(); ++k)
    most = std::max(most, std::abs(got[k] - expected(k)));
  return most;
}

} // namespace

TEST_CASE("shapes broadcast as NumPy's do", "[trace]") {
  struct Pair {
    Shape a, b, result;
  };
  for (const Pair &p : {Pair{{3}, {3}, {3}}, Pair{{}, {4}, {4}}, Pair{{2, 3}, {3}, {2, 3}}, Pair{{2, 1}, {3}, {2, 3}},
                        Pair{{2, 1, 5}, {4, 1}, {2, 4, 5}}, Pair{{1}, {1}, {1}}, Pair{{1, 3}, {2, 1}, {2, 3}},
                        Pair{{5, 1, 1}, {1, 1, 7}, {5, 1, 7}}}) {
    INFO(to_string(p.a) << " and " << to_string(p.b));
    Tensor a = sample(p.a, 1), b = sample(p.b, 2);
    Tensor got = evaluate_one([](const Tree<Value> &x) { return x[0].leaf() * x[1].leaf(); }, {a, b});
    CHECK(got.shape() == p.result);
    CHECK(worst(got, [&](std::int64_t k) {
            return broadcast_element(a, p.result, k) * broadcast_element(b, p.result, k);
          }) == 0.0);
  }
}

TEST_CASE("shapes that do not broadcast are an error with both and both places", "[trace]") {
  auto run = [](const Shape &a, const Shape &b) {
    evaluate([](const Tree<Value> &x) { return x[0].leaf() + x[1].leaf(); }, {sample(a), sample(b)});
  };
  CHECK(fails(ErrorKind::Shape, {"cannot add shapes [2] and [3]", "shapes.cpp:"}, [&] { run({2}, {3}); }) == "");
  CHECK(fails(ErrorKind::Shape, {"[2, 3] and [2]"}, [&] { run({2, 3}, {2}); }) == "");
}

TEST_CASE("where broadcasts its three arguments", "[trace]") {
  Tensor a = sample({3, 1}, 1), b = sample({4}, 2);
  Tensor got = evaluate_one([](const Tree<Value> &x) { return where(x[0].leaf() > 0, x[1].leaf(), -1); }, {a, b});
  CHECK(got.shape() == Shape{3, 4});
  CHECK(worst(got, [&](std::int64_t k) { return a[k / 4] > 0 ? b[k % 4] : -1.0; }) == 0.0);
}

TEST_CASE("reductions over all, one or a negative axis, with the axis kept or not", "[trace]") {
  Tensor a = sample({3, 5, 4});
  auto reduced = [&](auto f) { return evaluate_one([&](const Tree<Value> &x) { return f(x.leaf()); }, a); };
  double total = 0, most = -1e9, least = 1e9;
  for (double v : numbers(a)) {
    total += v;
    most = std::max(most, v);
    least = std::min(least, v);
  }
  CHECK(reduced([](Value x) { return sum(x); })[0] == Approx(total).epsilon(1e-13));
  CHECK(reduced([](Value x) { return mean(x); })[0] == Approx(total / 60).epsilon(1e-13));
  CHECK(reduced([](Value x) { return max(x); })[0] == most);
  CHECK(reduced([](Value x) { return min(x); })[0] == least);
  CHECK(reduced([](Value x) { return sum(x); }).shape() == Shape{});
  auto column = [&](std::int64_t r, std::int64_t c) { // along axis 1
    double s = 0;
    for (std::int64_t k = 0; k < 5; ++k)
      s += a[r * 20 + k * 4 + c];
    return s;
  };
  Tensor middle = reduced([](Value x) { return sum(x, 1); });
  CHECK(middle.shape() == Shape{3, 4});
  CHECK(worst(middle, [&](std::int64_t k) { return column(k / 4, k % 4); }) < 1e-14);
  Tensor kept = reduced([](Value x) { return mean(x, -2, true); });
  CHECK(kept.shape() == Shape{3, 1, 4});
  CHECK(worst(kept, [&](std::int64_t k) { return column(k / 4, k % 4) / 5; }) < 1e-14);
  Tensor last = reduced([](Value x) { return max(x, -1); });
  CHECK(last.shape() == Shape{3, 5});
  CHECK(worst(last, [&](std::int64_t k) { return std::max({a[4 * k], a[4 * k + 1], a[4 * k + 2], a[4 * k + 3]}); }) ==
        0.0);
  CHECK(fails(ErrorKind::Shape, {"axis 3", "[3, 5, 4]"}, [&] { reduced([](Value x) { return sum(x, 3); }); }) == "");
}

TEST_CASE("matmul of rows, batches of rows, and one vector", "[trace]") {
  Tensor w = sample({6, 7}, 9);
  for (const Shape &shape : {Shape{6}, Shape{1, 6}, Shape{5, 6}, Shape{2, 3, 6}, Shape{33, 6}})
    for (DType real : {f32, f64}) {
      Tensor a = sample(shape, 3, real), v = w.to(real);
      Tensor got = evaluate_one([](const Tree<Value> &x) { return matmul(x[0].leaf(), x[1].leaf()); }, {a, v}, real);
      Shape expected = shape;
      expected.back() = 7;
      CHECK(got.shape() == expected);
      double error = worst(got, [&](std::int64_t k) {
        double s = 0;
        for (std::int64_t j = 0; j < 6; ++j)
          s += a[k / 7 * 6 + j] * v[j * 7 + k % 7];
        return s;
      });
      CHECK(error < (real == f64 ? 1e-14 : 1e-5)); // 6 products of at most 4
    }
  CHECK(fails(ErrorKind::Shape, {"[.., K] and [K, N]", "[2, 5]", "[6, 7]"}, [&] {
          evaluate([](const Tree<Value> &x) { return matmul(x[0].leaf(), x[1].leaf()); }, {sample({2, 5}), w});
        }) == "");
}

TEST_CASE("concat along either axis", "[trace]") {
  Tensor a = sample({2, 3}, 1), b = sample({2, 4}, 2), c = sample({1, 3}, 3);
  Tensor wide = evaluate_one([](const Tree<Value> &x) { return concat({x[0].leaf(), x[1].leaf()}); }, {a, b});
  CHECK(wide.shape() == Shape{2, 7});
  CHECK(worst(wide, [&](std::int64_t k) { return k % 7 < 3 ? a[k / 7 * 3 + k % 7] : b[k / 7 * 4 + k % 7 - 3]; }) ==
        0.0);
  Tensor tall = evaluate_one([](const Tree<Value> &x) { return concat({x[0].leaf(), x[1].leaf()}, 0); }, {a, c});
  CHECK(tall.shape() == Shape{3, 3});
  CHECK(worst(tall, [&](std::int64_t k) { return k < 6 ? a[k] : c[k - 6]; }) == 0.0);
  CHECK(fails(ErrorKind::Shape, {"[2, 4]", "[2, 3]"}, [&] {
          evaluate([](const Tree<Value> &x) { return concat({x[0].leaf(), x[1].leaf()}, 0); }, {a, b});
        }) == "");
}

TEST_CASE("slice, reshape, transpose and broadcast_to move numbers", "[trace]") {
  Tensor a = sample({4, 6});
  Tensor part = evaluate_one([](const Tree<Value> &x) { return slice(x.leaf(), 2, 5); }, a);
  CHECK(part.shape() == Shape{4, 3});
  CHECK(worst(part, [&](std::int64_t k) { return a[k / 3 * 6 + k % 3 + 2]; }) == 0.0);
  Tensor rows = evaluate_one([](const Tree<Value> &x) { return slice(x.leaf(), 1, 3, 0); }, a);
  CHECK(worst(rows, [&](std::int64_t k) { return a[k + 6]; }) == 0.0);
  Tensor turned = evaluate_one([](const Tree<Value> &x) { return transpose(x.leaf()); }, a);
  CHECK(turned.shape() == Shape{6, 4});
  CHECK(worst(turned, [&](std::int64_t k) { return a[k % 4 * 6 + k / 4]; }) == 0.0);
  Tensor flat = evaluate_one([](const Tree<Value> &x) { return reshape(x.leaf(), {2, 3, 4}); }, a);
  CHECK(flat.shape() == Shape{2, 3, 4});
  CHECK(numbers(flat) == numbers(a));
  Tensor wide = evaluate_one([](const Tree<Value> &x) { return broadcast_to(slice(x.leaf(), 0, 1), {2, 4, 3}); }, a);
  CHECK(wide.shape() == Shape{2, 4, 3});
  CHECK(worst(wide, [&](std::int64_t k) { return a[k / 3 % 4 * 6]; }) == 0.0);
  CHECK(fails(ErrorKind::Shape, {"[4, 6] to [5]"},
              [&] { evaluate([](const Tree<Value> &x) { return reshape(x.leaf(), {5}); }, a); }) == "");
  CHECK(fails(ErrorKind::Shape, {"slice [3, 9)", "[4, 6]"},
              [&] { evaluate([](const Tree<Value> &x) { return slice(x.leaf(), 3, 9); }, a); }) == "");
}
