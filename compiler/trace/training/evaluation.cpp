// SPDX-License-Identifier: Apache-2.0
// Outputs and loss of a loop that trains, without an update.
#include "compiler/trace/training/evaluation.h"

#include "compiler/trace/no_model.h"
#include "compiler/trace/training/gradient_data.h"

namespace overtime::detail {
namespace {

LoopOptions options_of(LoopOptions of) {
  of.out_vars = Tree<Monitor>();
  of.keep_outputs = true;
  of.name = "";
  of.progress = {};
  of.on_step = {};
  of.jit = true;
  of.shared_arg.emplace("fit", false);
  return of;
}

/// Puts the numbers of all states back, and the batch.
class KeptStates {
public:
  explicit KeptStates(Model &model) : model(model), batch(model.batch()) {
    for (const auto &[path, state] : model.states()) {
      Numbers now = state.slot()->numbers;
      if (now.host && !now.behind) // a run writes over them
        now.host = now.host->clone();
      numbers.emplace_back(state.slot(), std::move(now));
    }
  }
  ~KeptStates() {
    model.data()->root().each([&](ModelData &one) { one.batch = batch; });
    for (auto &[slot, before] : numbers)
      slot->restore(std::move(before));
  }

private:
  Model &model;
  std::optional<std::int64_t> batch;
  std::vector<std::pair<std::shared_ptr<Slot>, Numbers>> numbers;
};

/// The mean over the first axis, in f64.
Tensor mean_of_rows(const Tensor &all) {
  Shape shape(all.shape().begin() + 1, all.shape().end());
  Tensor mean(shape, f64);
  std::int64_t rows = all.shape()[0];
  for (std::int64_t k = 0; k < mean.size(); ++k) {
    double sum = 0;
    for (std::int64_t t = 0; t < rows; ++t)
      sum += all[t * mean.size() + k];
    mean.set(k, sum / static_cast<double>(rows));
  }
  return mean.to(all.dtype());
}

Tensor one_row(const Tensor &t) {
  Shape shape = t.shape();
  shape.insert(shape.begin(), 1);
  return t.reshape(shape);
}

} // namespace

std::int64_t samples_of(const Tree<Tensor> &data, std::size_t axis, std::source_location at) {
  std::vector<Tensor> leaves = data.leaves();
  if (leaves.empty() || leaves.front().shape().size() <= axis)
    throw Error(ErrorKind::Shape,
                "a batch is on axis " + std::to_string(axis) + " of the data, got " +
                    (leaves.empty() ? "none" : to_string(leaves.front().shape())),
                at);
  return leaves.front().shape()[axis];
}

Evaluation::Evaluation(LoopOverTime &loop, Loss loss)
    : loop_(loop), loss_(std::move(loss)), none_(std::make_unique<NoModel>()),
      runs_(std::make_unique<LoopOverTime>(loop.target(), options_of(loop.options()))),
      losses_(std::make_unique<LoopOverTime>(*none_, LoopOptions{.real = loop.options().real,
                                                                 .numerics = loop.options().numerics,
                                                                 .matmul_precision = loop.options().matmul_precision,
                                                                 .cache = loop.options().cache})) {
  losses_->data().body = [f = loss_.function](const Tree<Value> &x) {
    return Tree<Value>(mean(f(x["out"].leaf(), x["target"].leaf())));
  };
}

Tree<Tensor> Evaluation::outputs(const Tree<Tensor> &data, bool continues, std::source_location at) {
  KeptStates kept(loop_.target());
  LoopData &runs = runs_->data();
  runs.body = loop_.data().body;
  runs.done = loop_.data().done;
  if (!continues) {
    std::optional<std::int64_t> batch = loop_.target().batch();
    if (batch)
      batch = samples_of(data, loop_.options().data_first_axis == 'B' ? 0 : 1, at);
    runs_->reset_state(batch, loop_.options().seed, at);
  }
  return runs.run(runs.by_data(data, at)).out;
}

double Evaluation::loss(const Tree<Tensor> &data, const Tensor &target, bool continues, std::source_location at) {
  Tree<Tensor> all = outputs(data, continues, at);
  if (all.size() != 1)
    throw Error(
        ErrorKind::Usage,
        "a loss takes one output, the step of '" + loop_.target().name() + "' gives " + std::to_string(all.size()), at);
  DType real = loop_.options().real;
  if (all.leaves().front().shape()[0] == 0)
    throw Error(ErrorKind::Value, "a loss needs at least one step of data", at);
  Tensor out = all.leaves().front().to(real), wanted = real_target(target, real, at);
  if (loss_.over == Loss::Over::LastStep)
    out = out.rows(out.shape()[0] - 1, out.shape()[0]);
  else if (loss_.over == Loss::Over::MeanOutput)
    out = one_row(mean_of_rows(out));
  if (loss_.over != Loss::Over::EachStep)
    wanted = one_row(wanted);
  Tree<Tensor> pair = Tree<Tensor>::map({{"out", out}, {"target", wanted}});
  return mean_of_rows(losses_->data().run(losses_->data().by_data(pair, at)).out.leaf())[0];
}

} // namespace overtime::detail
