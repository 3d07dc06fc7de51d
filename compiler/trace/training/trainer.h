// SPDX-License-Identifier: Apache-2.0
// Trainer: a loop over time, a loss and an optimizer as one update of the parameters.
#pragma once

#include "compiler/trace/host/interrupt.h"
#include "compiler/trace/training/gradient.h"
#include "compiler/trace/training/optimizer.h"

#include <concepts>

namespace overtime {

struct TrainerOptions {
  std::vector<Monitor> wrt = {}; ///< parameters to train; all trainable ones unless given
  /// A call goes on from the states and the time at which the call before stopped: truncated backpropagation through
  /// time. Else every call begins from the initial states.
  bool continues = false;
  double clip_norm = 0;  ///< scales gradients down to this norm of all of them together; 0: as they are
  double clip_value = 0; ///< cuts every element of a gradient at plus and minus this; 0: as they are
};

/// One pass over the data, as Trainer::fit reports it.
struct Epoch {
  std::int64_t number = 0;               ///< from 1
  double loss = 0;                       ///< mean over the updates of the epoch, each before it
  std::optional<double> validation_loss; ///< of the parameters at its end
  std::optional<double> metric;          ///< likewise, of the validation data
  double seconds = 0;
};

/// A number that tells how good outputs are, such as the share of right answers; both have the batch axis that a
/// target has.
using Metric = std::function<double(const Tensor &out, const Tensor &target)>;

struct FitOptions {
  std::int64_t epochs = 1;
  std::int64_t batch = 32;                      ///< samples of one update
  bool shuffle = true;                          ///< another order in every epoch
  std::uint64_t seed = 0;                       ///< of the order
  std::optional<Tree<Tensor>> validation = {};  ///< data that is not trained on, and
  std::optional<Tensor> validation_target = {}; ///< its target
  Metric metric = {};                           ///< of the validation data; of the training data without any
  /// Stops after so many epochs without a smaller validation loss (loss without validation data), and takes back the
  /// parameters of the best epoch; 0: never.
  std::int64_t patience = 0;
  /// After each epoch; false stops. print_epoch writes a line.
  std::function<bool(const Epoch &)> on_epoch = {};
  /// Between updates of an epoch; false stops at once, and keeps the parameters as they are: `InterruptGuard` tells of
  /// Ctrl-C.
  std::function<bool(std::int64_t done, std::int64_t updates)> progress = {};
};

struct TrainerData;

/// Trains the parameters of a loop's target:
///
///     LoopOverTime over_time(net);
///     over_time.reset_state(128);
///     Trainer train(over_time, last_step(loss::cross_entropy), Adam({.rate = 1e-3}));
///     double loss = train(x, labels); // forward, backward, update
///
/// The step is traced with the shared argument fit = true, and with false for loss(), predict() and validation, unless
/// the loop sets it. Random numbers differ from update to update.
class Trainer {
public:
  using At = std::source_location;
  template <std::derived_from<Optimizer> Kind>
  Trainer(LoopOverTime &loop, Loss loss, Kind &&optimizer, TrainerOptions options = {}, At at = At::current())
      : Trainer(loop, std::move(loss), std::unique_ptr<Optimizer>(new Kind(std::forward<Kind>(optimizer))),
                std::move(options), at) {}
  Trainer(LoopOverTime &loop, Loss loss, std::unique_ptr<Optimizer> optimizer, TrainerOptions options = {},
          At at = At::current());
  ~Trainer();
  Trainer(Trainer &&) noexcept;

  /// One update; returns the loss before it. Data and target as ValueAndGrad takes them.
  double operator()(const Tree<Tensor> &data, const Tensor &target, At at = At::current());
  /// The loss without an update. States and time stay what they are.
  double loss(const Tree<Tensor> &data, const Tensor &target, At at = At::current());
  /// The outputs [T, ...], likewise.
  Tree<Tensor> predict(const Tree<Tensor> &data, At at = At::current());

  /// Updates over batches of the samples on the second axis of the data [T, samples, ...], for as many epochs as said.
  /// The target is [T, samples, ...] for each_step, else [samples, ...].
  std::vector<Epoch> fit(const Tree<Tensor> &data, const Tensor &target, const FitOptions &options = {},
                         At at = At::current());

  Optimizer &optimizer();
  std::int64_t updates() const; ///< so far
  /// Why the work of an update on a GPU is queued piece by piece, in the driver's words. Empty where it is launched as
  /// one graph, as it is unless the driver cannot, and on the processor.
  std::string why_no_graph() const;
  /// States and time of the loop back to the beginning; parameters and optimizer stay.
  void reset_state(std::optional<std::int64_t> batch = {}, At at = At::current());

  /// Everything that training goes on from, to the bit: parameters and states of the target, moments, number of
  /// updates and of steps, as "target.l1.Wh", "target.@steps", "optimizer.m.l1.Wh", "updates".
  StateDict state_dict() const;
  void load_state_dict(const StateDict &dict, At at = At::current());
  /// The same by way of a file that appears whole or not at all.
  void save(const std::string &path) const;
  void load(const std::string &path, At at = At::current());

  TrainerData &data() { return *data_; }

private:
  std::unique_ptr<TrainerData> data_;
};

/// "epoch   3  loss 0.512  validation 0.498  metric 0.8710  1.20 s" on standard output; true.
bool print_epoch(const Epoch &epoch);

} // namespace overtime
