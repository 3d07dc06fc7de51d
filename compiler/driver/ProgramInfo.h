// SPDX-License-Identifier: Apache-2.0
// What is known of a program besides its code: names, units, shapes and sizes. Plain data, no MLIR.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace overtime::driver {

/// One array of a program; the shape is that of one step (no time axis). `dtype` is an overtime_dtype.
struct ArrayInfo {
  std::string name, unit;
  std::int32_t dtype = 0;
  std::vector<std::int64_t> shape;
  std::int64_t elements() const {
    std::int64_t n = 1;
    for (std::int64_t d : shape)
      n *= d;
    return n;
  }
};

struct ProgramInfo {
  std::string name;  // also the symbol prefix: the compiled function is NAME_loop
  std::string model; // what it was traced from, for people: "HH"
  std::vector<ArrayInfo> states, params, inputs, outputs;
  std::uint64_t workspaceBytes = 0;
  std::uint64_t threadBytes = 0;                           // of the workspace of one thread
  std::int64_t parts = 1, partCycles = 0, waitCycles = -1; // of overtime_schedule (runtime/abi.h)
  std::int32_t threads = 1;                                // that a run may have; decides how the work is split
  bool threadsAsked = false;                               // by the user: a step is split also where that does not pay
  bool gpu = false;                                        // a library with code for GPUs too
  double t0 = 0.0, dt = 0.1;
  std::int64_t i0 = 0;
  std::string real;                      // "f32" | "f64"
  std::string numerics = "reproducible"; // | "fast"
  std::string matmulPrecision = "full";  // | "tf32" | "bf16"
};

} // namespace overtime::driver
