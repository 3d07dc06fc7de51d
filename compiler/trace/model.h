// SPDX-License-Identifier: Apache-2.0
// Model: one time step as a C++ class. Neuron and Layer are the two common forms.
#pragma once

#include "compiler/trace/delay.h"
#include "compiler/trace/loops/device.h"
#include "compiler/trace/variable.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <variant>
#include <vector>

namespace overtime {

namespace detail {
struct ModelData;
}

/// A constant shared with every node of a model during a step, such as fit = false (semantics S4).
using SharedValue = std::variant<bool, std::int64_t, double, std::string>;
using SharedArgs = std::map<std::string, SharedValue>;

class Model;

/// Whether states have a batch axis, and whether a step is one of training.
enum class Mode { NonBatching, Batching, Training };

/// Which variables or models below a model are meant, and under which names.
struct NodeOptions {
  std::string method = "relative"; ///< names from this model down, "l1.h"; "absolute": from the root's, "Net0.l1.h"
  int level = -1;                  ///< how deep: 0 the model alone, 1 its children too, ...; -1 all
  bool include_self = true;        ///< false: only what is below this model
};

namespace detail {
inline constexpr char steps_key[] = "@steps"; // of a loop, in its state_dict; no variable has this name
}

/// Arrays by path: what a model consists of.
using StateDict = std::map<std::string, Tensor>;

struct LoadOptions {
  bool warn = true;              ///< missing and unexpected keys are an error; false: they are returned
  std::string compatible = "v2"; ///< keys from the model down, as state_dict writes them; "v1": from the root's name
};
struct LoadResult {
  std::vector<std::string> missing_keys, unexpected_keys;
};

/// ddt(V) = expression or noise(V) = expression, inside equations().
class EquationTerm {
public:
  void operator=(const Operand &value);

private:
  friend class Model;
  EquationTerm(std::shared_ptr<detail::Slot> slot, std::shared_ptr<detail::ModelData> model, bool noise)
      : slot_(std::move(slot)), model_(std::move(model)), noise_(noise) {}
  std::shared_ptr<detail::Slot> slot_;
  std::shared_ptr<detail::ModelData> model_; // whose equations they are
  bool noise_;
};

/// Where a call begins.
class RunStart {
public:
  double t;   ///< time of the first step [ms]
  double dt;  ///< length of a step [ms]
  DType real; ///< element type of the run

  /// Whether one of the times [ms] is not before the first step.
  bool reaches(const State &times) const;
  /// Makes `steps` the numbers of steps that have begun since `times` [ms] until before the first step, where they are
  /// not so already up to the rounding of the times.
  void count_steps(State &steps, const State &times) const;
};

/// A system whose step is traced into the dialect. A model built on its own is a root with a unique name ("HH0"); a
/// parent names its children.
class Model {
public:
  using At = std::source_location;
  virtual ~Model();
  Model(Model &&) noexcept;
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  /// One step. `x` is the step's slice of the input data, empty in a run by duration.
  virtual Tree<Value> update(const Tree<Value> &x) = 0;
  /// Traced at reset, after every variable has its own initial value: states that follow from others (m = m_inf(V)).
  virtual void initial() {}
  /// Called before the steps of every call, outside of the trace: to bring in line states that count steps.
  virtual void before_run(const RunStart &) {}
  /// Name under which a lone input array appears in headers and files.
  virtual std::string input_name() const { return "x"; }
  /// Name of a lone output likewise.
  virtual std::string output_name() const { return "out"; }

  std::string name() const; ///< unique among roots: "HH0"; for a child the name its parent gave
  std::string path() const; ///< from the root's name down: "Net0.l1"

  /// A name that no other object has: of this model's type, or of the one given, with a number behind it.
  std::string unique_name(const std::string &type = "") const;

