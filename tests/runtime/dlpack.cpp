// SPDX-License-Identifier: Apache-2.0
// DLPack on the host: what is shared, what is copied, and when it is given back.
#include "tests/trace/foreign_array.h"

#include <catch2/catch.hpp>

#include <cstring>
#if __has_include(<dlpack/dlpack.h>)
#include <dlpack/dlpack.h>
#endif

using namespace overtime;
using namespace overtime::test;
using Catch::Matchers::Contains;

namespace {

template <class F> void fails(ErrorKind kind, const std::string &part, F &&f) {
  try {
    f();
    FAIL("no error, expected: " << part);
  } catch (const Error &error) {
    CHECK(error.kind() == kind);
    CHECK_THAT(error.what(), Contains(part));
    CHECK_THAT(error.what(), Contains("dlpack.cpp"));
  }
}

} // namespace

#if __has_include(<dlpack/dlpack.h>)
TEST_CASE("our structures are those of dlpack.h") {
  static_assert(sizeof(DLManagedTensor) == sizeof(dlpack::ManagedArray) && sizeof(DLTensor) == sizeof(dlpack::Array));
  static_assert(offsetof(DLTensor, device) == offsetof(dlpack::Array, device));
  static_assert(offsetof(DLTensor, ndim) == offsetof(dlpack::Array, rank));
  static_assert(offsetof(DLTensor, dtype) == offsetof(dlpack::Array, type));
  static_assert(offsetof(DLTensor, shape) == offsetof(dlpack::Array, shape));
  static_assert(offsetof(DLTensor, strides) == offsetof(dlpack::Array, strides));
  static_assert(offsetof(DLTensor, byte_offset) == offsetof(dlpack::Array, byte_offset));
  static_assert(offsetof(DLManagedTensor, manager_ctx) == offsetof(dlpack::ManagedArray, context));
  static_assert(offsetof(DLManagedTensor, deleter) == offsetof(dlpack::ManagedArray, deleter));
  CHECK((int(kDLCPU) == dlpack::host && int(kDLCUDA) == dlpack::cuda && int(kDLCUDAHost) == dlpack::pinned_host));
  CHECK((int(kDLInt) == dlpack::integer && int(kDLUInt) == dlpack::natural && int(kDLFloat) == dlpack::real));
}
#endif

TEST_CASE("a tensor goes out without a copy and lives until it is given back") {
  DLManagedTensor *array = nullptr;
  const void *data = nullptr;
  {
    Tensor tensor = Tensor::of({2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6}, f64);
    data = tensor.data();
    array = to_dlpack(tensor);
  }
  const dlpack::Array &out = managed(array).array;
  CHECK(out.data == data);
  CHECK((out.device.type == dlpack::host && out.device.number == 0 && out.byte_offset == 0 && out.rank == 2));
  CHECK((out.type.code == dlpack::real && out.type.bits == 64 && out.type.lanes == 1));
  CHECK((out.shape[0] == 2 && out.shape[1] == 3 && out.strides[0] == 3 && out.strides[1] == 1));
  CHECK(static_cast<const double *>(out.data)[5] == 6);
  Tensor back = from_dlpack(array);
  CHECK(back.data() == data);
  CHECK(back[4] == 5);
}

TEST_CASE("every type of element goes out and comes back") {
  for (auto [dtype, code, bits] :
       {std::tuple(f32, dlpack::real, 32), std::tuple(f64, dlpack::real, 64), std::tuple(i32, dlpack::integer, 32),
        std::tuple(i64, dlpack::integer, 64), std::tuple(DType::U16, dlpack::natural, 16),
        std::tuple(DType::Bool, dlpack::boolean, 8)}) {
    DLManagedTensor *array = to_dlpack(Tensor::full({}, 1, dtype));
    CHECK((managed(array).array.type.code == code && managed(array).array.type.bits == bits));
    Tensor back = from_dlpack(array);
    CHECK((back.dtype() == dtype && back.shape().empty() && back[0] == 1));
  }
}

TEST_CASE("an array comes in without a copy and is given back with the last of its tensors") {
  float numbers[] = {9, 1, 2, 3, 4, 5, 6};
  ForeignArray array(numbers, {3, 2}, f32_type);
  array.managed.array.byte_offset = 4;
  {
    Tensor row;
    {
      Tensor tensor = from_dlpack(array.handed_over());
      CHECK(tensor.data() == numbers + 1);
      row = tensor.rows(1, 2);
    }
    CHECK(array.given_back == 0);
    numbers[3] = 7;
    CHECK((row[0] == 7 && row[1] == 4));
  }
  CHECK(array.given_back == 1);
}

TEST_CASE("an array with other strides, or off its boundary, is copied") {
  double numbers[] = {1, 2, 3, 4, 5, 6};
  ForeignArray transposed(numbers, {3, 2}, f64_type, {1, 3}), backwards(numbers + 5, {6}, f64_type, {-1});
  Tensor one = from_dlpack(transposed.handed_over()), other = from_dlpack(backwards.handed_over());
  CHECK((transposed.given_back == 1 && backwards.given_back == 1));
  for (std::int64_t k = 0; k < 6; ++k) {
    CHECK(one[k] == numbers[k % 2 * 3 + k / 2]);
    CHECK(other[k] == numbers[5 - k]);
  }
  alignas(8) char bytes[20];
  double x = 2.5;
  std::memcpy(bytes + 1, &x, 8);
  ForeignArray odd(bytes + 1, {1}, f64_type);
  CHECK(from_dlpack(odd.handed_over())[0] == 2.5);
  CHECK(odd.given_back == 1);
  ForeignArray one_row(numbers, {1, 3}, f64_type, {77, 1}), none(nullptr, {0, 3}, f64_type, {1, 1});
  CHECK(from_dlpack(one_row.handed_over()).data() == numbers); // the stride of an axis of one does not count
  CHECK(from_dlpack(none.handed_over()).shape() == Shape{0, 3});
}

TEST_CASE("what a tensor cannot be is an error, and the array is given back") {
  float numbers[4] = {};
  ForeignArray half(numbers, {2}, {dlpack::real, 16, 1}), pairs(numbers, {2}, {dlpack::real, 32, 2}),
      unsigned_bytes(numbers, {2}, {1, 8, 1}), there(numbers, {2}, f32_type, {}, {dlpack::cuda, 1});
  fails(ErrorKind::DType, "code 2, 16 bits and 1 lanes; expected f32, f64, i32, i64, u16 or bool",
        [&] { from_dlpack(half.handed_over()); });
  fails(ErrorKind::DType, "2 lanes", [&] { from_dlpack(pairs.handed_over()); });
  fails(ErrorKind::DType, "code 1, 8 bits", [&] { from_dlpack(unsigned_bytes.handed_over()); });
  fails(ErrorKind::Device, "device of type 2", [&] { from_dlpack(there.handed_over()); });
  for (ForeignArray *array : {&half, &pairs, &unsigned_bytes, &there})
    CHECK(array->given_back == 1);
  fails(ErrorKind::Usage, "NULL", [&] { from_dlpack(nullptr); });
}
