// SPDX-License-Identifier: Apache-2.0
// Tensor: numbers on the host. What goes into a time loop and what comes out of it.
#pragma once

#include "compiler/trace/host/error.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace overtime {

enum class DType : std::int32_t {
  F32 = 0,
  F64 = 1,
  I64 = 2,
  Bool = 3,
  I32 = 4,
  U16 = 5
}; // overtime_dtype of runtime/abi.h
inline constexpr DType f32 = DType::F32, f64 = DType::F64, i64 = DType::I64, i32 = DType::I32, u16 = DType::U16;
inline bool is_integer(DType dtype) { return dtype == DType::I64 || dtype == DType::I32 || dtype == DType::U16; }

std::string name_of(DType); // "f32"
std::size_t size_of(DType); // bytes of an element

using Shape = std::vector<std::int64_t>;
std::string to_string(const Shape &); // "[30, 128, 2]"
std::int64_t element_count(const Shape &);

/// A dense, row-major array on the host, 64-byte aligned where it is its own. Copies share the numbers (as NumPy's do);
/// clone() copies them.
class Tensor {
public:
  Tensor();                         // f32, shape [0]
  Tensor(Shape shape, DType dtype); // zeros
  /// A scalar. A template, so that Tensor({3}, f32) means a shape.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  explicit Tensor(Number scalar, DType dtype = f32) : Tensor(full({}, static_cast<double>(scalar), dtype)) {}

  static Tensor zeros(Shape shape, DType dtype = f32);
  static Tensor full(Shape shape, double value, DType dtype = f32);
  /// Numbers in row-major order; as many as the shape holds.
  static Tensor of(Shape shape, std::span<const double> values, DType dtype = f32);
  static Tensor of(std::initializer_list<double> values, DType dtype = f32);
  /// Uniform in [low, high), from the counter-based generator keyed by `seed`.
  static Tensor uniform(Shape shape, double low = 0.0, double high = 1.0, std::uint64_t seed = 0, DType dtype = f32);
  static Tensor normal(Shape shape, double mean = 0.0, double deviation = 1.0, std::uint64_t seed = 0,
                       DType dtype = f32);

  /// Numbers of others, row-major and on a boundary of an element's size, for as long as a copy lives.
  static Tensor over(Shape shape, DType dtype, std::shared_ptr<void> numbers);

  const Shape &shape() const { return shape_; }
  std::int64_t rank() const { return static_cast<std::int64_t>(shape_.size()); }
  std::int64_t size() const { return size_; }
  DType dtype() const { return dtype_; }
  std::size_t bytes() const;

  void *data() { return data_.get(); }
  const void *data() const { return data_.get(); }
  /// The numbers as T; error when T is not the dtype (bool is std::uint8_t).
  template <class T> std::span<T> values();
  template <class T> std::span<const T> values() const;
  /// Element by flat row-major index, whatever the dtype.
  double operator[](std::int64_t flat) const;
  void set(std::int64_t flat, double value);

  Tensor clone() const;
  Tensor to(DType dtype) const;                            // converted copy (itself when equal)
  Tensor reshape(Shape shape) const;                       // shares the numbers
  Tensor rows(std::int64_t begin, std::int64_t end) const; // part of the first axis; shares the numbers
  Tensor swap_first_axes() const;                          // [A, B, ...] -> [B, A, ...], copied
  std::string str(std::int64_t limit = 8) const;           // "f32 [3] 1 2 3"

private:
  Shape shape_;
  DType dtype_ = DType::F32;
  std::int64_t size_ = 0;
  std::shared_ptr<void> data_;
};

/// Reads "FILE.npz:KEY", "FILE.safetensors:KEY" or "FILE.npy". Without a key a file of one array gives that one.
Tensor load_tensor(const std::string &source);
/// All arrays of a .npz or .safetensors by name. Integers of any width come as i64, halves (F16, BF16) as f32; of other
/// types, and of damaged files, an error that names the array. With `unreadable`, arrays that cannot be read go there
/// with the reason; a .safetensors whose digest is wrong is an error as a whole.
std::map<std::string, Tensor> load_tensors(const std::string &path,
                                           std::map<std::string, std::string> *unreadable = nullptr);
/// Writes a .npz, which NumPy reads, or a .safetensors, which the libraries of that name read; the extension decides. A
/// .safetensors carries a SHA-256 of itself, which load_tensors checks. The file appears whole or not at all.
void save_tensors(const std::string &path, const std::map<std::string, Tensor> &arrays);
void save_npy(const std::string &path, const Tensor &array);
/// Whether the extension is one of load_tensors and save_tensors.
bool is_tensor_file(const std::string &path);

} // namespace overtime
