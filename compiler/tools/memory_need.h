// SPDX-License-Identifier: Apache-2.0
// How much memory a run will take, compared with what the machine has, before anything is allocated.
#pragma once

#include <string>

namespace overtime::tools {

/// Throws when `needed` exceeds what is available, naming both; returns a warning when it takes more than half, else
/// nothing. `what` says what takes it, `advice` how to need less.
std::string check_memory(double needed, const std::string &what, const std::string &advice);

} // namespace overtime::tools
