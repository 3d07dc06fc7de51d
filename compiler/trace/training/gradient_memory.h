// SPDX-License-Identifier: Apache-2.0
// The arrays of a gradient's call, and which of them the two programs are called with. Private to compiler/trace.
#pragma once

#include "compiler/trace/host/tensor.h"

#include <cstdint>
#include <vector>

namespace overtime::detail {

struct GradientArray {
  std::int64_t bytes;
  void *host = nullptr;              ///< null: only a device has it
  bool taken = false, given = false; ///< numbers of the host before the call; for the host after it
  std::uint64_t there = 0;           ///< its address on a device; 0 until it has one
};

/// What a program is called with, by numbers of arrays.
struct GradientArguments {
  struct Row { ///< an input or output
    std::size_t array;
    std::int64_t stride, bytes; ///< from row to row, in elements and bytes; 0 for one row at all steps
    bool tape;                  ///< begins anew with each stretch
  };
  std::vector<std::size_t> whole; ///< states, params
  std::vector<Row> rows;          ///< inputs, outputs
};

struct GradientMemory {
  std::vector<GradientArray> arrays;
  GradientArguments forward, backward;
  std::vector<std::size_t> moving; ///< states that a step changes
  // Which array is what: outputs are those of the program, the tape behind the others.
  std::vector<std::size_t> states, adjoints, params, inputs, outputs, by_data;

  std::size_t add(std::int64_t bytes) {
    arrays.push_back({bytes});
    return arrays.size() - 1;
  }
  /// An array of the host's.
  void at_host(std::size_t array, void *numbers, bool taken, bool given) {
    arrays[array].host = numbers;
    arrays[array].taken = taken;
    arrays[array].given = given;
  }
};

/// An input or output, with a row for each step or one row for all.
struct Rows {
  Tensor numbers;
  std::int64_t stride, bytes; // from row to row, in elements and bytes; 0 for one row
};

} // namespace overtime::detail
