// SPDX-License-Identifier: Apache-2.0
// How much memory a run will take, compared with what the machine has, before anything is allocated.
#pragma once

#include <string>

namespace overtime {

/// What a run takes, in bytes.
struct MemoryNeed {
  double variables = 0;     ///< states and parameters
  double workspace = 0;     ///< temporaries of the compiled code
  double results = 0;       ///< outputs and monitors; events are not known before, and files take none
  std::string results_text; ///< "V f32 [1000, 10], spike bool [1000, 10]"
  double total() const { return variables + workspace + results; }
};

/// Throws when `needed` exceeds what is available, naming both; returns a warning when it takes more than half, else
/// nothing. `what` says what takes it, `advice` how to need less.
std::string check_memory(double needed, const std::string &what, const std::string &advice);

} // namespace overtime
