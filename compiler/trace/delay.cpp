// SPDX-License-Identifier: Apache-2.0
// Delays: the last values of a state in a ring of rows, of which every step writes one.
//
// The ring is a state [L, N] and its place in time another, a number in [0, L): so it is carried, saved and restored as
// any state is, and a step knows its row without knowing which step it is.
#include "compiler/trace/delay.h"

#include "compiler/trace/loops/loop_over_time.h"
#include "compiler/trace/trace.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>
#include <cmath>

namespace overtime {

using detail::Ring;
using detail::Slot;
using detail::Trace;

std::vector<double> Delay::in_steps(double dt, SourceLocation at) const {
  std::vector<double> steps;
  if (each_)
    for (std::int64_t k = 0; k < each_->size(); ++k)
      steps.push_back((*each_)[k] / (is_time() ? dt : 1.0));
  else if (time_ && !time_->unit.same_dimension(ms.unit))
    throw Error(ErrorKind::Unit, "a delay counts in steps or in [ms], got [" + time_->unit.str() + "]", at);
  else
    steps.push_back(time_ ? time_->in(ms.unit) / dt : steps_);
  for (double &s : steps) {
    if (!(s >= 0) || !std::isfinite(s))
      throw Error(ErrorKind::Value, "a delay is finite and not negative, got " + std::to_string(s) + " steps", at);
    if (std::abs(s - std::round(s)) <= 1e-9 * std::max(1.0, s)) // 0.3 / 0.1
      s = std::round(s);
  }
  return steps;
}

namespace {

constexpr double longest = 0x1p22; // rows; a f32 counts them exactly

std::shared_ptr<Ring> ring_of(const Slot &target) {
  if (auto owner = target.owner.lock())
    for (const auto &ring : owner->rings)
      if (ring->target.get() == &target)
        return ring;
  return nullptr;
}

/// Rows by age: the newest is the last one.
Tensor first_rows(const Shape &full, std::int64_t batch_axes, const DelayOptions &options, double dt,
                  const std::string &path, SourceLocation at) {
  Tensor rows(full, f64);
  std::int64_t length = full[0], width = rows.size() / length;
  std::int64_t own = batch_axes ? width / full[1] : width; // of one element of a batch
  auto fill = [&](std::int64_t row, const Tensor &from, std::int64_t offset, std::int64_t count) {
    for (std::int64_t e = 0; e < width; ++e)
      rows.set(row * width + e, from[offset + (count == 1 ? 0 : e % own)]);
  };
  for (std::int64_t age = 0; age < length; ++age) {
    std::int64_t row = length - 1 - age;
    if (options.history) {
      Tensor v = options.history(-double(age) * dt);
      if (v.size() != 1 && v.size() != own)
        throw Error(ErrorKind::Shape,
                    "the history of '" + path + "' gives " + std::to_string(v.size()) + " numbers, expected 1 or " +
                        std::to_string(own),
                    at);
      fill(row, v, 0, v.size());
    } else if (options.initial.array()) {
      const Tensor &given = *options.initial.array();
      if (given.rank() < 1 || given.size() != given.shape()[0] * own || given.shape()[0] < length - 1)
        throw Error(ErrorKind::Shape,
                    "the initial content of '" + path + "' has shape " + to_string(given.shape()) + ", expected " +
                        std::to_string(length - 1) + " rows of " + std::to_string(own),
                    at);
      if (age > 0)
        fill(row, given, (age - 1) * own, own);
    } else {
      fill(row, Tensor(options.initial.number()->value, f64), 0, 1);
    }
  }
  return rows;
}

std::shared_ptr<Slot> hidden_state(const std::shared_ptr<detail::ModelData> &owner, const std::string &name,
                                   SourceLocation at) {
  auto slot = std::make_shared<Slot>();
  slot->name = name;
  slot->declared = at;
  slot->owner = owner;
  for (const auto &other : owner->slots)
    if (other->name == name)
      throw Error(ErrorKind::Name, "'" + name + "' is the name of a delayed state; rename the variable", at)
          .note("it is declared here", other->declared);
  owner->slots.push_back(slot);
  return slot;
}

void set_length(Ring &ring, std::int64_t length) {
  ring.length = length;
  ring.buffer->shape = ring.target->shape;
  ring.buffer->shape.insert(ring.buffer->shape.begin(), length);
}

std::shared_ptr<Ring> make_ring(const std::shared_ptr<Slot> &target, SourceLocation at) {
  auto owner = target->owner.lock();
  auto ring = std::make_shared<Ring>();
  ring->target = target;
  ring->dt = get_dt();
  ring->declared = at;
  ring->buffer = hidden_state(owner, target->name + "_delayed", at);
  ring->buffer->unit = target->unit;
  ring->buffer->flag = target->flag;
  ring->buffer->batch_axis = 1;
  ring->head = hidden_state(owner, target->name + "_delayed_row", at);
  ring->head->batchless = true;
  owner->rings.push_back(ring);
  return ring;
}

} // namespace

void Model::register_delay(const State &target, const Delay &delay, const DelayOptions &options, At at) {
  const auto &slot = target.slot_;
  std::shared_ptr<Ring> ring = ring_of(*slot);
  std::vector<double> steps = delay.varying() ? std::vector<double>{0} : delay.in_steps(ring ? ring->dt : get_dt(), at);
  double most = std::ceil(steps.empty() ? 0.0 : *std::max_element(steps.begin(), steps.end()));
  if (most > longest)
    throw Error(ErrorKind::Value, "a delay of " + std::to_string(std::int64_t(most)) + " steps is too long", at);
  auto length = std::int64_t(most) + 1;
  if (slot->trace)
    throw Error(ErrorKind::Usage, "a delay of '" + slot->path() + "' is registered inside a step; do it before", at);
  if (!ring)
    ring = make_ring(slot, at);
  if (length > ring->length) {
    if (ring->buffer->numbers.host && ring->length > 0)
      throw Error(ErrorKind::Usage,
                  "a longer delay of '" + slot->path() + "' is registered after a run; register it before", at);
    set_length(*ring, length);
  }
  bool says = options.history || options.initial.array() ||
              (options.initial.number() && options.initial.number()->value != 0.0);
  if (says) {
    double dt = ring->dt;
    std::weak_ptr<Slot> of = slot;
    ring->buffer->init = Init(Initializer([options, dt, of, at](const Shape &full, std::uint64_t) {
      auto target = of.lock();
      auto owner = target->owner.lock();
      return first_rows(full, owner && owner->batch ? 1 : 0, options, dt, target->path(), at);
    }));
  }
  auto owner = slot->owner.lock();
  for (auto model = owner; model; model = model->parent.lock())
    model->initial_loop.reset(); // traced without it
  if (owner->root().initialised) {
    ring->buffer->reset(0);
    ring->head->reset(0);
    detail::start_delays(*owner);
  }
}

namespace {

/// Writes the reading and writing of one ring at the builder's place.
class RingCode {
public:
  RingCode(Trace &trace, Ring &ring, SourceLocation at)
      : trace(trace), ring(ring), at(at), b(trace.builder), loc(trace.location(at)) {}

