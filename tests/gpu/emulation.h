// SPDX-License-Identifier: Apache-2.0
// A fake device that runs kernels: compiled for this processor from the LLVM IR that their PTX is made of.
#pragma once

#include "compiler/overtime.h"
#include "tests/gpu/fake_driver.h"
#include "tests/trace/helper.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

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

/// The states of a model after a run in two pieces, on the processor and on the device.
inline void check_same_bits(const std::function<std::unique_ptr<Model>()> &make, DType real, std::int64_t steps,
                            std::optional<std::int64_t> batch = {}) {
  auto run = [&](const Device &device) {
    std::unique_ptr<Model> model = make();
    LoopOverTime over_time(*model, {.real = real, .threads = 1, .cache = false, .device = device});
    over_time.reset_state(batch);
    over_time.steps(steps / 2);
    over_time.steps(steps - steps / 2);
    std::vector<Tensor> all;
    for (const auto &[path, state] : model->states())
      all.push_back(state.value());
    return all;
  };
  std::vector<Tensor> host = run(cpu()), there = run(cuda());
  for (std::size_t k = 0; k < host.size(); ++k) {
    INFO("state " << k);
    CHECK(same_bits(host[k], there[k]));
  }
}

} // namespace overtime::test
