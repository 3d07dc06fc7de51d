// SPDX-License-Identifier: Apache-2.0
// overtime run FILE.json: runs a network that a file describes and writes what its monitors recorded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace overtime::tools {

struct NetworkRunOptions {
  std::string file, out;
  std::optional<double> duration;    ///< in place of the file's [ms]
  std::optional<std::uint64_t> seed; ///< likewise
  bool quiet = false, no_cache = false;
};

/// Returns the exit code.
int run_network(const NetworkRunOptions &options);

} // namespace overtime::tools
