// SPDX-License-Identifier: Apache-2.0
// LoopOverTime: a model's step run over many steps as one native function (the reference page's class).
#pragma once

#include "compiler/trace/host/memory_need.h"
#include "compiler/trace/loops/device_tensor.h"
#include "compiler/trace/model.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace overtime {

inline constexpr std::nullopt_t none = std::nullopt;

/// A length of time [ms]: a plain number counts in ms.
struct Duration {
  double ms;
  Duration(double ms) : ms(ms) {}
  Duration(int ms) : ms(ms) {}
  Duration(const Quantity &q, std::source_location at = std::source_location::current());
};

/// What a gradient keeps and what it runs again (semantics S7). A run without gradient does not look at it.
struct Remat {
  enum class Policy { None, Step, Sqrt, Every, Budget } policy = Policy::None;
  std::int64_t bytes = 0; ///< of a budget
  std::int64_t steps = 0; ///< between two kept states, of every
  Remat() = default;
  Remat(bool on) : policy(on ? Policy::Step : Policy::None) {}
  static Remat sqrt() { return with(Policy::Sqrt, 0, 0); }
  /// The states before every k-th step, the tape of k steps; k is at least 1.
  static Remat every(std::int64_t k, std::source_location at = std::source_location::current());
  /// The fewest steps again that so many bytes allow, more than 0 (Griewank & Walther 2000, Algorithm 799).
  static Remat budget(std::int64_t bytes, std::source_location at = std::source_location::current());

private:
  static Remat with(Policy p, std::int64_t b, std::int64_t k) {
    Remat r;
    r.policy = p;
    r.bytes = b;
    r.steps = k;
    return r;
  }
};

/// How exact the compiled numbers are.
enum class Numerics {
  Reproducible, ///< the same bits on any processor width, number of threads and chunking of a run; errors of a few ulp
  Fast          ///< exponentials share work and are off by some ten ulp, for arguments up to 1e5 in size
};

/// Operands of matrix products of f32 on a GPU; their sums are of f32 always. With fewer bits, tensor cores compute the
/// products of recurrent layers whose weights are cut into columns (docs/gpu.md); all other products, and those on a
/// processor, are exact in their operands.
enum class MatmulPrecision {
  Full, ///< f32
  Tf32, ///< rounded to 10 bits behind the point: relative errors of 2^-11
  Bf16  ///< rounded to 7 bits behind the point: relative errors of 2^-8
};

/// Default step [ms] of loops built from now on; 0.1 unless set.
double get_dt();
void set_dt(Duration dt);

struct LoopOptions {
  Tree<Monitor> out_vars = {};        ///< one variable, a list, or a map of names
  bool no_state = false;              ///< the target keeps no state: all steps at once
  std::optional<double> t0 = 0.0;     ///< time of the first step [ms]; none: the step has no t
  std::optional<std::int64_t> i0 = 0; ///< index of the first step; none: the step has no i
  std::optional<Duration> dt = {};    ///< step; the global one unless given
  SharedArgs shared_arg = {};         ///< for instance {{"fit", false}}
  char data_first_axis = 'T';         ///< 'T': [T, B, ...]; 'B': [B, T, ...] for a batching target
  std::string name = {};              ///< unique name unless given
  bool jit = true;                    ///< false: the loop runs on the host, so that on_step sees every step
  Remat remat = {};
  DType real = f32; ///< element type of the run
  Numerics numerics = Numerics::Reproducible;
  MatmulPrecision matmul_precision = MatmulPrecision::Full;
  std::int32_t threads = 0; ///< of a run; 0: as many as pay. Numbers do not depend on it
  std::uint64_t seed = 0;   ///< of random numbers inside the loop
  bool keep_outputs = true; ///< false: the outputs are not stacked (memory does not grow with T)
  std::function<void(std::int64_t i)> on_step = {};                         ///< after each step; jit must be false
  std::function<bool(std::int64_t done, std::int64_t steps)> progress = {}; ///< between chunks; false stops the run
  bool cache = true;                                                        ///< keep compiled objects on disk
  std::optional<Device> device = {}; ///< cpu() or cuda(); the target's unless given
};

namespace detail {
struct LoopData;
}

/// What a call returns: `auto [out, vars] = over_time(x);`, or r.out, r.vars, r[hh.V].
class LoopResult {
public:
  Tree<Tensor> out;  ///< outputs stacked over time
  Tree<Tensor> vars; ///< monitors in the structure of out_vars
  const Tensor &operator[](const Monitor &m) const;
  template <std::size_t K> const Tree<Tensor> &get() const {
    if constexpr (K == 0)
      return out;
    else
      return vars;
  }

private:
  friend struct detail::LoopData;
  std::vector<std::pair<std::shared_ptr<detail::Slot>, Tensor>> monitored_;
};

