// SPDX-License-Identifier: Apache-2.0
// What a run leaves in a file: names, sizes and the arrays themselves.
#pragma once

#include "compiler/tools/model_options.h"

#include <map>
#include <string>

namespace overtime::tools {

/// Outputs under the model's output_name() and monitors under their names; a monitor wins over an output.
std::map<std::string, Tensor> recorded_arrays(const PreparedLoop &prepared, const LoopResult &result);

/// Adds the times and indices of a run of `steps` steps after those `before` it, as t and i, unless the loop has none
/// or the names are taken. Times are counted from the loop's t0, so that a run in pieces has those of the whole.
void add_clock(std::map<std::string, Tensor> &arrays, const LoopOverTime &loop, std::int64_t before,
               std::int64_t steps);

/// An error when a file of this ending cannot be written: before a long run, not after it. `option` is for the message.
void check_output_path(const std::string &option, const std::string &path, const std::vector<std::string> &endings);

/// "V f32 [1000, 10], t f64 [1000]"
std::string summary_of(const std::map<std::string, Tensor> &arrays);

} // namespace overtime::tools