  /// The row of a value that was written `age` rows ago, 0 the newest. The head is the row that is written next.
  mlir::Value rowOf(std::int64_t age) { return wrapped(add(head(), ring.length - 1 - age)); }
  mlir::Value rowOf(mlir::Value age) {
    mlir::Value last = add(head(), ring.length - 1);
    return wrapped(mlir::arith::SubIOp::create(b, loc, last, age));
  }
  mlir::Value newest() { return index(rowOf(0)); }

  mlir::Value read(mlir::Value row) {
    Shape shape = buffer().shape();
    llvm::SmallVector<mlir::OpFoldResult> offsets(shape.size(), b.getIndexAttr(0)), sizes,
        ones(shape.size(), b.getIndexAttr(1));
    for (std::int64_t n : shape)
      sizes.push_back(b.getIndexAttr(n));
    offsets[0] = index(row);
    sizes[0] = b.getIndexAttr(1);
    mlir::Value one = mlir::tensor::ExtractSliceOp::create(b, loc, Trace::unwrap(buffer()), offsets, sizes, ones);
    return trace.reshape(one, Shape(shape.begin() + 1, shape.end()), at);
  }

  mlir::Value readEach(mlir::Value delays) {
    Shape shape = buffer().shape();
    mlir::Type type = trace.type(Shape(shape.begin() + 1, shape.end()), buffer().dtype());
    return ir::ReadDelayedOp::create(b, loc, type, Trace::unwrap(buffer()), newest(), delays, mlir::Value())
        .getResult();
  }

