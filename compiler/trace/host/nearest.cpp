// SPDX-License-Identifier: Apache-2.0
// Measures how far names are from each other.
#include "compiler/trace/host/nearest.h"

#include <algorithm>
#include <cctype>

namespace overtime {
namespace {

constexpr std::size_t longest = 200; // beyond it nobody mistyped a name

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

int replacement(char a, char b) { return a == b ? 0 : lower(a) == lower(b) ? 1 : 2; }

/// Twice the number of edits that make `a` out of `b`.
int distance(const std::string &a, const std::string &b) {
  std::vector<int> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = static_cast<int>(2 * j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(2 * i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 2, row[j - 1] + 2, last[j - 1] + replacement(a[i - 1], b[j - 1])});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped)
        row[j] = std::min(row[j], before[j - 2] + 2);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

} // namespace

std::string nearest_name(const std::string &given, const std::vector<std::string> &known) {
  std::string best;
  int best_distance = 0;
  if (given.size() > longest)
    return best;
  for (const std::string &name : known) {
    if (name.empty() || name.size() > longest)
      continue;
    int edits = distance(given, name);
    // Names of one or two letters differ by their case at most; longer ones by a third.
    int allowed = std::max(1, static_cast<int>(2 * (std::max(given.size(), name.size()) / 3)));
    if (name.size() == 1 && given == name + name) // a key that was hit twice
      allowed = 2;
    if (edits <= allowed && (best.empty() || edits < best_distance)) {
      best = name;
      best_distance = edits;
    }
  }
  return best;
}

std::string did_you_mean(const std::string &given, const std::vector<std::string> &known) {
  std::string name = nearest_name(given, known);
  return name.empty() ? "" : "; did you mean '" + name + "'?";
}

} // namespace overtime
