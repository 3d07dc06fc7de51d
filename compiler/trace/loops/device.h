// SPDX-License-Identifier: Apache-2.0
// Where a loop runs: the processor, or a GPU.
#pragma once

#include "compiler/trace/host/error.h"

#include <string>

namespace overtime {

class Device {
public:
  Device() = default; ///< the processor
  /// "cpu", "cuda", which is the first GPU, or "cuda:1". An error of kind Usage for another name; of kind Device, which
  /// says what is missing, where there is no such GPU.
  explicit Device(const std::string &name, SourceLocation at = {});

  bool is_cuda() const { return number_ >= 0; }
  int number() const { return number_; } ///< of a GPU
  std::string name() const;              ///< "cpu", "cuda:0"
  bool operator==(const Device &) const = default;

private:
  int number_ = -1;
};

Device cpu();
/// An NVIDIA GPU, counted from 0. An error of kind Device says what is missing: the driver, or a device of that number.
Device cuda(int number = 0, std::source_location at = std::source_location::current());

} // namespace overtime
