// SPDX-License-Identifier: Apache-2.0
// How much memory programs may still take.
#pragma once

#include <optional>
#include <string>

namespace overtime {

/// Memory that programs may still take: of the machine, or of the group of processes this one belongs to. None when the
/// system does not say.
std::optional<double> available_bytes();

/// "3.2 GB"
std::string readable_bytes(double bytes);

} // namespace overtime
