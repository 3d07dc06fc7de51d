// SPDX-License-Identifier: Apache-2.0
// What `overtime info` tells of a model, a compiled program or a file of arrays, before it is text or JSON.
#pragma once

#include "runtime/abi.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace overtime::tools {

using Fact = std::variant<std::string, std::int64_t, double>;

struct ArrayDescription {
  std::string kind; ///< "state", "param", "input", "output", or "array" of a file
  std::string name, unit, dtype;
  std::vector<std::string> shape;                 ///< numbers, or names such as N
  std::optional<std::pair<double, double>> range; ///< smallest and largest value
  std::string remark;                             ///< instead of a value
};

/// Code of a library for GPUs of one compute capability, as ptxas reports it.
struct KernelDescription {
  std::string capability;    ///< "sm_90"
  bool machine_code = false; ///< beside PTX, or alone
  bool ptx = true;
  std::int64_t threads = 0, blocks = 0; ///< of a block; of the grid, 0 where that is not known
  bool cooperative = false;             ///< blocks wait for each other
  bool fewer_blocks = false;            ///< where a device holds fewer at the same time, fewer do too
  struct Used {
    std::int64_t registers = 0;
    std::optional<std::int64_t> spill_bytes; ///< machine code alone does not say
    std::int64_t local_bytes = 0, shared_bytes = 0;
  };
  std::optional<Used> used; ///< nothing without machine code or ptxas
  std::string remark;       ///< why there is nothing
  struct Resident {
    std::int64_t blocks = 0, warps = 0, most_warps = 0;
    std::string limit;
  };
  std::optional<Resident> resident; ///< on a multiprocessor at the same time
};

struct Description {
  std::vector<std::pair<std::string, Fact>> facts; ///< in order
  std::vector<ArrayDescription> arrays;
  std::vector<std::string> methods;
  std::vector<KernelDescription> kernels = {};
};

/// Rows in columns, each as wide as it needs.
std::string table(const std::vector<std::vector<std::string>> &rows);

/// For people.
std::string text_of(const Description &description);

/// For programs: {"name": ..., ..., "arrays": [{"kind": ...}], "methods": [...]}.
std::string json_of(const Description &description);
/// Facts only, one object each: [{"name": ...}, ...].
std::string json_list_of(const std::vector<Description> &descriptions);

/// A model of the zoo. Without sizes the shapes are in terms of N (--size) and K (--n-in).
Description describe_model(const std::string &name, std::optional<std::int64_t> size, std::optional<std::int64_t> n_in);

/// What `overtime info MODEL --gradient` is asked.
struct GradientQuestion {
  std::optional<std::int64_t> size, n_in, batch;
  std::string steps = "1000", remat = "none";
};
/// What a gradient through a model of the zoo keeps, by `remat`.
Description describe_gradient(const std::string &name, const GradientQuestion &asked);
/// The arrays of a .npz or .safetensors.
Description describe_tensors(const std::string &path);
/// A library that `overtime compile` wrote; the .json beside it when it does not load here.
Description describe_library(const std::string &path);
/// The kernels of a library, in the order of their capabilities there. PTX without machine code is assembled by ptxas
/// to see what it takes.
std::vector<KernelDescription> kernels_of(const overtime_gpu_code &code);
/// A .ptx that `overtime compile` wrote, assembled by ptxas to see what it takes.
Description describe_ptx(const std::string &path);
/// A .cubin, by what it says itself: no spilled bytes, and shared memory without what its launch asks for.
Description describe_cubin(const std::string &path);
/// Fills in how many blocks a multiprocessor holds.
void add_occupancy(KernelDescription &kernel);
/// The .json that `overtime compile` wrote.
Description describe_json(const std::string &path);

} // namespace overtime::tools
