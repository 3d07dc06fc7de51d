// SPDX-License-Identifier: Apache-2.0
// for_loop: a LoopOverTime whose step is a function in place of a model's update.
#include "compiler/trace/loops/for_loop.h"

#include "compiler/trace/loops/loop_data.h"
#include "compiler/trace/no_model.h"

namespace overtime {
LoopResult for_loop(Model &owner, const StepFunction &body, const Tree<Tensor> &data, const LoopOptions &options,
                    std::source_location at) {
  if (!body)
    throw Error(ErrorKind::Usage, "for_loop needs a function", at);
  LoopOverTime loop(owner, options, at);
  loop.data().body = body;
  return loop(data, at);
}

Tree<Tensor> for_loop(const StepFunction &body, const Tree<Tensor> &data, const LoopOptions &options,
                      std::source_location at) {
  detail::NoModel model;
  return for_loop(model, body, data, options, at).out;
}

} // namespace overtime
