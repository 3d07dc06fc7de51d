// SPDX-License-Identifier: Apache-2.0
// Makes, converts and rearranges arrays on the host.
#include "compiler/trace/host/tensor.h"

#include "compiler/trace/host/host_memory.h"
#include "runtime/abi.h"
#include "runtime/memory.h"
#include "runtime/random.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace overtime {
namespace {

constexpr std::int64_t most_elements = std::int64_t(1) << 59; // so that sizes in bytes cannot overflow
// Random streams of the host, apart from those the compiler gives to models by counting from 0.
constexpr std::uint32_t uniform_stream = 0xffffff00u, normal_stream = 0xffffff01u;

/// Calls f with a null pointer to the C++ type of `dtype`'s elements.
template <class F> decltype(auto) with_type(DType dtype, F &&f) {
  switch (dtype) {
  case DType::F32:
    return f(static_cast<float *>(nullptr));
  case DType::F64:
    return f(static_cast<double *>(nullptr));
  case DType::I64:
    return f(static_cast<std::int64_t *>(nullptr));
  case DType::I32:
    return f(static_cast<std::int32_t *>(nullptr));
  case DType::U16:
    return f(static_cast<std::uint16_t *>(nullptr));
  case DType::Bool:
    break;
  }
  return f(static_cast<std::uint8_t *>(nullptr));
}

template <class T>
constexpr DType dtype_of = std::is_same_v<T, float>           ? DType::F32
                           : std::is_same_v<T, double>        ? DType::F64
                           : std::is_same_v<T, std::int64_t>  ? DType::I64
                           : std::is_same_v<T, std::int32_t>  ? DType::I32
                           : std::is_same_v<T, std::uint16_t> ? DType::U16
                                                              : DType::Bool;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// One element converted: to bool by != 0, to int64 towards zero. A number that the type cannot hold is an error.
template <class To, class From> To convert(From value) {
  if constexpr (std::is_same_v<To, std::uint8_t>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>) {
    if (!(value >= From(-0x1p63) && value < From(0x1p63)))
      throw Error(ErrorKind::Value, "cannot convert " + number(double(value)) +
                                        " to i64; expected a number of at most "
                                        "2^63 in size");
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, std::int32_t> && !std::is_same_v<From, std::uint8_t>) {
    if (!(double(value) > -2147483649.0 && double(value) < 2147483648.0))
      throw Error(ErrorKind::Value, "cannot convert " + number(double(value)) +
                                        " to i32; expected a number from -2147483648 to 2147483647");
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, std::uint16_t> && !std::is_same_v<From, std::uint8_t>) {
    if (!(double(value) > -1.0 && double(value) < 65536.0))
      throw Error(ErrorKind::Value,
                  "cannot convert " + number(double(value)) + " to u16; expected a number from 0 to 65535");
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, double>) {
    auto rounded = static_cast<float>(value);
    if (std::isinf(rounded) && std::isfinite(value))
      throw Error(ErrorKind::Value, "cannot convert " + number(value) + " to f32; its largest number is 3.4e38");
    return rounded;
  } else {
    return static_cast<To>(value);
  }
}

std::size_t checked_index(const Tensor &tensor, std::int64_t flat) {
  if (flat < 0 || flat >= tensor.size())
    throw Error(ErrorKind::Value, "element " + std::to_string(flat) + " is outside of an array of shape " +
                                      to_string(tensor.shape()) + "; expected 0 to " +
                                      std::to_string(tensor.size() - 1));
  return static_cast<std::size_t>(flat);
}

void require_finite(const char *function, double a, double b) {
  if (!std::isfinite(a) || !std::isfinite(b))
    throw Error(ErrorKind::Value,
                std::string(function) + " was given " + number(a) + " and " + number(b) + "; expected finite numbers");
}

/// Sets every element to what `draw(step, element)` gives, the two halves of its index.
template <class Draw> Tensor drawn(Shape shape, DType dtype, const char *function, Draw &&draw) {
  if (dtype != DType::F32 && dtype != DType::F64)
    throw Error(ErrorKind::DType, std::string(function) + " gives f32 or f64, not " + name_of(dtype));
  Tensor out(std::move(shape), dtype);
  with_type(dtype, [&]<class T>(T *) {
    if constexpr (std::is_floating_point_v<T>) {
      std::span<T> values = out.values<T>();
      for (std::size_t k = 0; k < values.size(); ++k)
        values[k] = draw(static_cast<std::int64_t>(k >> 32), static_cast<std::uint32_t>(k), T());
    }
  });
  return out;
}

} // namespace

std::string name_of(DType dtype) {
  switch (dtype) {
  case DType::F32:
    return "f32";
  case DType::F64:
    return "f64";
  case DType::I64:
    return "i64";
  case DType::I32:
    return "i32";
  case DType::U16:
    return "u16";
  case DType::Bool:
    return "bool";
  }
  return "unknown dtype " + std::to_string(static_cast<int>(dtype));
}

