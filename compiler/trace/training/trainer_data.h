// SPDX-License-Identifier: Apache-2.0
// What a Trainer is made of. Private to compiler/trace.
#pragma once

#include "compiler/trace/training/device/device_update.h"
#include "compiler/trace/training/evaluation.h"
#include "compiler/trace/training/gradient_data.h"
#include "compiler/trace/training/trainer.h"

namespace overtime {

struct TrainerData {
  TrainerData(LoopOverTime &loop, Loss loss, std::unique_ptr<Optimizer> optimizer, TrainerOptions options,
              std::source_location at);

  double update(const Tree<Tensor> &data, const Tensor &target, std::source_location at);

  LoopOverTime &loop;
  TrainerOptions options;
  std::unique_ptr<Optimizer> optimizer;
  std::vector<Monitor> params;
  ValueAndGradData gradient;
  LoopOverTime updates; // whose steps are updates, and whose data are gradients
  detail::Evaluation evaluation;
  std::unique_ptr<detail::DeviceUpdate> on_device; // once the loop has trained on a GPU, the last one

private:
  double update_on_host(const Tree<Tensor> &data, const Tensor &target, std::source_location at);
  double update_on(const Device &where, const Tree<Tensor> &data, const Tensor &target, std::source_location at);
  void begin_call(const Tree<Tensor> &data, std::source_location at) const;
};

} // namespace overtime
