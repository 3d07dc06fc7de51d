// SPDX-License-Identifier: Apache-2.0
// The trace of one step: the MLIR that operators on Values write to. Private to compiler/trace.
#pragma once

#include "compiler/trace/detail.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <set>
#include <unordered_map>

namespace overtime::detail {

/// Settings that a traced step can see.
struct TraceSettings {
  DType real = f32;
  double dt = 0.1;
  bool has_time = true, has_index = true, no_state = false;
  SharedArgs shared;
  double now = 0.0;               // time of the first step of the call that the trace is for
  bool initial = false;           // of the initial values, not of a step
  SourceLocation call;            // the user's
  std::set<std::int64_t> leading; // lengths that lead the data of a step and could be a batch's
};

/// Whether a number of a state, a time, is not before `now`.
bool reaches(Slot &times, double now, double dt);

class Trace {
public:
  explicit Trace(TraceSettings settings);

  // Between the public handles and MLIR.
  /// Both are null for an empty Value, and an error for one whose trace, or region of it, has ended.
  static mlir::Value unwrap(const Value &v);
  static Trace *of(const Value &v, SourceLocation used = {});
  Value wrap(mlir::Value v, const Unit &unit, SourceLocation at);

  mlir::Location location(SourceLocation at);
  mlir::Type element(DType dtype);
  mlir::Type type(const Shape &shape, DType dtype);
  static Shape shape_of(mlir::Type type);
  static DType dtype_of(mlir::Type type);

  // Values of any shape from values of another.
  mlir::Value number(double v, SourceLocation at);
  mlir::Value integer(std::int64_t v, SourceLocation at);
  mlir::Value boolean(bool v, SourceLocation at);
  mlir::Value broadcast(mlir::Value v, const Shape &shape, SourceLocation at);
  mlir::Value reshape(mlir::Value v, const Shape &shape, SourceLocation at);
  mlir::Value to_real(mlir::Value v, SourceLocation at);
  mlir::Value widened(mlir::Value v, SourceLocation at); ///< i64 of i32 and u16; anything else as it is
  /// Same numbers counted in another unit of the same dimension; real when the scales differ.
  mlir::Value rescale(mlir::Value v, const Unit &from, const Unit &to, SourceLocation at);

  /// Notes a parameter that equations() divide by.
  void note_divisor(mlir::Value v);

  /// Binds variables for the length of a trace and unbinds them whatever happens.
  void bind(const std::shared_ptr<Slot> &slot, const Value &value);
  void enter(ModelData &root);
  ~Trace();

  /// The region of equations(), which is `block` as long as this lives: what is written goes there, and Values made
  /// meanwhile exist only meanwhile.
  class Scope {
  public:
    Scope(Trace &trace, mlir::Block &block);
    ~Scope();

  private:
    Trace &trace;
    mlir::OpBuilder::InsertionGuard guard;
  };
  bool in_equations() const { return open.size() > 1; }

  TraceSettings settings;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::OpBuilder builder;
  Value time, index; // of the current step or stage
  mlir::Value seed;
  /// Where each stream of random numbers is drawn, by its key: its name and the first draw.
  std::map<std::uint32_t, std::pair<std::string, SourceLocation>> streams;
  std::vector<std::pair<std::shared_ptr<Slot>, Tensor>> host_reads; // numbers that decided while tracing
  std::vector<std::pair<std::shared_ptr<Slot>, bool>> reached;      // reaches(slot, now), which decided likewise
  std::set<std::string> shared_reads;                               // names of shared arguments that were asked for
  std::uint32_t drawn = 0;                                          // random functions outside of a model's streams

private:
  std::shared_ptr<Trace> alive{this, [](Trace *) {}}; // what Values look at
  std::vector<std::uint32_t> open{0};                 // regions being written, outermost first
  std::uint32_t scopes = 0;
  std::vector<std::shared_ptr<Slot>> bound;
  std::unordered_multimap<const void *, Slot *> params; // by what they are bound to
  std::vector<ModelData *> entered;
};

/// Operands as values of one trace: the trace is that of the first traced one.
Trace &trace_of(std::initializer_list<const Operand *> operands, const char *what);
/// A literal becomes a scalar constant of the run's real type, counted in `unit` (its own when null).
Value materialize(Trace &trace, const Operand &operand, const Unit *unit = nullptr);
/// NumPy's broadcasting; an error names both shapes.
Shape broadcast_shapes(const Shape &a, const Shape &b, const char *what, const Operand &left, const Operand &right);
/// "in [mV]", "dimensionless".
std::string describe(const Unit &unit);

} // namespace overtime::detail
