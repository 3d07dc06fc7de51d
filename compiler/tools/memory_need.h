// SPDX-License-Identifier: Apache-2.0
// How much memory a run will take, compared with what the machine has, before anything is allocated.
#pragma once

#include <optional>
#include <string>

namespace overtime::tools {

/// Memory that programs may still take: of the machine, or of the group of processes this one belongs to. None when the
/// system does not say.
std::optional<double> available_bytes();

/// "3.2 GB"
std::string readable_bytes(double bytes);

/// Throws when `needed` exceeds what is available, naming both; returns a warning when it takes more than half, else
/// nothing. `what` says what takes it.
std::string check_memory(double needed, const std::string &what);

} // namespace overtime::tools
