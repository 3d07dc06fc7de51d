// SPDX-License-Identifier: Apache-2.0
// Trainer: forward, backward and update; evaluation; everything that training goes on from.
#include "compiler/trace/training/trainer_data.h"

#include <cmath>

namespace overtime {

using detail::LoopData;
using detail::Slot;

namespace {

/// The global norm and the cut act before the optimizer: Pascanu, Mikolov and Bengio 2013, algorithm 1.
Tree<Value> clipped(const Tree<Value> &gradients, const TrainerOptions &options) {
  std::vector<Value> by = gradients.leaves();
  if (options.clip_norm > 0) {
    Value square = sum(by[0] * by[0]);
    for (std::size_t k = 1; k < by.size(); ++k)
      square = square + sum(by[k] * by[k]);
    Value norm = sqrt(square), scale = where(norm > options.clip_norm, options.clip_norm / norm, 1.0);
    for (Value &g : by)
      g = g * scale;
  }
  if (options.clip_value > 0)
    for (Value &g : by)
      g = minimum(maximum(g, -options.clip_value), options.clip_value);
  return Tree<Value>::list(std::vector<Tree<Value>>(by.begin(), by.end()));
}

std::vector<Monitor> trained(const LoopOverTime &loop, const TrainerOptions &options, std::source_location at) {
  std::vector<Monitor> params = options.wrt;
  if (params.empty())
    for (const auto &[path, param] : loop.train_vars())
      params.push_back(param);
  if (params.empty())
    throw Error(ErrorKind::Usage,
                "'" + loop.target().name() + "' has no trainable parameter; name in .wrt what to train", at);
  for (const Monitor &p : params)
    if (p.slot()->kind != Slot::Kind::Param)
      throw Error(ErrorKind::Usage, "'" + p.path() + "' is no parameter; a state is not trained", at);
  return params;
}

LoopOptions options_of_updates(const LoopOptions &of) {
  return {.t0 = none,
          .real = of.real,
          .numerics = of.numerics,
          .matmul_precision = of.matmul_precision,
          .threads = of.threads,
          .cache = of.cache};
}

} // namespace

TrainerData::TrainerData(LoopOverTime &loop, Loss loss, std::unique_ptr<Optimizer> kind, TrainerOptions given,
                         std::source_location at)
    : loop(loop), options(std::move(given)), optimizer(std::move(kind)), params(trained(loop, options, at)),
      gradient{loop, std::move(loss), {.wrt = params}, {}, nullptr, /*trains=*/true},
      updates(*optimizer, options_of_updates(loop.options())), evaluation(loop, gradient.loss) {
  if (!gradient.loss.function)
    throw Error(ErrorKind::Usage, "the loss has no function", at);
  if (options.clip_norm < 0 || options.clip_value < 0)
    throw Error(ErrorKind::Value, "clip_norm and clip_value are positive, or 0 for none", at);
  optimizer->train(params);
  LoopData &update = updates.data();
  for (const Monitor &p : params)
    update.extra_states.push_back(p.slot());
  Optimizer *kept = optimizer.get();
  update.body = [kept, clips = options](const Tree<Value> &gradients) {
    return kept->update(clipped(gradients, clips));
  };
}

void TrainerData::begin_call(const Tree<Tensor> &data, std::source_location at) const {
  if (options.continues)
    return;
  std::optional<std::int64_t> batch = loop.target().batch();
  if (batch)
    batch = detail::samples_of(data, loop.options().data_first_axis == 'B' ? 0 : 1, at);
  loop.reset_state(batch, loop.options().seed, at);
}

double TrainerData::update(const Tree<Tensor> &data, const Tensor &target, std::source_location at) {
  begin_call(data, at);
  // Each update draws other random numbers although its steps have the same indices.
  struct Seed {
    std::uint64_t &now, before = now;
    ~Seed() { now = before; }
  } seed{loop.data().options.seed};
  seed.now += 0x9e3779b97f4a7c15u * static_cast<std::uint64_t>(updates.data().done);
  Device where = loop.data().device();
  return where.is_cuda() ? update_on(where, data, target, at) : update_on_host(data, target, at);
}

double TrainerData::update_on(const Device &where, const Tree<Tensor> &data, const Tensor &target,
                              std::source_location at) {
  if (!on_device || on_device->where() != where) {
    on_device.reset();
    on_device = std::make_unique<detail::DeviceUpdate>(gradient, updates.data(), !options.continues, where, at);
  }
  return on_device->run(data, target, at);
}

double TrainerData::update_on_host(const Tree<Tensor> &data, const Tensor &target, std::source_location at) {
  GradientResult g = gradient.run(data, target, at);
  std::vector<Tree<Tensor>> rows;
  for (const Monitor &p : params) {
    Shape shape = g[p].shape();
    shape.insert(shape.begin(), 1);
    rows.push_back(g[p].reshape(shape));
  }
  updates(Tree<Tensor>::list(std::move(rows)), at);
  return g.loss;
}

Trainer::Trainer(LoopOverTime &loop, Loss loss, std::unique_ptr<Optimizer> optimizer, TrainerOptions options, At at)
    : data_(std::make_unique<TrainerData>(loop, std::move(loss), std::move(optimizer), std::move(options), at)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer &&) noexcept = default;

double Trainer::operator()(const Tree<Tensor> &data, const Tensor &target, At at) {
  return data_->update(data, target, at);
}
double Trainer::loss(const Tree<Tensor> &data, const Tensor &target, At at) {
  return data_->evaluation.loss(data, target, data_->options.continues, at);
}
Tree<Tensor> Trainer::predict(const Tree<Tensor> &data, At at) {
  return data_->evaluation.outputs(data, data_->options.continues, at);
}
Optimizer &Trainer::optimizer() { return *data_->optimizer; }
std::int64_t Trainer::updates() const { return data_->updates.data().done; }
std::string Trainer::why_no_graph() const { return data_->on_device ? data_->on_device->why_no_graph() : ""; }
void Trainer::reset_state(std::optional<std::int64_t> batch, At at) {
  data_->loop.reset_state(batch, data_->loop.options().seed, at);
}

// ---- what training goes on from -------------------------------------------------------------------------------------

StateDict Trainer::state_dict() const {
  StateDict dict;
  for (const auto &[key, array] : data_->loop.state_dict())
    dict.emplace("target." + key, array);
  for (const auto &[key, array] : data_->optimizer->state_dict())
    dict.emplace("optimizer." + key, array);
  dict.emplace("updates", Tensor(updates(), i64));
  return dict;
}

static std::int64_t counter(const StateDict &dict, const std::string &key, std::source_location at) {
  auto found = dict.find(key);
  if (found == dict.end() || found->second.size() != 1 || !(found->second[0] >= 0))
    throw Error(ErrorKind::Name,
                "the state of a training has '" + key + "', a number of at least 0; this one has " +
                    (found == dict.end() ? "none" : found->second.str()),
                at);
  return std::llround(found->second[0]);
}

void Trainer::load_state_dict(const StateDict &dict, At at) {
  std::int64_t updates = counter(dict, "updates", at);
  StateDict target, optimizer;
  for (const auto &[key, array] : dict)
    if (key.starts_with("target."))
      target.emplace(key.substr(7), array);
    else if (key.starts_with("optimizer."))
      optimizer.emplace(key.substr(10), array);
  StateDict before = data_->optimizer->state_dict();
  data_->optimizer->load_state_dict(optimizer, {}, at);
  try { // all or nothing
    data_->loop.load_state_dict(target, {}, at);
  } catch (...) {
    data_->optimizer->load_state_dict(before, {}, at);
    throw;
  }
  data_->updates.data().done = updates;
}

void Trainer::save(const std::string &path) const { save_tensors(path, state_dict()); }
void Trainer::load(const std::string &path, At at) { load_state_dict(load_tensors(path), at); }

} // namespace overtime
