// SPDX-License-Identifier: Apache-2.0
// A network that a JSON file describes, and how it is to be run. docs/cli.md has the table of its members.
#pragma once

#include "compiler/overtime.h"
#include "models/networks/network.h"

#include <memory>
#include <optional>
#include <string>

namespace overtime::tools {

struct NetworkFile {
  std::unique_ptr<Network> network;
  RunnerOptions options;
  std::optional<double> duration; ///< [ms]
};

/// Reads a file and builds what it describes. Errors name the path in the file and what was expected.
NetworkFile read_network(const std::string &path);

} // namespace overtime::tools
