// SPDX-License-Identifier: Apache-2.0
// for_loop: a function of one row of data, run over all rows as native code.
#pragma once

#include "compiler/trace/loops/loop_over_time.h"

namespace overtime {

/// One step: the rows of this step in the structure of the data, and what to stack.
using StepFunction = std::function<Tree<Value>(const Tree<Value> &)>;

/// Runs `body` once for every row of `data`, arrays that share the first axis, and stacks what it returns. It is traced
/// once, as a model's step is.
///
///   Tensor squares = for_loop([](Value x) { return x * x; }, x);
Tree<Tensor> for_loop(const StepFunction &body, const Tree<Tensor> &data, const LoopOptions &options = {},
                      std::source_location at = std::source_location::current());

/// The same with states: those of `owner` and of the models below it carry on from row to row, and stay with it. `body`
/// reads and assigns them and may call the models' update.
LoopResult for_loop(Model &owner, const StepFunction &body, const Tree<Tensor> &data, const LoopOptions &options = {},
                    std::source_location at = std::source_location::current());

} // namespace overtime