  /// The present value becomes the newest.
  void update() {
    Value now = ring.target->current, all = buffer();
    Shape shape = all.shape();
    llvm::SmallVector<mlir::OpFoldResult> offsets(shape.size(), b.getIndexAttr(0)), sizes,
        ones(shape.size(), b.getIndexAttr(1));
    for (std::int64_t n : shape)
      sizes.push_back(b.getIndexAttr(n));
    offsets[0] = index(head());
    sizes[0] = b.getIndexAttr(1);
    mlir::Value next =
        mlir::tensor::InsertSliceOp::create(b, loc, Trace::unwrap(now), Trace::unwrap(all), offsets, sizes, ones);
    assign(*ring.buffer, next);
    mlir::Value row = wrapped(add(head(), 1));
    assign(*ring.head, mlir::arith::SIToFPOp::create(b, loc, trace.element(trace.settings.real), row));
  }

private:
  Value buffer() { return ring.buffer->current; }
  mlir::Value add(mlir::Value v, std::int64_t n) {
    return mlir::arith::AddIOp::create(b, loc, v, trace.integer(n, at));
  }
  mlir::Value wrapped(mlir::Value v) { return mlir::arith::RemUIOp::create(b, loc, v, trace.integer(ring.length, at)); }
  mlir::Value head() {
    return mlir::arith::FPToSIOp::create(b, loc, b.getI64Type(), Trace::unwrap(ring.head->current));
  }
  mlir::Value index(mlir::Value v) { return mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), v); }
  void assign(Slot &slot, mlir::Value v) {
    slot.current = trace.wrap(v, slot.unit, at);
    slot.assigned = true;
  }

  Trace &trace;
  Ring &ring;
  SourceLocation at;
  mlir::OpBuilder &b;
  mlir::Location loc;
};

/// Reads of one delay: at whole steps, or between two of them.
class DelayedRead {
public:
  DelayedRead(Trace &trace, Ring &ring, Between between, SourceLocation at)
      : trace(trace), ring(ring), code(trace, ring, at), at(at), b(trace.builder), loc(trace.location(at)),
        rounds(between == Between::Round || ring.target->flag) {}

  Value fixed(const std::vector<double> &steps, bool each) {
    std::vector<double> whole, part;
    for (double s : steps) {
      double low = rounds ? std::nearbyint(s) : std::floor(s);
      whole.push_back(low);
      part.push_back(rounds ? 0.0 : s - low);
    }
    bool exact = std::all_of(part.begin(), part.end(), [](double p) { return p == 0.0; });
    mlir::Value first = at_ages(whole, each);
    if (exact)
      return wrap(first);
    for (double &age : whole)
      age = std::min(age + 1, double(ring.length - 1));
    mlir::Value second = at_ages(whole, each);
    Value weight = each ? trace.wrap(constant(part), {}, at) : trace.wrap(trace.number(part.front(), at), {}, at);
    return between(wrap(first), wrap(second), weight);
  }

  /// A number of steps, or one for each element, that the step computes; kept within the ring.
  Value varying(Value steps) {
    Value x = minimum(maximum(Operand(as_real(Operand(steps, here())), here()), Operand(0, here())),
                      Operand(double(ring.length - 1), here()));
    Value low = rounds ? round(Operand(x, here())) : floor(Operand(x, here()));
    Value first = wrap(at_ages(low));
    if (rounds || steps.dtype() == DType::I64)
      return first;
    Value next = minimum(low + 1, double(ring.length - 1));
    return between(first, wrap(at_ages(next)), x - low);
  }

private:
  static std::source_location here() { return {}; }
  Value wrap(mlir::Value v) { return trace.wrap(v, ring.target->unit, at); }
  Value between(const Value &first, const Value &second, const Value &weight) {
    return first + weight * (second - first);
  }
  mlir::Value constant(const std::vector<double> &numbers) {
    auto type = mlir::cast<mlir::RankedTensorType>(trace.type({std::int64_t(numbers.size())}, trace.settings.real));
    llvm::SmallVector<mlir::Attribute> values;
    for (double v : numbers)
      values.push_back(b.getFloatAttr(type.getElementType(), v));
    return mlir::arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(type, values));
  }
  mlir::Value at_ages(const std::vector<double> &ages, bool each) {
    if (!each)
      return code.read(code.rowOf(std::int64_t(ages.front())));
    std::vector<std::int32_t> numbers(ages.begin(), ages.end());
    auto type = mlir::RankedTensorType::get({std::int64_t(numbers.size())}, b.getI32Type());
    return code.readEach(mlir::arith::ConstantOp::create(
        b, loc, mlir::DenseElementsAttr::get(type, llvm::ArrayRef<std::int32_t>(numbers))));
  }
  mlir::Value at_ages(const Value &ages) {
    mlir::Value v = Trace::unwrap(ages);
    if (ages.rank() == 0)
      return code.read(code.rowOf(mlir::arith::FPToSIOp::create(b, loc, b.getI64Type(), v)));
    return code.readEach(mlir::arith::FPToSIOp::create(b, loc, trace.type(ages.shape(), DType::I32), v));
  }

  Trace &trace;
  Ring &ring;
  RingCode code;
  SourceLocation at;
  mlir::OpBuilder &b;
  mlir::Location loc;
  bool rounds;
};

} // namespace

