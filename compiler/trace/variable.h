// SPDX-License-Identifier: Apache-2.0
// State, Param, Input: the members of a model.
#pragma once

#include "compiler/trace/host/tensor.h"
#include "compiler/trace/host/tree.h"
#include "compiler/trace/value.h"

#include <functional>
#include <memory>
#include <source_location>
#include <string>

namespace overtime {

namespace detail {
struct Slot;      // what a variable is bound to; outlives moves of the model
struct Recording; // how a Monitor is recorded
} // namespace detail

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

/// How the steps of a window become one row of a recording. The sums of Mean and Sum are taken in f64.
enum class Reduce { Last, Mean, Max, Min, Sum };

/// A variable seen from outside of its model, and what out_vars holds: which variable, or function of variables, is
/// recorded, which elements of it, and at which steps.
///
///   LoopOverTime over_time(hh, {.out_vars = {{"V", Monitor(hh.V).at({0, 7}).every(10)},
///                                            {"rate", Monitor([&] { return mean(as_real(hh.spike)); })},
///                                            {"spikes", Monitor(hh.spike).events()}}});
class Monitor {
public:
  using At = std::source_location;
  Monitor(const Variable &v) : slot_(v.slot_) {}
  explicit Monitor(std::shared_ptr<detail::Slot> slot) : slot_(std::move(slot)) {}
  /// What a function of variables is at the end of each step; traced with the step.
  template <class F>
    requires(std::is_invocable_r_v<Value, const F &> && !std::is_base_of_v<Variable, F>)
  Monitor(F function, At at = At::current()) : Monitor(std::function<Value()>(std::move(function)), at, 0) {}

  /// Elements of the last axis, counted from 0, in the order given.
  Monitor at(std::vector<std::int64_t> elements, At at = At::current()) const;
  /// A row for every k steps: windows end where the number of steps since the last reset is a multiple of k, however
  /// the steps are divided into calls. Mean and Sum of a bool or an integer are reals of the run.
  Monitor every(std::int64_t k, Reduce how = Reduce::Last, At at = At::current()) const;
  /// What is not 0, as pairs in the order of time: a map of `i` [S], the places in the row (i64), and `t` [S], the
  /// times of the steps [ms] (f64). The memory that this takes grows with the events and not with the steps.
  Monitor events(At at = At::current()) const;
  /// What is recorded goes to a file while the run goes on, in bounded memory, and the result has no rows of it.
  /// Events: FILE.npz with `i` and `t`, or FILE.npy, f64 [S, 2] of (i, t). Others: FILE.npy with the rows, or FILE.npz
  /// with them under the variable's name and with their times as `t`. Every call writes the file anew; it appears when
  /// the call ends, whole or not at all.
  Monitor file(const std::string &path, At at = At::current()) const;

  /// What a function is recorded as has no variable.
  const std::shared_ptr<detail::Slot> &slot() const { return slot_; }
  std::string path() const;
  const Unit &unit() const;
  bool is_state() const;
  Shape shape() const; ///< with the batch axis when the model has one; computes no numbers
  Tensor value() const;
  void set_value(const Tensor &array, std::source_location at = std::source_location::current()) const;
  /// State::set_initial; an error for a parameter or an input.
  void set_initial(const Init &init, std::source_location at = std::source_location::current()) const;

  std::int64_t every() const;              ///< steps for a row
  const std::string &path_of_file() const; ///< empty unless it goes to a file
  /// How it is recorded: each step and all of it unless said otherwise.
  const detail::Recording &recording() const;

private:
  Monitor(std::function<Value()> function, At at, int);
  detail::Slot &variable() const;
  Monitor with(std::shared_ptr<detail::Recording> recording) const;
  std::shared_ptr<detail::Slot> slot_;
  std::shared_ptr<const detail::Recording> recording_;
};

} // namespace overtime
