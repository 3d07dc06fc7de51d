// SPDX-License-Identifier: Apache-2.0
// Recording: what a Monitor says about how it is recorded. Private to compiler/trace.
#pragma once

#include "compiler/trace/variable.h"

#include <vector>

namespace overtime {
struct LoopOptions;
}
namespace overtime::detail {

struct Recording {
  std::function<Value()> function;    // in place of a variable
  std::vector<std::int64_t> elements; // of the last axis; all when empty
  std::int64_t every = 1;
  Reduce how = Reduce::Last;
  bool events = false;
  std::string file; // empty: into memory
  SourceLocation at = {};

  /// Elements that follow each other, which the compiled loop cuts out by itself.
  bool contiguous() const {
    for (std::size_t k = 1; k < elements.size(); ++k)
      if (elements[k] != elements[k - 1] + 1)
        return false;
    return true;
  }
  /// Whether the rows that the compiled loop writes are those of the result.
  bool direct() const { return contiguous() && every == 1 && !events && file.empty(); }
  /// Type of the rows, from that of the variable: sums and means of flags and places are numbers of the run's type.
  DType dtype(DType of, DType real) const {
    bool sums = how == Reduce::Mean || how == Reduce::Sum;
    return sums && of != DType::F32 && of != DType::F64 ? real : of;
  }
  /// Rows of a call of `steps` steps after `first` of them since the reset.
  std::int64_t rows(std::int64_t first, std::int64_t steps) const { return (first + steps) / every - first / every; }
};

/// Errors: monitors that such a loop cannot record, and two that write the same file.
void check_recordings(const LoopOptions &options, SourceLocation at);

} // namespace overtime::detail
