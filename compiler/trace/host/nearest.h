// SPDX-License-Identifier: Apache-2.0
// Guesses which name was meant by one that does not exist.
#pragma once

#include <string>
#include <vector>

namespace overtime {

/// The known name closest to `given`, counting insertions, deletions, replacements and swaps of neighbours (Damerau
/// 1964, Levenshtein 1966); a change of case counts half. Empty when nothing is close: more than a third of the
/// letters differ. Of equally close names the first.
std::string nearest_name(const std::string &given, const std::vector<std::string> &known);

/// "; did you mean 'gNa'?", or nothing, to end a message about an unknown name.
std::string did_you_mean(const std::string &given, const std::vector<std::string> &known);

} // namespace overtime