std::size_t size_of(DType dtype) { return overtime_dtype_size(static_cast<std::int32_t>(dtype)); }

std::string to_string(const Shape &shape) {
  std::string text = "[";
  for (std::size_t k = 0; k < shape.size(); ++k)
    text += (k == 0 ? "" : ", ") + std::to_string(shape[k]);
  return text + "]";
}

std::int64_t element_count(const Shape &shape) {
  std::int64_t product = 1;
  bool empty = false;
  for (std::int64_t d : shape) {
    if (d < 0)
      throw Error(ErrorKind::Shape, "shape " + to_string(shape) + " has a negative dimension; expected 0 or more");
    empty |= d == 0;
    if (d != 0 && product > most_elements / d)
      throw Error(ErrorKind::Shape, "shape " + to_string(shape) + " has more than 2^59 elements");
    product *= std::max<std::int64_t>(d, 1);
  }
  return empty ? 0 : product;
}

Tensor::Tensor() : Tensor(Shape{0}, DType::F32) {}

/// A system promises more memory than there is and ends the process that uses it, so large arrays are compared with
/// what is left.
static void *allocate(std::size_t bytes, DType dtype, const Shape &shape) {
  constexpr std::size_t large = std::size_t(1) << 26;
  std::optional<double> available = bytes >= large ? available_bytes() : std::nullopt;
  void *block = available && static_cast<double>(bytes) > *available ? nullptr : overtime_allocate(bytes);
  if (block)
    return block;
  std::string left = available ? ", available are " + readable_bytes(*available) : "";
  throw Error(ErrorKind::Memory, "an array of " + name_of(dtype) + " and shape " + to_string(shape) + " takes " +
                                     readable_bytes(static_cast<double>(bytes)) + " (" + std::to_string(bytes) +
                                     " bytes)" + left);
}

Tensor::Tensor(Shape shape, DType dtype) : shape_(std::move(shape)), dtype_(dtype), size_(element_count(shape_)) {
  void *block = allocate(bytes(), dtype, shape_);
  std::memset(block, 0, bytes());
  data_ = std::shared_ptr<void>(block, std::free);
}

Tensor Tensor::over(Shape shape, DType dtype, std::shared_ptr<void> numbers) {
  Tensor out;
  out.size_ = element_count(shape);
  out.shape_ = std::move(shape);
  out.dtype_ = dtype;
  out.data_ = std::move(numbers);
  return out;
}

Tensor Tensor::zeros(Shape shape, DType dtype) { return Tensor(std::move(shape), dtype); }

Tensor Tensor::full(Shape shape, double value, DType dtype) {
  Tensor out(std::move(shape), dtype);
  with_type(dtype, [&]<class T>(T *) { std::ranges::fill(out.values<T>(), convert<T>(value)); });
  return out;
}

Tensor Tensor::of(Shape shape, std::span<const double> values, DType dtype) {
  Tensor out(std::move(shape), dtype);
  if (out.size() != static_cast<std::int64_t>(values.size()))
    throw Error(ErrorKind::Shape, "an array of shape " + to_string(out.shape_) + " was given " +
                                      std::to_string(values.size()) + " numbers; expected " +
                                      std::to_string(out.size()));
  with_type(dtype, [&]<class T>(T *) { std::ranges::transform(values, out.values<T>().begin(), convert<T, double>); });
  return out;
}

Tensor Tensor::of(std::initializer_list<double> values, DType dtype) {
  return of({static_cast<std::int64_t>(values.size())}, std::span(values.begin(), values.size()), dtype);
}

Tensor Tensor::uniform(Shape shape, double low, double high, std::uint64_t seed, DType dtype) {
  require_finite("uniform", low, high);
  if (low > high)
    throw Error(ErrorKind::Value, "uniform in [" + number(low) + ", " + number(high) + "): low must not exceed high");
  return drawn(std::move(shape), dtype, "uniform", [=](std::int64_t step, std::uint32_t element, auto zero) {
    using T = decltype(zero);
    double u = overtime_uniform_f64(seed, uniform_stream, step, element);
    T value = static_cast<T>(low + (high - low) * u), end = static_cast<T>(high);
    // Rounding may reach the end of the interval, which does not belong to it.
    return value < end || low == high ? value : std::nextafter(end, -std::numeric_limits<T>::infinity());
  });
}

Tensor Tensor::normal(Shape shape, double mean, double deviation, std::uint64_t seed, DType dtype) {
  require_finite("normal", mean, deviation);
  if (deviation < 0)
    throw Error(ErrorKind::Value, "normal with deviation " + number(deviation) + "; expected 0 or more");
  return drawn(std::move(shape), dtype, "normal", [=](std::int64_t step, std::uint32_t element, auto zero) {
    return static_cast<decltype(zero)>(mean + deviation * overtime_normal_f64(seed, normal_stream, step, element));
  });
}

