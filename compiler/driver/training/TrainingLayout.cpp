// SPDX-License-Identifier: Apache-2.0
// Places the arrays of a training in its block: what several programs share lies there once.
#include "compiler/driver/training/TrainingInfo.h"

#include "runtime/trainer.h"

#include <algorithm>

namespace overtime::driver {
namespace {

class Placing {
public:
  std::uint64_t end = sizeof(overtime_training_header);

  std::uint64_t place(const ArrayInfo &array) {
    return take(static_cast<std::uint64_t>(array.elements()) * overtime_dtype_size(array.dtype));
  }
  std::uint64_t take(std::uint64_t bytes) {
    std::uint64_t begin = end;
    end += (bytes + OVERTIME_ALIGNMENT - 1) / OVERTIME_ALIGNMENT * OVERTIME_ALIGNMENT;
    return begin;
  }
};

} // namespace

TrainingLayout layoutOf(const TrainingInfo &info) {
  TrainingLayout layout;
  Placing block;
  for (const ArrayInfo &state : info.forward.states)
    layout.forward.push_back(block.place(state));
  layout.statesEnd = block.end;
  for (const ArrayInfo &param : info.forward.params)
    layout.forward.push_back(block.place(param));
  std::size_t states = info.forward.states.size();
  for (std::size_t k = 0; k < info.moments(); ++k)
    layout.update.push_back(block.place(info.update.states[k]));
  for (unsigned param : info.trained)
    layout.update.push_back(layout.forward[states + param]);
  for (const ArrayInfo &param : info.update.params)
    layout.update.push_back(block.place(param));
  layout.initialEnd = block.end;

  layout.gradients = block.end;
  for (const ArrayInfo &state : info.backward.states)
    layout.backward.push_back(block.place(state));
  layout.gradientsEnd = block.end;
  for (unsigned state : info.fixed)
    layout.backward.push_back(layout.forward[state]);
  layout.backward.insert(layout.backward.end(), layout.forward.begin() + static_cast<std::ptrdiff_t>(states),
                         layout.forward.end());

  layout.kept = block.take(layout.statesEnd - sizeof(overtime_training_header));
  for (const ArrayInfo &output : info.forward.outputs)
    layout.rows.push_back(block.place(output));
  layout.share = block.take(OVERTIME_ALIGNMENT);
  layout.workspace = block.take(std::max({info.evaluate.workspaceBytes, info.forward.workspaceBytes,
                                          info.backward.workspaceBytes, info.update.workspaceBytes}));
  layout.blockBytes = block.end;
  return layout;
}

std::vector<std::pair<ArrayInfo, std::uint64_t>> savedArrays(const TrainingInfo &info, const TrainingLayout &layout) {
  std::vector<std::pair<ArrayInfo, std::uint64_t>> saved;
  auto add = [&](const char *prefix, const ArrayInfo &array, std::uint64_t place) {
    saved.emplace_back(array, place);
    saved.back().first.name = prefix + array.name;
  };
  std::size_t states = info.forward.states.size();
  for (std::size_t k = 0; k < info.loss; ++k)
    add("target.", info.forward.states[k], layout.forward[k]);
  for (std::size_t k = 0; k < info.forward.params.size(); ++k)
    add("target.", info.forward.params[k], layout.forward[states + k]);
  for (std::size_t k = 0; k < info.moments(); ++k)
    add("optimizer.", info.update.states[k], layout.update[k]);
  for (std::size_t k = 0; k < info.update.params.size(); ++k)
    add("optimizer.", info.update.params[k], layout.update[info.update.states.size() + k]);
  return saved;
}

} // namespace overtime::driver