  /// Variables below this model by path ("l1.h").
  std::map<std::string, Monitor> vars(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> states(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> params(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> train_vars(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> inputs(const NodeOptions &options = {}, At at = At::current()) const;
  /// This model, under "" or its name, and those below it by path.
  std::map<std::string, Model *> nodes(const NodeOptions &options = {}, At at = At::current()) const;
  /// Variables and models that belong to another place of the tree and that this model uses: `vars`, `states`, `nodes`
  /// and `state_dict` of this model, and of a model above it that does not have them already, list them under these
  /// names. A model without a parent becomes a child. Errors: a name that is taken.
  void register_implicit_vars(const std::vector<std::pair<std::string, Monitor>> &vars, At at = At::current());
  void register_implicit_nodes(const std::vector<std::pair<std::string, Model *>> &nodes, At at = At::current());
  /// The numbers of all variables, in the order of their paths, and the paths.
  std::pair<std::vector<Tensor>, std::vector<std::string>> tree_flatten() const;
  /// Gives the variables of these paths these numbers; all of them or, on an error, none.
  void tree_unflatten(const std::vector<std::string> &paths, const std::vector<Tensor> &numbers, At at = At::current());
  /// The models right below this one, in the order in which they were declared.
  std::vector<Model *> children() const;
  /// One variable by path; an unknown path is an error that names the nearest.
  Monitor var(const std::string &path, At at = At::current()) const;

  /// Puts states back to their initial values, with a leading batch axis of this size or without one (semantics S15).
  /// When it fails, for want of memory for instance, the states are what they were.
  void reset_state(std::optional<std::int64_t> batch = {}, std::uint64_t seed = 0, At at = At::current());
  void reset(std::optional<std::int64_t> batch = {}, std::uint64_t seed = 0, At at = At::current()) {
    reset_state(batch, seed, at);
  }
  /// Batch size of the states; none when the model does not batch.
  std::optional<std::int64_t> batch() const;
  /// Training inside a step with the shared argument fit = true, with or without a batch.
  Mode mode() const;

  /// Copies of all states, parameters and inputs as they are now.
  StateDict state_dict() const;
  /// Takes them back. Keys that do not match are an error that names them (see LoadOptions), a shape that does not fit
  /// is one that names both; then nothing has changed. The steps in the dictionary of a loop are left out.
  LoadResult load_state_dict(const StateDict &dict, const LoadOptions &options = {}, At at = At::current());
  /// The same by way of a file: FILE.safetensors or FILE.npz (see save_tensors), which appears whole or not at all.
  void save_states(const std::string &path) const;
  LoadResult load_states(const std::string &path, const LoadOptions &options = {}, At at = At::current());

  /// Integration method of equations(): euler, rk2, midpoint, heun, rk3, rk4, exp_euler, ...; exp_euler unless set.
  Model &method(const std::string &name, At at = At::current());
  std::string method() const;

  /// Keeps the values that `target`, a state of this model or another, had in the last steps, up to `delay` ago. All
  /// delays of a state share one ring of rows, which is a state too. To be called where models are built; a time
  /// becomes steps by get_dt().
  void register_delay(const State &target, const Delay &delay, const DelayOptions &options = {}, At at = At::current());
  /// Inside a step: the value `delay` before the last one that the ring took. The ring takes the present value at the
  /// end of a step, so that delay 0 is the value at the end of the step before; after update_local_delays(), of this
  /// one.
  Value get_delay_data(const State &target, const Delay &delay, Between between = Between::Linear,
                       At at = At::current());
  /// Inside a step: the rings of this model and those below it take the present values now and not at the end.
  void update_local_delays(At at = At::current());
  /// Their content is again what it was at the start, with the present values as the newest.
  void reset_local_delays();
  /// The rings of this model and those below it, [L, N], by the path of the state whose values they hold.
  std::map<std::string, Monitor> global_delay_data() const;

  /// Where loops over this model, or over one below it, run that do not say otherwise: "cpu", "cuda", "cuda:1".
  Model &cpu(At at = At::current());
  Model &cuda(At at = At::current());
  Model &tpu(At at = At::current());
  Model &to(const std::string &device, At at = At::current());
  Model &to(const Device &device);

  const std::shared_ptr<detail::ModelData> &data() const { return data_; }

protected:
  /// `size` is the shape that states have unless they say otherwise.
  explicit Model(Shape size = {});

  State state(const std::string &name, Init init = 0.0, At at = At::current());
  State state(const std::string &name, Init init, const Quantity &unit, At at = At::current());
  State state(const std::string &name, Init init, const Shape &shape, At at = At::current());
  /// An array of i32 or u16 holds places in other arrays: it stays of that type in a run and does not change.
  Param param(const std::string &name, Init init, At at = At::current());
  Param param(const std::string &name, Init init, const Quantity &unit, At at = At::current());
  Param param(const std::string &name, Init init, const Shape &shape, At at = At::current());
  /// A trainable parameter of a given shape.
  Param weight(const std::string &name, const Shape &shape, Init init, At at = At::current());
  Param weight(const std::string &name, const Shape &shape, Init init, const Quantity &unit, At at = At::current());
  Input input(const std::string &name, Init init = 0.0, At at = At::current());

  /// Takes a model as a child: `RNNCell l1 = child("l1", RNNCell(100, 20));`
  template <class M> M child(const std::string &name, M &&model, At at = At::current()) {
    adopt(name, model, at);
    return std::forward<M>(model);
  }
  void adopt(const std::string &name, Model &model, At at = At::current());

  // Inside a step.
  Value t(At at = At::current()) const;  ///< time of this step [ms]
  Value i(At at = At::current()) const;  ///< index of this step, i64
  Value dt(At at = At::current()) const; ///< length of a step [ms]
  double step_length() const;            ///< the same as a number [ms], for decisions made while tracing
  DType real() const;                    ///< element type of the run
  /// Whether a number of `times` [ms] is not before the first step of this call. It decides while tracing: a call with
  /// another answer is another program.
  bool reaches_now(const State &times) const;
  /// Value of a shared argument, or the fallback.
  SharedValue shared(const std::string &name, SharedValue fallback) const;
  bool fit() const { return std::get<bool>(shared("fit", false)); }
  // Random numbers of a shape, new at every step, keyed by (seed, path and `stream`, i, element): they do not depend on
  // threads, chunks or vector width, nor on other streams. A stream is drawn once in a step; a second draw is an error.
  // An f32 run draws the numbers of the f64 run, rounded.

  /// Uniform in [0, 1).
  Value random_uniform(const std::string &stream, const Shape &shape, At at = At::current());
  /// Normal with mean 0 and variance 1; Box & Muller 1958.
  Value random_normal(const std::string &stream, const Shape &shape, At at = At::current());
  /// True with probability p, a number between 0 and 1 or one for each element.
  Value random_bernoulli(const std::string &stream, const Operand &p, const Shape &shape, At at = At::current());
  /// Exponential with mean 1.
  Value random_exponential(const std::string &stream, const Shape &shape, At at = At::current());
  /// Poisson numbers, as reals, of a mean that is 0 or more, one number or one for each element. Below a mean of 12 by
  /// inversion; above by an expansion that misses the distribution function by less than 4e-5. A number that is known
  /// while tracing costs as many comparisons as the largest count it draws, other means 45.
  Value random_poisson(const std::string &stream, const Operand &mean, const Shape &shape, At at = At::current());

  /// The right-hand sides: `ddt(V) = ...` for each state that has one, and `noise(V) = ...` where it is stochastic.
  virtual void equations() {}
  EquationTerm ddt(State &state);
  /// The diffusion g of dV = f dt + g dW, where f is ddt(V) and W a Wiener process of each element's own: it counts in
  /// the unit of V for each square root of a ms. With the methods euler, milstein and exp_euler the equation is Ito's,
  /// with heun Stratonovich's; other methods are an error.
  EquationTerm noise(State &state);
  /// Traces equations() into one integrate op and rebinds the states to the values at the end of the step.
  void integrate(At at = At::current());

  const Shape &size() const;

private:
  friend class LoopOverTime;
  friend class Sequential;
  Value random(const char *distribution, const std::string &stream, const Shape &shape, SourceLocation at);
  State declare_state(const std::string &, const Init &, std::optional<Shape>, std::optional<Quantity>, At);
  Param declare_param(const std::string &, const Init &, std::optional<Shape>, std::optional<Quantity>, bool, At);
  std::shared_ptr<detail::ModelData> data_;
};

/// A population of n neurons with an accumulated input `I`. The data of a call is added to `I`.
class Neuron : public Model {
public:
  /// One step after the input has been added; returns the output (its spikes).
  virtual Value update() = 0;
  Tree<Value> update(const Tree<Value> &x) final;
  std::string input_name() const override { return I.name(); }
  std::string output_name() const override { return "spike"; }
  std::int64_t count() const { return size().front(); }

protected:
  explicit Neuron(std::int64_t n, const Quantity &input_unit = nA, At at = At::current());

public:
  Input I; ///< accumulated current
};

/// A function of one array, with or without state: y = layer(x).
class Layer : public Model {
public:
  virtual Value update(Value x) = 0;
  Tree<Value> update(const Tree<Value> &x) final;
  Value operator()(const Operand &x) { return call(x); }

protected:
  using Model::Model;

private:
  Value call(const Operand &x);
};

} // namespace overtime