Value Model::get_delay_data(const State &target, const Delay &delay, Between between, At at) {
  const Slot &slot = *target.slot_;
  std::shared_ptr<Ring> ring = ring_of(slot);
  if (!slot.trace)
    throw Error(ErrorKind::Usage, "a delayed '" + slot.path() + "' exists only inside a step", at);
  Trace &trace = *slot.trace;
  if (!ring)
    throw Error(ErrorKind::Usage,
                "no delay of '" + slot.path() + "' is registered; call register_delay where the model is built", at)
        .note("'" + slot.path() + "' is declared here", slot.declared);
  if (trace.in_equations())
    throw Error(ErrorKind::Usage, "a delayed '" + slot.path() + "' is read inside equations(); read it in update()",
                at);
  bool is_time = delay.is_time() || (delay.varying() && delay.varying()->dtype() != DType::I64);
  if (is_time && ring->dt != trace.settings.dt)
    throw Error(ErrorKind::Usage,
                "the delays of '" + slot.path() + "' were registered for dt = " + std::to_string(ring->dt) +
                    " ms, this loop has " + std::to_string(trace.settings.dt) +
                    "; call set_dt before the model is built, or give delays in steps",
                at)
        .note("registered here", ring->declared);
  std::int64_t width = slot.shape.empty() ? 1 : slot.shape.back();
  DelayedRead read(trace, *ring, between, at);
  if (delay.varying()) {
    Value v = *delay.varying();
    if (v.rank() > 1 || (v.rank() == 1 && (v.shape()[0] != width || slot.shape.size() != 1)))
      throw Error(ErrorKind::Shape,
                  "a delay of '" + slot.path() + "' has shape " + to_string(v.shape()) + ", expected [] or [" +
                      std::to_string(width) + "]",
                  at);
    if (is_time && v.unit().same_dimension(ms.unit))
      v = v / (ring->dt * ms);
    else if (is_time && v.unit().dimensionless())
      v = v / ring->dt;
    else if (is_time)
      throw Error(ErrorKind::Unit, "a delay counts in [ms], got [" + v.unit().str() + "]", at);
    return read.varying(v);
  }
  std::vector<double> steps = delay.in_steps(ring->dt, at);
  if (delay.per_element() && (std::ssize(steps) != width || slot.shape.size() != 1))
    throw Error(ErrorKind::Shape,
                "there are " + std::to_string(steps.size()) + " delays for '" + slot.path() + "' of shape " +
                    to_string(slot.shape),
                at);
  for (double s : steps)
    if (s > double(ring->length - 1))
      throw Error(ErrorKind::Value,
                  "a delay of " + std::to_string(s) + " steps of '" + slot.path() + "' is longer than " +
                      std::to_string(ring->length - 1) + ", the longest that is registered",
                  at)
          .note("registered here", ring->declared);
  return read.fixed(steps, delay.per_element());
}

void Model::update_local_delays(At at) {
  if (data_->trace)
    detail::update_delays(*data_->trace, *data_, at);
  else
    throw Error(ErrorKind::Usage, "update_local_delays exists only inside a step", at);
}

void Model::reset_local_delays() {
  data_->each([](detail::ModelData &model) {
    for (const auto &ring : model.rings) {
      ring->buffer->reset(0);
      ring->head->reset(0);
    }
  });
  detail::start_delays(*data_);
}

std::map<std::string, Monitor> Model::global_delay_data() const {
  std::map<std::string, Monitor> all;
  data_->each([&](detail::ModelData &model) {
    for (const auto &ring : model.rings)
      all.emplace(ring->target->path(), Monitor(ring->buffer));
  });
  return all;
}

namespace detail {

void update_delays(Trace &trace, ModelData &root, SourceLocation at) {
  root.each([&](ModelData &model) {
    for (const auto &ring : model.rings) {
      if (ring->updated || ring->buffer->trace != &trace)
        continue;
      if (trace.settings.no_state)
        throw Error(ErrorKind::Usage,
                    "'" + ring->target->path() + "' is delayed, but this loop was built with no_state = true", at);
      RingCode(trace, *ring, at).update();
      ring->updated = true;
    }
  });
}

void start_delays(ModelData &root) {
  root.each([&](ModelData &model) {
    for (const auto &ring : model.rings) {
      const Tensor &now = ring->target->ensure();
      Tensor rows = ring->buffer->ensure().clone();
      for (std::int64_t e = 0; e < now.size(); ++e)
        rows.set((ring->length - 1) * now.size() + e, now[e]);
      ring->buffer->store(rows);
    }
  });
}

} // namespace detail
} // namespace overtime
