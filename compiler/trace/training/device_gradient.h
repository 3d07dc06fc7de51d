// SPDX-License-Identifier: Apache-2.0
// A program and its adjoint on a GPU, with all they read and write. Private to compiler/trace.
#pragma once

#include "compiler/driver/training/Gradient.h"
#include "compiler/trace/host/error.h"

#include "runtime/checkpoints.h"

#include <memory>

namespace overtime::detail {

struct StepRange;

/// An array of a gradient's call.
struct GradientArray {
  void *host; ///< null: only a device has it
  std::int64_t bytes;
  bool taken = false, given = false; ///< numbers of the host before the call; for the host after it
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

  std::size_t add(const GradientArray &array) {
    arrays.push_back(array);
    return arrays.size() - 1;
  }
};

class DeviceGradient {
public:
  /// Compiles for the device of that number. The module is used up.
  DeviceGradient(mlir::ModuleOp module, const driver::ProgramInfo &info, const driver::GradientSpec &spec, int number,
                 bool cache, SourceLocation at);
  ~DeviceGradient();
  DeviceGradient(const DeviceGradient &) = delete;
  DeviceGradient &operator=(const DeviceGradient &) = delete;

  const driver::GradientLayout &layout() const;
  /// Queues all that the plan says on one stream, and waits once.
  void run(const StepRange &range, const GradientMemory &memory, const overtime_checkpoint_plan &plan);

  struct Loaded;

private:
  std::unique_ptr<Loaded> loaded;
};

} // namespace overtime::detail
