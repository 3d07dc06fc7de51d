// SPDX-License-Identifier: Apache-2.0
// Arrays on the host.
#include "compiler/trace/host/tensor.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <limits>

using namespace overtime;
using Catch::Matchers::Contains;

namespace {

template <class F> void fails(ErrorKind kind, const std::string &part, F &&f) {
  try {
    f();
    FAIL("no error, expected: " << part);
  } catch (const Error &error) {
    CHECK(error.kind() == kind);
    CHECK_THAT(error.what(), Contains(part));
  }
}

std::vector<double> numbers(const Tensor &tensor) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < tensor.size(); ++k)
    all.push_back(tensor[k]);
  return all;
}

} // namespace

TEST_CASE("a new tensor is zero, aligned and padded") {
  for (DType dtype : {f32, f64, i64, DType::Bool}) {
    Tensor tensor({3, 7}, dtype);
    CHECK(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64 == 0);
    CHECK(tensor.bytes() == 21 * size_of(dtype));
    std::vector<char> zeros((tensor.bytes() + 63) / 64 * 64);
    CHECK(std::memcmp(tensor.data(), zeros.data(), zeros.size()) == 0);
  }
  CHECK(Tensor().shape() == Shape{0});
  CHECK(Tensor({0, 5}, f32).size() == 0);
  CHECK(Tensor(2.5).rank() == 0);
  CHECK(Tensor(2.5)[0] == 2.5);
  CHECK(Tensor({3}, f32).shape() == Shape{3});
}

TEST_CASE("impossible shapes are refused before memory is asked for") {
  fails(ErrorKind::Shape, "[2, -1]", [] { Tensor({2, -1}, f32); });
  std::int64_t huge = std::int64_t(1) << 40;
  fails(ErrorKind::Shape, "more than 2^59", [=] { Tensor({huge, huge}, f32); });
  fails(ErrorKind::Shape, "more than 2^59", [=] { Tensor({huge, 0, huge}, f32); });
  fails(ErrorKind::Memory, "70.4 TB (70368744177664 bytes)", [=] { Tensor({16 * huge}, f32); });
}

TEST_CASE("numbers go in and come out") {
  Tensor tensor = Tensor::of({2, 2}, std::vector<double>{1, 2, 3, 4});
  CHECK(tensor.values<float>()[3] == 4);
  tensor.set(0, 0.1);
  CHECK(tensor[0] == double(0.1f));
  CHECK(numbers(Tensor::full({3}, 7, i64)) == std::vector<double>{7, 7, 7});
  CHECK(Tensor::of({1, 2, 3}, f64).shape() == Shape{3});
  CHECK(Tensor::of({1, 2, 3}).str() == "f32 [3] 1 2 3");
  CHECK(Tensor::full({9}, 1, i64).str(2) == "i64 [9] 1 1 ...");
  CHECK(to_string(Shape{30, 128, 2}) == "[30, 128, 2]");
  fails(ErrorKind::Shape, "was given 2 numbers; expected 3", [] { Tensor::of({3}, std::vector<double>{1, 2}); });
  fails(ErrorKind::Value, "element 4", [&] { tensor.set(4, 0); });
  fails(ErrorKind::Value, "element -1", [&] { (void)tensor[-1]; });
  fails(ErrorKind::DType, "cannot read an array of f32 as f64", [&] { tensor.values<double>(); });
  fails(ErrorKind::DType, "of f32 as bool", [&] { std::as_const(tensor).values<std::uint8_t>(); });
}

TEST_CASE("copies share, clones do not") {
  Tensor a = Tensor::of({1, 2}), shared = a, own = a.clone();
  a.set(0, 5);
  CHECK(shared[0] == 5);
  CHECK(own[0] == 1);
  CHECK(a.to(f32).data() == a.data());
}

