// SPDX-License-Identifier: Apache-2.0
// Trainer::fit: epochs of updates over batches, early stop, Ctrl-C.
#include "compiler/trace/training/trainer_data.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>

namespace overtime {
namespace {

/// Rows `picked` of an axis.
Tensor taken(const Tensor &all, std::size_t axis, std::span<const std::int64_t> picked) {
  Shape shape = all.shape();
  std::int64_t length = shape[axis];
  shape[axis] = std::ssize(picked);
  Tensor part(shape, all.dtype());
  std::int64_t outer = 1;
  for (std::size_t d = 0; d < axis; ++d)
    outer *= shape[d];
  auto bytes = static_cast<std::size_t>(length * outer > 0 ? all.size() / (length * outer) : 0) * size_of(all.dtype());
  const char *from = static_cast<const char *>(all.data());
  char *to = static_cast<char *>(part.data());
  for (std::int64_t k = 0; k < outer; ++k)
    for (std::int64_t row : picked) {
      std::memcpy(to, from + static_cast<std::size_t>(k * length + row) * bytes, bytes);
      to += bytes;
    }
  return part;
}

/// Fisher-Yates, with numbers of the counter-based generator.
void shuffle(std::vector<std::int64_t> &order, std::uint64_t seed, std::int64_t epoch) {
  Tensor draws = Tensor::uniform({std::ssize(order)}, 0, 1, seed + static_cast<std::uint64_t>(epoch), f64);
  for (std::size_t k = order.size(); k > 1; --k) {
    auto other = static_cast<std::size_t>(draws[static_cast<std::int64_t>(k - 1)] * static_cast<double>(k));
    std::swap(order[k - 1], order[std::min(other, k - 1)]);
  }
}

/// One call of fit.
class Fit {
public:
  Fit(TrainerData &data, const Tree<Tensor> &x, const Tensor &y, const FitOptions &options, std::source_location at)
      : own(data), x(x), y(y), options(options), at(at), sample_axis(own.loop.options().data_first_axis == 'B' ? 0 : 1),
        target_axis(own.gradient.loss.over == Loss::Over::EachStep ? 1 : 0) {
    check();
    order.resize(static_cast<std::size_t>(samples));
    std::iota(order.begin(), order.end(), std::int64_t(0));
  }

  std::vector<Epoch> run() {
    std::vector<Epoch> epochs;
    StateDict best;
    double least = std::numeric_limits<double>::infinity();
    std::int64_t since = 0;
    for (std::int64_t number = 1; number <= options.epochs && !stopped; ++number) {
      epochs.push_back(one(number));
      const Epoch &epoch = epochs.back();
      double watched = epoch.validation_loss.value_or(epoch.loss);
      since = watched < least ? 0 : since + 1;
      if (watched < least && options.patience > 0)
        best = params();
      least = std::min(least, watched);
      if (options.on_epoch && !options.on_epoch(epoch))
        break;
      if (options.patience > 0 && since >= options.patience)
        break;
    }
    if (since > 0 && !stopped && !best.empty())
      for (const Monitor &p : own.params)
        p.set_value(best.at(p.path()), at);
    return epochs;
  }

private:
  void check() {
    if (!own.loop.target().batch())
      throw Error(ErrorKind::Usage,
                  "fit takes batches, and '" + own.loop.target().name() +
                      "' has none; call reset_state(batch) of the loop first",
                  at);
    samples = detail::samples_of(x, sample_axis, at);
    if (options.batch < 1 || options.epochs < 0 || samples < 1)
      throw Error(ErrorKind::Value,
                  "fit wants a batch and samples of at least 1, got " + std::to_string(options.batch) + " and " +
                      std::to_string(samples),
                  at);
    if (y.rank() <= static_cast<std::int64_t>(target_axis) || y.shape()[target_axis] != samples)
      throw Error(ErrorKind::Shape,
                  "the data has " + std::to_string(samples) + " samples, the target of shape " + to_string(y.shape()) +
                      " has not so many on axis " + std::to_string(target_axis),
                  at);
    if (options.validation.has_value() != options.validation_target.has_value())
      throw Error(ErrorKind::Usage, "validation data and validation_target come together", at);
  }

  StateDict params() const {
    StateDict dict;
    for (const Monitor &p : own.params)
      dict.emplace(p.path(), p.value());
    return dict;
  }

  Epoch one(std::int64_t number) {
    auto begin = std::chrono::steady_clock::now();
    if (options.shuffle)
      shuffle(order, options.seed, number);
    Epoch epoch;
    epoch.number = number;
    std::int64_t updates = (samples + options.batch - 1) / options.batch, done = 0;
    for (; done < updates && !stopped; ++done) {
      auto first = done * options.batch;
      std::span picked(order.data() + first, static_cast<std::size_t>(std::min(options.batch, samples - first)));
      auto batch = x.map_leaves<Tensor>([&](const Tensor &t) { return taken(t, sample_axis, picked); });
      epoch.loss += own.update(batch, taken(y, target_axis, picked), at);
      stopped = options.progress && !options.progress(done + 1, updates);
    }
    epoch.loss /= static_cast<double>(std::max<std::int64_t>(1, done));
    if (options.validation)
      epoch.validation_loss =
          own.evaluation.loss(*options.validation, *options.validation_target, own.options.continues, at);
    if (options.metric) {
      const Tree<Tensor> &data = options.validation ? *options.validation : x;
      epoch.metric = options.metric(own.evaluation.outputs(data, own.options.continues, at).leaf(),
                                    options.validation_target.value_or(y));
    }
    epoch.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return epoch;
  }

  TrainerData &own;
  const Tree<Tensor> &x;
  const Tensor &y;
  const FitOptions &options;
  std::source_location at;
  std::size_t sample_axis, target_axis;
  std::int64_t samples = 0;
  std::vector<std::int64_t> order;
  bool stopped = false; // within an epoch
};

} // namespace

std::vector<Epoch> Trainer::fit(const Tree<Tensor> &data, const Tensor &target, const FitOptions &options, At at) {
  return Fit(*data_, data, target, options, at).run();
}

bool print_epoch(const Epoch &epoch) {
  std::printf("epoch %3lld  loss %.4g", static_cast<long long>(epoch.number), epoch.loss);
  if (epoch.validation_loss)
    std::printf("  validation %.4g", *epoch.validation_loss);
  if (epoch.metric)
    std::printf("  metric %.4f", *epoch.metric);
  std::printf("  %.2f s\n", epoch.seconds);
  return true;
}

} // namespace overtime
