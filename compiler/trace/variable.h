// SPDX-License-Identifier: Apache-2.0
// State, Param, Input: the members of a model.
#pragma once

#include "compiler/trace/tensor.h"
#include "compiler/trace/tree.h"
#include "compiler/trace/value.h"

#include <functional>
#include <memory>
#include <source_location>
#include <string>

namespace overtime {

namespace detail {
struct Slot; // what a variable is bound to; outlives moves of the model
}

/// Draws an initial value of a shape; `seed` already mixes the run's seed with the variable's path.
using Initializer = std::function<Tensor(const Shape &shape, std::uint64_t seed)>;

/// The initial value of a variable: a number, a quantity, an array, or an Initializer.
class Init {
public:
  Init(double number = 0.0) : number_(Quantity{number, {}}) {}
  Init(int number) : Init(double(number)) {}
  Init(bool flag) : number_(Quantity{flag ? 1.0 : 0.0, {}}), flag_(true) {}
  Init(const Quantity &q) : number_(q) {}
  Init(Tensor array) : array_(std::move(array)) {}
  Init(Initializer draw) : draw_(std::move(draw)) {}

  const std::optional<Quantity> &number() const { return number_; }
  const std::optional<Tensor> &array() const { return array_; }
  const Initializer &draw() const { return draw_; }
  bool is_flag() const { return flag_; }

private:
  std::optional<Quantity> number_;
  std::optional<Tensor> array_;
  Initializer draw_;
  bool flag_ = false;
};

/// A named array of a model. The name of the thing is a path: "net.l1.h".
class Variable {
public:
  using At = std::source_location;
  Variable(const Variable &) = delete; // `auto old = V;` would alias; write `Value old = V;`
  Variable(Variable &&) noexcept = default;

  const std::string &name() const; ///< "h"
  std::string path() const;        ///< "l1.h", below the root model
  Shape shape() const;             ///< with the batch axis when the model has one
  const Unit &unit() const;
  /// The numbers on the host: initial ones, or those the last run left.
  Tensor value() const;
  /// Replaces the numbers there are now; shape [N], or a scalar that fills, or with the batch axis.
  void set_value(const Tensor &array, At at = At::current());
  void set_value(double number, At at = At::current());
  void set_value(const Quantity &quantity, At at = At::current()); ///< converted to the variable's unit

  /// The value at this point of the step; only while tracing.
  operator Value() const;
  Value operator*() const { return *this; }

protected:
  friend class Operand;
  friend class Model;
  friend class Monitor;
  friend class RunStart;
  explicit Variable(std::shared_ptr<detail::Slot> slot) : slot_(std::move(slot)) {}
  void bind(const Operand &next);
  std::shared_ptr<detail::Slot> slot_;
};

/// What is carried from step to step. Reading gives the value at this point of the step; assigning rebinds it, and what
/// is bound at the end of the step is carried to the next.
class State : public Variable {
public:
  State(State &&) noexcept = default;
  State &operator=(const Operand &next) { return bind(next), *this; }
  State &operator=(const State &other) { return bind(Operand(other)), *this; }
  /// What the state has from the next reset on, and at the first run of a model that has not run: a number, a quantity,
  /// an array [N] or [B, N], or an Initializer. It wins over Model::initial(), and states that follow from this one
  /// follow from it.
  void set_initial(const Init &init, At at = At::current());
  /// Another name of the same state, for a model that connects others.
  State same() const { return State(slot_); }

private:
  friend class Model;
  friend class Optimizer;
  using Variable::Variable;
};

/// A number or array that a run reads and does not change: a conductance, a weight.
class Param : public Variable {
public:
  Param(Param &&) noexcept = default;
  bool trainable() const;

private:
  friend class Model;
  using Variable::Variable;
};

/// What others add to during a step; back to its default (0) when the step ends (semantics S13).
class Input : public Variable {
public:
  Input(Input &&) noexcept = default;
  Input &operator+=(const Operand &more);
  /// Another name of the same input, for a model that connects others.
  Input same() const { return Input(slot_); }

private:
  friend class Model;
  using Variable::Variable;
};

/// A variable to be recorded at every step: what out_vars holds.
class Monitor {
public:
  Monitor(const Variable &v) : slot_(v.slot_) {}
  explicit Monitor(std::shared_ptr<detail::Slot> slot) : slot_(std::move(slot)) {}
  const std::shared_ptr<detail::Slot> &slot() const { return slot_; }
  std::string path() const;
  const Unit &unit() const;
  bool is_state() const;
  Shape shape() const; ///< with the batch axis when the model has one; computes no numbers
  Tensor value() const;
  void set_value(const Tensor &array, std::source_location at = std::source_location::current()) const;
  /// State::set_initial; an error for a parameter or an input.
  void set_initial(const Init &init, std::source_location at = std::source_location::current()) const;

private:
  std::shared_ptr<detail::Slot> slot_;
};

} // namespace overtime