TEST_CASE("conversions round, truncate or ask whether zero") {
  double inf = std::numeric_limits<double>::infinity();
  Tensor tensor = Tensor::of({0.1, -2.7, 0, inf}, f64);
  CHECK(tensor.to(f32)[0] == double(0.1f));
  CHECK(std::isinf(tensor.to(f32)[3])); // as it was; a finite number does not become infinite unseen
  fails(ErrorKind::Value, "cannot convert 1e+300 to f32", [] { Tensor::of({1e300}, f64).to(f32); });
  CHECK(numbers(tensor.to(DType::Bool)) == std::vector<double>{1, 1, 0, 1});
  CHECK(numbers(Tensor::of({0.9, -2.7, 3}).to(i64)) == std::vector<double>{0, -2, 3});
  CHECK(numbers(Tensor::full({2}, 1, DType::Bool).to(f64)) == std::vector<double>{1, 1});
  fails(ErrorKind::Value, "cannot convert 1e+300 to i64", [] { Tensor::of({1e300}, f64).to(i64); });
  double nan = std::numeric_limits<double>::quiet_NaN();
  fails(ErrorKind::Value, "nan", [=] { Tensor::full({1}, nan, i64); });
  CHECK(Tensor::full({1}, nan, DType::Bool)[0] == 1);
}

TEST_CASE("views and rearrangements") {
  Tensor tensor = Tensor::of({2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(numbers(tensor.swap_first_axes()) == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(tensor.swap_first_axes().shape() == Shape{3, 2});
  CHECK(numbers(tensor.reshape({3, 2, 1}).swap_first_axes()) == std::vector<double>{1, 3, 5, 2, 4, 6});
  Tensor row = tensor.rows(1, 2);
  CHECK(row.shape() == Shape{1, 3});
  row.set(0, 40);
  CHECK(tensor[3] == 40);
  CHECK(tensor.rows(1, 1).size() == 0);
  CHECK(Tensor({0, 3}, f32).swap_first_axes().shape() == Shape{3, 0});
  fails(ErrorKind::Shape, "cannot reshape [2, 3] (6 elements) to [4] (4)", [&] { tensor.reshape({4}); });
  fails(ErrorKind::Value, "rows 1 to 3", [&] { tensor.rows(1, 3); });
  fails(ErrorKind::Shape, "scalar", [] { Tensor(1.0).rows(0, 0); });
  fails(ErrorKind::Shape, "[2]", [] { Tensor::of({1, 2}).swap_first_axes(); });
}

TEST_CASE("random tensors depend on seed and place only") {
  Tensor a = Tensor::uniform({100}, -1, 1, 3, f64), b = Tensor::uniform({5, 40}, -1, 1, 3, f64);
  for (std::int64_t k = 0; k < 100; ++k) {
    REQUIRE(a[k] == b[k]);
    REQUIRE((a[k] >= -1 && a[k] < 1));
  }
  CHECK(a[0] != Tensor::uniform({1}, -1, 1, 4, f64)[0]);
  CHECK(Tensor::normal({10}, 0, 1, 3, f64)[9] == Tensor::normal({2, 5}, 0, 1, 3, f64)[9]);
  CHECK(numbers(Tensor::normal({2}, 1.5, 0)) == std::vector<double>{1.5, 1.5});
  CHECK(numbers(Tensor::uniform({2}, 3, 3)) == std::vector<double>{3, 3});
  // Near the end of [1, 1 + 2^-23) every f32 but 1 would be the end itself.
  Tensor narrow = Tensor::uniform({50}, 1, 1 + 0x1p-23, 0);
  CHECK(numbers(narrow) == std::vector<double>(50, 1.0));
  fails(ErrorKind::Value, "low must not exceed high", [] { Tensor::uniform({1}, 1, 0); });
  fails(ErrorKind::DType, "i64", [] { Tensor::uniform({1}, 0, 1, 0, i64); });
  fails(ErrorKind::Value, "0 or more", [] { Tensor::normal({1}, 0, -1); });
  fails(ErrorKind::Value, "finite", [] { Tensor::normal({1}, 0, std::numeric_limits<double>::infinity()); });
}
