// SPDX-License-Identifier: Apache-2.0
// What models and variables are behind their handles. Private to compiler/trace.
#pragma once

#include "compiler/trace/loops/device_tensor.h"
#include "compiler/trace/model.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace overtime::detail {

/// Where a variable's numbers are: on the host, and on a device that trains where it has them too, or has newer ones.
struct Numbers {
  std::optional<Tensor> host; // none until first needed
  std::optional<DeviceTensor> there;
  bool behind = false; // the host, whose shape is right all the same
};

/// One variable. It lives on the heap, so that models may move while handles and traces point at it.
struct Slot {
  enum class Kind { State, Param, Input };
  Kind kind = Kind::State;
  std::string name;
  Shape shape; // of one model; a batch axis comes in front of a state's
  Unit unit;
  bool flag = false;          // bool instead of real
  std::optional<DType> index; // an integer type instead of real, and fixed: places in other arrays
  int batch_axis = 0;         // where the axis of a batch goes
  bool batchless = false;     // one for all of a batch
  bool trainable = false;
  bool divides = false; // in equations(), where a division is a product with the reciprocal
  Init init;
  std::optional<Init> given; // in place of `init`, and of what initial() says
  SourceLocation declared, given_at;
  std::weak_ptr<ModelData> owner;

  Numbers numbers;
  std::optional<Tensor> conversion; // of those on the host

  // While a step is traced.
  Trace *trace = nullptr;
  Value current;
  bool assigned = false;
  std::optional<Value> derivative, diffusion; // inside equations()

  bool is_state() const { return kind == Kind::State; }
  DType dtype(DType real) const { return flag ? DType::Bool : index.value_or(real); } // in a run
  std::string path() const;                                                           // below the root: "l1.h"
  Shape full_shape() const;                                                           // with the batch axis
  Shape shape_now(); // a scalar parameter may have become an array
  /// Of the numbers there are.
  const Shape &shape_of_numbers() { return numbers.host ? numbers.host->shape() : ensure().shape(); }
  /// The numbers, drawn from the initial value when there are none yet, and brought from a device that has newer ones.
  const Tensor &ensure(std::uint64_t seed = 0);
  /// The numbers in another type; kept, so that large weights are converted once. A number that the type cannot hold is
  /// an error.
  const Tensor &converted(DType dtype);
  /// An error when equations() divide by one of the numbers and its reciprocal is no normal number of that type.
  void check_divisor(DType real);
  /// The numbers in the run's type, from now on the variable's own: a run writes over them.
  const Tensor &as_run(DType dtype);
  /// Takes numbers of the right shape as they are. No device has them.
  void store(Tensor numbers);
  /// A device has the numbers in the type of a run; `newer` ones than the host, which brings them when it needs them.
  void keep_on(const DeviceTensor &there, bool newer);
  /// Whether the numbers are in this memory of a device.
  bool is_on(const DeviceTensor &memory) const;
  /// Back to numbers that it had.
  void restore(Numbers numbers);
  /// Draws the initial value again.
  void reset(std::uint64_t seed);
  void set(const Tensor &array, SourceLocation at = {});
};

/// An error when a number for a variable counts in another unit; one without unit counts in the variable's. `what` it
/// is is for the message: "value".
void check_unit(const Slot &slot, const Quantity &given, const char *what, SourceLocation at);

/// Inside a step: rebinds a state or input to a value of its own shape, unit and type.
void assign(Slot &slot, const Operand &next);

struct LoopData;

/// The last values of a state: rows of `buffer`, of which a step writes number `head` (delay.cpp).
struct Ring {
  std::shared_ptr<Slot> target, buffer, head;
  std::int64_t length = 0; // rows
  double dt = 0.1;         // by which times became steps
  SourceLocation declared;
  bool updated = false; // in the step that is traced
};

struct ModelData {
  std::string name; // empty for a root that nobody has asked
  std::weak_ptr<ModelData> parent;
  Model *self = nullptr; // follows moves of the model; null after its end
  Shape size;
  std::vector<std::shared_ptr<Slot>> slots;
  std::vector<std::shared_ptr<ModelData>> children;
  std::vector<std::shared_ptr<Ring>> rings; // of its states
  // Of other places of the tree, under names of its own.
  std::vector<std::pair<std::string, std::weak_ptr<Slot>>> implicit_vars;
  std::vector<std::pair<std::string, std::weak_ptr<ModelData>>> implicit_nodes;
  std::string method = "exp_euler";
  Device device;
  std::optional<std::int64_t> batch;
  bool initialised = false;               // initial() has run since construction
  std::shared_ptr<LoopData> initial_loop; // of a root: initial() as a program, once it was needed
  bool cache = true;                      // it may be kept on disk; no once a loop over this leaves the disk alone
  std::uint64_t edits = 0;                // times that numbers were given from outside of a run
  const void *left_by = nullptr;          // the program that ran last on this target, and
  double left_at = 0.0;                   // the time it stopped at
  Trace *trace = nullptr;

  /// The model itself; an error when it was destroyed before a loop over it.
  Model &model() const;
  const std::string &ensure_name();
  std::string path() const; // below the root: "l1", "" for the root
  ModelData &root();
  /// This model and those below it, parents first.
  void each(const std::function<void(ModelData &)> &visit);
  std::vector<std::shared_ptr<Slot>> all_slots();
  std::uint64_t all_edits();
};

/// A name that no other object of this process has: "HH0", "HH1", ...
std::string unique_name(const std::string &type);

/// Gives every state of a tree its initial value, then runs initial() of every model. When it fails all is as before.
void reset_tree(ModelData &root, std::optional<std::int64_t> batch, std::uint64_t seed, SourceLocation at = {});

/// Before a model is first run: initial values for what has none.
void ensure_initialised(ModelData &root);
/// Before every call: initial values, and before_run() of every model.
void prepare_run(ModelData &root, const RunStart &start);

/// Inside a step: rings that have not taken the present value do so.
void update_delays(Trace &trace, ModelData &root, SourceLocation at = {});
/// At a reset: the newest value of every ring is its state's.
void start_delays(ModelData &root);

} // namespace overtime::detail
