// SPDX-License-Identifier: Apache-2.0
// Draws the values of a random model's step: each line computes one from those before it.
#pragma once

#include "tests/trace/random_model.h"

#include <functional>
#include <random>

namespace overtime::test {

/// A value that later lines may read.
struct Known {
  int line = -1;
  Shape shape = {};
  DType type = f64;
  double most = 0.0;     // bound of its magnitude
  unsigned depends = 0;  // in equations, bits of the states that it is computed from
  unsigned nonlocal = 0; // those of them whose elements it mixes
  bool read = false;
};

class RandomValues {
public:
  static constexpr double largest_state = 16, largest = 64;
  static constexpr std::int64_t most_elements = 1200;
  using Fits = std::function<bool(const Known &)>;

  explicit RandomValues(std::uint64_t seed) : random(seed) { program.seed = seed; }

  int pick(int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return pick(100) < percent; }
  template <class T> T any(const std::vector<T> &all) {
    return all[static_cast<std::size_t>(pick(static_cast<int>(all.size())))];
  }

  // Lines of one kind.
  Known add(Line line, double most, unsigned nonlocal = 0);
  int put(Line line); // a line that no later one reads
  Known apply(const char *text, const std::vector<Known> &args);
  Known read_state(int k);
  Known slice_of(const Known &x, int axis, std::int64_t begin, std::int64_t end);
  Known concat_of(const std::vector<Known> &parts, int axis);
  Known squashed(const Known &x);
  /// Without squashing what may be large.
  Known add_plain(Line line, double most, unsigned nonlocal = 0);
  Known apply_plain(const char *text, const std::vector<Known> &args);

  // Random ones.
  /// A value of a type (r, b, i) that fits: known or read anew.
  std::optional<Known> value(char type, const Fits &fits);
  Known scalar(char type);
  /// A new value of any type and shape.
  Known step();
  /// A real or bool value of this shape, or one that broadcasts to it.
  Known shaped(const Shape &shape, char type);

  Program program;
  bool lanes = false;      // nothing mixes elements: a population of neurons
  Shape fed;               // shape of the input now
  unsigned integrated = 0; // inside equations: bits of the states that have one
  std::vector<Known> pool;

private:
  Known apply(std::size_t rule, const std::vector<Known> &args, bool plain = false);
  Known literal();
  std::optional<Known> leaf(char type);
  Known elementwise(char result);
  std::optional<Known> moved();
  std::optional<Known> reduced();
  std::optional<Known> product();

  std::mt19937_64 random;
  int streams = 0;
};

/// NumPy's rule for the value of an assignment.
bool broadcasts(const Shape &from, const Shape &to);

} // namespace overtime::test
