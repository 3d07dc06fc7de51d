// SPDX-License-Identifier: Apache-2.0
// Loads golden cases and compares runs with them; what a difference is, is said in one line.
#pragma once

#include "compiler/overtime.h"

#include <map>
#include <string>

namespace overtime::golden {

using Arrays = std::map<std::string, Tensor>;

/// Inputs of a case, and BrainPy's outputs in both precisions.
struct Case {
  std::string name;
  Arrays in, f64, f32;

  /// An input as f64; an unknown key is an error that names the case.
  Tensor input(const std::string &key) const;
  bool has_input(const std::string &key) const { return in.contains(key); }
  /// An output in double precision.
  const Tensor &expected(const std::string &key) const;
  /// An output in single precision, as f64.
  Tensor expected_f32(const std::string &key) const;
};
Case load(const std::string &name);

/// Allowed: absolute + relative * largest |expected| of the array. (Trajectories pass through zero, where a tolerance
/// relative to each number would mean nothing.)
struct Tolerance {
  double relative = 0.0, absolute = 0.0;
};

/// "" when the first `steps` rows (all unless given) agree; else where and by how much they first do not.
std::string difference(const std::string &what, const Tensor &got, const Tensor &expected, const Tolerance &tolerance,
                       std::int64_t steps = -1);

/// "" when two rasters are equal in their first `steps` rows; else the number of mismatches and the first.
std::string raster_difference(const Tensor &got, const Tensor &expected, std::int64_t steps = -1);

/// Largest difference of two arrays in their first `steps` rows.
double largest_difference(const Tensor &a, const Tensor &b, std::int64_t steps = -1);
double largest(const Tensor &a);

/// `row` [N...] at each of `steps` steps: [steps, N...].
Tensor repeated(const Tensor &row, std::int64_t steps);

/// Number of leading steps in which BrainPy's own f32 run follows its f64 run: spikes equal, and no column further
/// apart than 1 % of its range. Behind it the phase of the spikes differs and a comparison number by number says
/// nothing.
std::int64_t steps_comparable_in_f32(const Case &c, const std::vector<std::string> &columns);

/// What an f32 run may differ from the f64 column in its first `steps` rows. BrainPy's f32 run is one sample of what
/// rounding does there; ours rounds in another order, so four times its distance is allowed, and a few ulp of the
/// range.
Tolerance f32_tolerance(const Case &c, const std::string &column, std::int64_t steps = -1);

} // namespace overtime::golden