std::size_t Tensor::bytes() const { return static_cast<std::size_t>(size_) * size_of(dtype_); }

template <class T> std::span<T> Tensor::values() {
  if (dtype_of<T> != dtype_)
    throw Error(ErrorKind::DType, "cannot read an array of " + name_of(dtype_) + " as " + name_of(dtype_of<T>) +
                                      "; convert it with to()");
  return {static_cast<T *>(data_.get()), static_cast<std::size_t>(size_)};
}

template <class T> std::span<const T> Tensor::values() const { return const_cast<Tensor *>(this)->values<T>(); }

template std::span<float> Tensor::values<float>();
template std::span<double> Tensor::values<double>();
template std::span<std::int64_t> Tensor::values<std::int64_t>();
template std::span<std::int32_t> Tensor::values<std::int32_t>();
template std::span<std::uint16_t> Tensor::values<std::uint16_t>();
template std::span<std::uint8_t> Tensor::values<std::uint8_t>();
template std::span<const float> Tensor::values<float>() const;
template std::span<const double> Tensor::values<double>() const;
template std::span<const std::int64_t> Tensor::values<std::int64_t>() const;
template std::span<const std::int32_t> Tensor::values<std::int32_t>() const;
template std::span<const std::uint16_t> Tensor::values<std::uint16_t>() const;
template std::span<const std::uint8_t> Tensor::values<std::uint8_t>() const;

double Tensor::operator[](std::int64_t flat) const {
  std::size_t k = checked_index(*this, flat);
  return with_type(dtype_, [&]<class T>(T *) { return static_cast<double>(values<T>()[k]); });
}

void Tensor::set(std::int64_t flat, double value) {
  std::size_t k = checked_index(*this, flat);
  with_type(dtype_, [&]<class T>(T *) { values<T>()[k] = convert<T>(value); });
}

Tensor Tensor::clone() const {
  Tensor out(shape_, dtype_);
  std::memcpy(out.data(), data(), bytes());
  return out;
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_)
    return *this;
  Tensor out(shape_, dtype);
  with_type(dtype_, [&]<class From>(From *) {
    with_type(dtype, [&]<class To>(To *) {
      std::ranges::transform(values<From>(), out.values<To>().begin(), convert<To, From>);
    });
  });
  return out;
}

Tensor Tensor::reshape(Shape shape) const {
  if (element_count(shape) != size_)
    throw Error(ErrorKind::Shape, "cannot reshape " + to_string(shape_) + " (" + std::to_string(size_) +
                                      " elements) to " + to_string(shape) + " (" +
                                      std::to_string(element_count(shape)) + ")");
  Tensor out = *this;
  out.shape_ = std::move(shape);
  return out;
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  if (shape_.empty())
    throw Error(ErrorKind::Shape, "a scalar has no rows");
  if (begin < 0 || end < begin || end > shape_[0])
    throw Error(ErrorKind::Value, "rows " + std::to_string(begin) + " to " + std::to_string(end) + " of shape " +
                                      to_string(shape_) +
                                      "; expected 0 <= begin <= end <= " + std::to_string(shape_[0]));
  Tensor out = *this;
  out.shape_[0] = end - begin;
  std::int64_t row = shape_[0] == 0 ? 0 : size_ / shape_[0];
  out.size_ = row * (end - begin);
  auto *first = static_cast<char *>(data_.get()) + static_cast<std::size_t>(row * begin) * size_of(dtype_);
  out.data_ = std::shared_ptr<void>(data_, first);
  return out;
}

Tensor Tensor::swap_first_axes() const {
  if (rank() < 2)
    throw Error(ErrorKind::Shape,
                "cannot swap the first two axes of shape " + to_string(shape_) + "; expected two or more");
  Shape shape = shape_;
  std::swap(shape[0], shape[1]);
  Tensor out(shape, dtype_);
  if (size_ == 0)
    return out;
  std::int64_t a = shape_[0], b = shape_[1];
  std::size_t block = bytes() / static_cast<std::size_t>(a) / static_cast<std::size_t>(b);
  const auto *from = static_cast<const char *>(data());
  auto *to = static_cast<char *>(out.data());
  for (std::int64_t j = 0; j < b; ++j)
    for (std::int64_t i = 0; i < a; ++i, to += block)
      std::memcpy(to, from + static_cast<std::size_t>(i * b + j) * block, block);
  return out;
}

std::string Tensor::str(std::int64_t limit) const {
  std::string text = name_of(dtype_) + " " + to_string(shape_);
  for (std::int64_t k = 0; k < std::min(limit, size_); ++k) {
    text += " ";
    text +=
        dtype_ == DType::I64 ? std::to_string(values<std::int64_t>()[static_cast<std::size_t>(k)]) : number((*this)[k]);
  }
  return size_ > limit ? text + " ..." : text;
}

} // namespace overtime
