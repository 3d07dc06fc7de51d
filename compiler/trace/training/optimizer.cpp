// SPDX-License-Identifier: Apache-2.0
// Optimizer: moments of the parameters, and the traced step that updates all of them.
#include "compiler/trace/training/optimizer.h"

#include "compiler/trace/trace.h"

#include <cmath>

namespace overtime {

using detail::Slot;
using detail::Trace;

namespace {

/// Owns the moments of one name; they are called as the parameters are.
struct MomentGroup : Model {
  MomentGroup() : Model(Shape{}) {}
  Tree<Value> update(const Tree<Value> &x) override { return x; }
};

} // namespace

State &Optimizer::Moments::operator[](const std::string &name) {
  for (auto &[known, state] : states_)
    if (known == name)
      return state;
  throw Error(ErrorKind::Name, "this optimizer declares no moment '" + name + "'");
}

Optimizer::Optimizer(const OptimizerOptions &options, std::vector<std::string> moments, At at)
    : Model(Shape{}), rate(param("rate", options.rate, at)), weight_decay(options.weight_decay),
      schedule_(options.schedule), names_(std::move(moments)) {
  if (!(options.rate > 0) || !std::isfinite(options.rate))
    throw Error(ErrorKind::Value, "a learning rate is positive and finite, got " + std::to_string(options.rate), at);
  if (!(options.weight_decay >= 0) || !std::isfinite(options.weight_decay))
    throw Error(ErrorKind::Value, "weight_decay is finite and not negative, got " + std::to_string(weight_decay), at);
}

void Optimizer::train(const std::vector<Monitor> &params, At at) {
  if (!trained_.empty())
    throw Error(ErrorKind::Usage, "'" + name() + "' trains parameters already; a Trainer wants an optimizer of its own",
                at);
  moments_.resize(params.size());
  for (const std::string &moment : names_) {
    groups_.push_back(std::make_unique<MomentGroup>());
    adopt(moment, *groups_.back(), at);
    for (std::size_t k = 0; k < params.size(); ++k) {
      auto slot = std::make_shared<Slot>();
      slot->name = params[k].path();
      slot->shape = params[k].shape();
      slot->declared = at;
      slot->owner = groups_.back()->data();
      groups_.back()->data()->slots.push_back(slot);
      moments_[k].states_.emplace_back(moment, State(slot));
    }
  }
  trained_ = params;
}

Value Optimizer::count() const { return as_real(i()) + 1.0; }
Value Optimizer::learning_rate() const { return schedule_ ? schedule_(rate, as_real(i())) : Value(rate); }
Value Optimizer::bias_correction(double base) const { return -expm1(count() * std::log(base)); }

/// Inside an update a parameter is a number: that a gradient by gNa is in 1/gNa's unit says nothing here.
static Value number_of(const Slot &slot) { return slot.trace->wrap(Trace::unwrap(slot.current), {}, slot.declared); }

Tree<Value> Optimizer::update(const Tree<Value> &gradients) {
  std::vector<Value> by = gradients.leaves();
  for (std::size_t k = 0; k < by.size(); ++k) {
    Slot &slot = *trained_[k].slot();
    Value p = number_of(slot);
    Value gradient = weight_decay > 0 && couples_decay ? by[k] + weight_decay * p : by[k];
    Value next = updated(p, gradient, moments_[k]);
    if (next.shape() != p.shape() || next.dtype() != p.dtype())
      throw Error(ErrorKind::Shape, "'" + name() + "' makes of '" + slot.path() + "' of shape " + to_string(p.shape()) +
                                        " one of shape " + to_string(next.shape()));
    slot.current = slot.trace->wrap(Trace::unwrap(next), slot.unit, next.where());
    slot.assigned = true;
  }
  return {};
}

} // namespace overtime
