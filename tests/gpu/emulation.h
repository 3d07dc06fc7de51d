// SPDX-License-Identifier: Apache-2.0
// A fake device that runs kernels: compiled for this processor from the LLVM IR that their PTX is made of.
#pragma once

#include "compiler/overtime.h"
#include "tests/gpu/fake_driver.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace overtime::test {

struct Emulation {
  FakeDriver fake;
  std::filesystem::path folder; ///< of the kernels of this process
  Emulation() {
    std::string pattern = (std::filesystem::temp_directory_path() / "overtime-kernels-XXXXXX").string();
    folder = mkdtemp(pattern.data());
    setenv("OVERTIME_DUMP_KERNELS", folder.c_str(), 1);
    setenv("FAKE_CUDA_EMULATE", OVERTIME_EMULATE, 1);
  }
  ~Emulation() {
    unsetenv("OVERTIME_DUMP_KERNELS");
    std::filesystem::remove_all(folder);
  }
};

inline double largest_difference(const Tensor &a, const Tensor &b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::int64_t k = 0; k < a.size(); ++k)
    largest = std::max(largest, std::abs(a[k] - b[k]));
  return largest;
}

} // namespace overtime::test
