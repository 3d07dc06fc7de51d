// SPDX-License-Identifier: Apache-2.0
// Outputs and loss of a loop that trains, without an update. Private to compiler/trace.
#pragma once

#include "compiler/trace/training/gradient.h"

#include <memory>

namespace overtime::detail {

/// Runs the target of a loop with fit = false, from its initial states or, for one that `continues`, from where it
/// stands; then states and time are what they were.
class Evaluation {
public:
  Evaluation(LoopOverTime &loop, Loss loss);

  Tree<Tensor> outputs(const Tree<Tensor> &data, bool continues, std::source_location at);
  double loss(const Tree<Tensor> &data, const Tensor &target, bool continues, std::source_location at);

private:
  LoopOverTime &loop_;
  Loss loss_;
  std::unique_ptr<Model> none_; // the loss alone is a step of no model
  std::unique_ptr<LoopOverTime> runs_, losses_;
};

/// Length of the axis that the samples of a batch are on.
std::int64_t samples_of(const Tree<Tensor> &data, std::size_t axis, std::source_location at);

} // namespace overtime::detail
