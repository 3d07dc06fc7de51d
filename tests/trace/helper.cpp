// SPDX-License-Identifier: Apache-2.0
// What tests of the language share.
#include "tests/trace/helper.h"

#include <cstring>

namespace overtime::test {

Tree<Tensor> evaluate(const Step &step, const Tree<Tensor> &data, DType real) {
  Function model(step);
  LoopOverTime loop(model, {.real = real, .cache = false});
  auto with_time = [](const Tensor &x) {
    Shape shape = x.shape();
    shape.insert(shape.begin(), 1);
    return x.reshape(shape);
  };
  auto without_time = [](const Tensor &x) { return x.reshape(Shape(x.shape().begin() + 1, x.shape().end())); };
  return loop(data.map_leaves<Tensor>(with_time)).out.map_leaves<Tensor>(without_time);
}

Tensor evaluate_one(const Step &step, const Tree<Tensor> &data, DType real) {
  return evaluate(step, data, real).leaf();
}

Tensor sample(const Shape &shape, std::uint64_t seed, DType dtype, double low, double high) {
  return Tensor::uniform(shape, low, high, seed, dtype);
}

bool same_bits(const Tensor &a, const Tensor &b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

Tensor joined(const Tensor &a, const Tensor &b) {
  Shape shape = a.shape();
  shape[0] += b.shape()[0];
  Tensor all(shape, a.dtype());
  std::memcpy(all.data(), a.data(), a.bytes());
  std::memcpy(static_cast<char *>(all.data()) + a.bytes(), b.data(), b.bytes());
  return all;
}

std::vector<double> numbers(const Tensor &t) {
  std::vector<double> all;
  for (std::int64_t k = 0; k < t.size(); ++k)
    all.push_back(t[k]);
  return all;
}

std::string message_of(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

std::string fails(ErrorKind kind, const std::vector<std::string> &texts, const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    std::string what = error.what();
    if (error.kind() != kind)
      return "another kind of error: " + what;
    for (const std::string &text : texts)
      if (what.find(text) == std::string::npos)
        return "the message has no '" + text + "': " + what;
    return "";
  }
  return "no error";
}

std::string here(const char *file, unsigned line) {
  std::string path = file;
  return path.substr(path.rfind('/') + 1) + ":" + std::to_string(line);
}

} // namespace overtime::test
