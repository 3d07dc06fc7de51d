// SPDX-License-Identifier: Apache-2.0
// Runs a loop with the reference interpreter in place of compiled code, for tests.
#pragma once

#include "compiler/trace/loops/loop_over_time.h"

namespace overtime {

/// As over_time(data) and over_time(duration), computed by the interpreter in f64; states, t0 and i0 advance likewise.
LoopResult run_reference(LoopOverTime &loop, const Tree<Tensor> &data);
LoopResult run_reference(LoopOverTime &loop, Duration duration);
/// As model.reset_state(), with initial() computed by the interpreter.
void reset_reference(Model &model);

} // namespace overtime
