// SPDX-License-Identifier: Apache-2.0
// Writes synapses row by row, and numbers that decide about them. Private to models/connectivity.
#pragma once

#include "models/connectivity/connectivity.h"

#include <algorithm>
#include <iterator>

namespace overtime::detail {

class RowBuilder {
public:
  RowBuilder(std::int64_t sources, std::int64_t posts) : sources(sources), posts(posts) { offsets.push_back(0); }

  void add(std::int64_t target) {
    if (target < 0 || target >= posts)
      throw Error(ErrorKind::Value, "there is no target " + std::to_string(target) + " of " + std::to_string(posts));
    if (is_narrow)
      narrow.push_back(static_cast<std::uint16_t>(target));
    else
      wide.push_back(static_cast<std::int32_t>(target));
  }
  /// All of a row, which are in range.
  void add_row(std::span<const std::int32_t> row) {
    if (is_narrow)
      std::ranges::transform(row, std::back_inserter(narrow), [](std::int32_t j) { return std::uint16_t(j); });
    else
      wide.insert(wide.end(), row.begin(), row.end());
    end_row();
  }
  /// Takes memory at once; more is taken where it is not enough.
  void reserve(double synapses) {
    offsets.reserve(std::size_t(sources) + 1);
    auto count = static_cast<std::size_t>(std::clamp(synapses, 0.0, double(0x7fffffff)));
    is_narrow ? narrow.reserve(count) : wide.reserve(count);
  }
  void end_row() {
    if (synapses() > 0x7fffffff)
      throw Error(ErrorKind::Value, "there are more than 2^31 - 1 synapses; split the populations");
    offsets.push_back(static_cast<std::int32_t>(synapses()));
  }
  Csr finish() const {
    Csr rows{sources, posts, Tensor({std::ssize(offsets)}, i32), Tensor({synapses()}, type_of_places(posts))};
    std::ranges::copy(offsets, rows.offsets.values<std::int32_t>().begin());
    if (is_narrow)
      std::ranges::copy(narrow, rows.targets.values<std::uint16_t>().begin());
    else
      std::ranges::copy(wide, rows.targets.values<std::int32_t>().begin());
    return rows;
  }

private:
  std::int64_t synapses() const { return is_narrow ? std::ssize(narrow) : std::ssize(wide); }

  std::int64_t sources, posts;
  bool is_narrow = type_of_places(posts) == u16;
  std::vector<std::int32_t> offsets, wide;
  std::vector<std::uint16_t> narrow;
};

/// A sequence of numbers from a seed (Steele, Lea & Flood 2014, SplitMix64): the same on every machine.
class Sequence {
public:
  explicit Sequence(std::uint64_t seed) : state(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In (0, 1).
  double uniform() { return (double(bits() >> 11) + 0.5) * 0x1p-53; }
  /// In [0, n).
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>((static_cast<unsigned __int128>(bits()) * std::uint64_t(n)) >> 64);
  }

private:
  std::uint64_t state;
};

} // namespace overtime::detail