/// What a call returns that leaves its results where the loop runs.
struct DeviceResult {
  Tree<DeviceTensor> out;  ///< outputs stacked over time
  Tree<DeviceTensor> vars; ///< monitors in the structure of out_vars
};

/// Runs `target` over time. The first call with given shapes traces and compiles; later calls, with any number of
/// steps, run. States carry on from call to call, and so do t and i (semantics S10, S11).
class LoopOverTime {
public:
  using At = std::source_location;
  explicit LoopOverTime(Model &target, LoopOptions options = {}, At at = At::current());
  ~LoopOverTime();
  LoopOverTime(LoopOverTime &&) noexcept;

  /// By duration: ceil(duration / dt) steps without data (semantics S8).
  LoopResult operator()(Duration duration, At at = At::current());
  /// By data: arrays that share the first axis, T (semantics S9).
  LoopResult operator()(const Tree<Tensor> &data, At at = At::current());
  /// A number of steps without data.
  LoopResult steps(std::int64_t count, At at = At::current());

  /// As the calls above, with data that lies where the loop runs, and results that stay there: on a GPU nothing of them
  /// is copied. Memory for the results of all steps must fit there. On the host it is the calls above. Monitors of
  /// windows, elements, events and files are recorded on the host, and an error here; so is data of another device.
  DeviceResult run_on_device(const Tree<DeviceTensor> &data, At at = At::current());
  DeviceResult steps_on_device(std::int64_t count, At at = At::current());
  /// The numbers of a state or parameter where the last run left them: on a GPU the device's own, which later runs read
  /// and write, so that what others write there counts. value() has them after the next run. An error when the variable
  /// has changed on the host since the last run, or there was none. On the host it shares the variable's numbers.
  DeviceTensor on_device(const Monitor &variable, At at = At::current()) const;

  /// What such a call takes, told before it; compiles the program that it needs.
  MemoryNeed memory_need(std::int64_t steps, At at = At::current());
  MemoryNeed memory_need(const Tree<Tensor> &data, At at = At::current());

  /// States, t0 and i0 back; with a batch axis of this size, or none: `reset_state(128)`, `reset_state()`.
  void reset_state(std::optional<std::int64_t> batch = {}, std::uint64_t seed = 0, At at = At::current());
  void reset(std::optional<std::int64_t> batch = {}, std::uint64_t seed = 0, At at = At::current()) {
    reset_state(batch, seed, at);
  }

  // What the target offers, see Model.
  std::map<std::string, Monitor> vars(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> states(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> params(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Monitor> train_vars(const NodeOptions &options = {}, At at = At::current()) const;
  std::map<std::string, Model *> nodes(const NodeOptions &options = {}, At at = At::current()) const;
  Mode mode() const;
  /// The target's, and under steps_key the steps since t0 and i0: a loop with the same options that loads it goes on
  /// with the same t, i and random numbers, and the same bits. A dictionary of a model, which has no steps, leaves the
  /// time as it is.
  StateDict state_dict() const;
  static constexpr const char *steps_key = detail::steps_key;
  LoadResult load_state_dict(const StateDict &dict, const LoadOptions &options = {}, At at = At::current());
  void save_states(const std::string &path) const;
  LoadResult load_states(const std::string &path, const LoadOptions &options = {}, At at = At::current());
  /// Where this loop runs from now on; its target stays where it is. Numbers of states come to the host after every
  /// call.
  LoopOverTime &cpu(At at = At::current());
  LoopOverTime &cuda(At at = At::current());
  LoopOverTime &tpu(At at = At::current());
  LoopOverTime &to(const std::string &device, At at = At::current());
  LoopOverTime &to(const Device &device);

  std::optional<double> t0() const;       ///< time of the next step
  std::optional<std::int64_t> i0() const; ///< index of the next step
  double dt() const;
  const std::string &name() const;
  Model &target() const;
  const LoopOptions &options() const;
  std::int64_t workspace_bytes() const; ///< memory for temporaries of the programs so far, for each thread
  std::int64_t compilations() const;    ///< programs compiled or loaded from the cache by this loop so far
  /// Milliseconds of each stage from the model to the last program compiled or loaded, in order.
  const std::vector<std::pair<std::string, double>> &times() const;

  /// An error when the loop was moved from.
  detail::LoopData &data() const;

private:
  std::unique_ptr<detail::LoopData> data_;
};

/// Number of steps of a run by duration: duration / dt, rounded when within 1e-9 of an integer, else rounded up.
std::int64_t steps_in(double duration_ms, double dt_ms, SourceLocation at = {});

} // namespace overtime

template <> struct std::tuple_size<overtime::LoopResult> : std::integral_constant<std::size_t, 2> {};
template <std::size_t K> struct std::tuple_element<K, overtime::LoopResult> {
  using type = const overtime::Tree<overtime::Tensor>;
};
