// SPDX-License-Identifier: Apache-2.0
// State, Param and Input: reading and rebinding while a step is traced, numbers on the host otherwise.
#include "compiler/trace/trace.h"

#include <cmath>
#include <cstdio>

namespace overtime {

using detail::Slot;
using detail::Trace;

Operand::Operand(const Variable &v, At at) : at_(at) {
  const Slot &slot = *v.slot_;
  if (!slot.trace)
    throw Error(ErrorKind::Usage, "'" + slot.path() + "' has a traced value only inside a step; outside use value()",
                at_)
        .note("'" + slot.path() + "' is declared here", slot.declared);
  value_ = slot.current;
}

Variable::operator Value() const { return Operand(*this, Operand::At()).value(); }
const std::string &Variable::name() const { return slot_->name; }
std::string Variable::path() const { return slot_->path(); }
const Unit &Variable::unit() const { return slot_->unit; }

Shape Variable::shape() const {
  if (slot_->kind == Slot::Kind::Param)
    return slot_->ensure().shape();
  return slot_->full_shape();
}
Tensor Variable::value() const { return Monitor(*this).value(); }
void Variable::set_value(const Tensor &array) { Monitor(*this).set_value(array); }
void Variable::set_value(double number) { set_value(Tensor(number, slot_->flag ? DType::Bool : f64)); }
bool Param::trainable() const { return slot_->trainable; }

std::string Monitor::path() const { return slot_->path(); }
const Unit &Monitor::unit() const { return slot_->unit; }
Tensor Monitor::value() const {
  if (auto owner = slot_->owner.lock(); owner && slot_->is_state())
    detail::ensure_initialised(owner->root());
  Tensor numbers = slot_->ensure().clone(); // the next run changes the state's own
  if (slot_->trace)
    slot_->trace->host_reads.emplace_back(slot_, numbers);
  return numbers;
}
void Monitor::set_value(const Tensor &array) const {
  if (auto owner = slot_->owner.lock(); owner && slot_->is_state())
    detail::ensure_initialised(owner->root()); // else a later first run would overwrite it
  slot_->set(array);
}

/// What equations() assigned would be known inside their region only.
static void refuse_in_equations(const Slot &slot, SourceLocation at) {
  if (slot.trace->in_equations())
    throw Error(ErrorKind::Usage, "'" + slot.path() + "' is assigned inside equations(); assign it in update()", at)
        .note("'" + slot.path() + "' is declared here", slot.declared);
}

/// Rebinds a state or input to a value of its own shape, unit and type.
void Variable::bind(const Operand &next) {
  Slot &slot = *slot_;
  std::string path = slot.path();
  auto declared = [&](Error error) { return error.note("'" + path + "' is declared here", slot.declared); };
  if (!slot.trace)
    throw declared(Error(ErrorKind::Usage, "'" + path + "' is assigned outside a step", next.where()));
  Trace &trace = *slot.trace;
  refuse_in_equations(slot, next.where());
  if (trace.settings.no_state && slot.is_state())
    throw declared(Error(ErrorKind::Usage,
                         "state '" + path + "' is updated, but this loop was built with no_state = true",
                         next.where()));
  bool counts_in_unit = next.is_literal() && next.literal().unit.dimensionless() && next.literal().unit.scale == 1.0;
  Value v = counts_in_unit ? trace.wrap(trace.number(next.literal().value, next.where()), slot.unit, next.where())
                           : detail::materialize(trace, next);
  if (!v.unit().same_dimension(slot.unit))
    throw declared(Error(ErrorKind::Unit,
                         "'" + path + "' is " + detail::describe(slot.unit) + ", got " + detail::describe(v.unit()),
                         next.where()));
  mlir::Value raw = Trace::unwrap(v);
  if (slot.flag && v.dtype() != DType::Bool)
    throw declared(Error(ErrorKind::DType,
                         "'" + path + "' is bool, got " + name_of(v.dtype()) + "; compare it with a threshold",
                         next.where()));
  if (!slot.flag)
    raw = trace.rescale(trace.to_real(raw, next.where()), v.unit(), slot.unit, next.where());
  Shape shape = slot.full_shape(), given = v.shape();
  bool fits = given.size() <= shape.size();
  for (size_t d = 0; fits && d < given.size(); ++d)
    fits = given[d] == 1 || given[d] == shape[d + shape.size() - given.size()];
  if (!fits)
    throw declared(
        Error(ErrorKind::Shape,
              "'" + path + "' has shape " + to_string(shape) + " and cannot take a value of shape " + to_string(given),
              next.where()));
  slot.current = trace.wrap(trace.broadcast(raw, shape, next.where()), slot.unit, next.where());
  slot.assigned = true;
}

Input &Input::operator+=(const Operand &more) {
  Value now = *this;
  refuse_in_equations(*slot_, more.where());
  bool plain = more.is_literal() && more.literal().unit.dimensionless();
  Operand added = plain ? Operand(Quantity{more.literal().value, slot_->unit}) : more;
  // Data without a unit counts in the input's own.
  if (!plain && !more.is_literal() && more.value().unit().dimensionless() && !slot_->unit.dimensionless())
    added = Operand(slot_->trace->wrap(Trace::unwrap(more.value()), slot_->unit, more.where()));
  Value sum = Operand(now) + added;
  slot_->current = sum;
  slot_->assigned = true;
  return *this;
}

namespace detail {

std::string Slot::path() const {
  auto model = owner.lock();
  std::string prefix = model ? model->path() : "";
  return prefix.empty() ? name : prefix + "." + name;
}

Shape Slot::full_shape() const {
  Shape full = shape;
  auto model = owner.lock();
  if (model && model->batch && kind != Kind::Param)
    full.insert(full.begin(), *model->batch);
  return full;
}

/// FNV-1a: keys a random stream by a name.
static std::uint64_t hash(const std::string &text) {
  std::uint64_t h = 1469598103934665603u;
  for (unsigned char c : text)
    h = (h ^ c) * 1099511628211u;
  return h;
}

void Slot::reset(std::uint64_t seed) {
  conversion.reset();
  Shape full = is_state() ? full_shape() : shape;
  DType dtype = flag ? DType::Bool : f64;
  if (init.draw()) {
    Tensor drawn = init.draw()(full, seed ^ hash(path()));
    if (drawn.shape() != full)
      throw Error(ErrorKind::Shape,
                  "the initializer of '" + path() + "' made shape " + to_string(drawn.shape()) + ", expected " +
                      to_string(full),
                  declared);
    // The caller may keep what it gave, and a run writes over a state's numbers.
    value = drawn.dtype() == dtype ? drawn.clone() : drawn.to(dtype);
  } else if (init.array()) {
    value.reset();
    set(*init.array());
  } else {
    const Quantity &q = *init.number();
    value = Tensor::full(full, q.unit.dimensionless() ? q.value : q.in(unit), dtype);
  }
}

void Slot::store(Tensor numbers) {
  conversion.reset();
  value = std::move(numbers);
}

const Tensor &Slot::converted(DType dtype) {
  if (ensure().dtype() == dtype)
    return *value;
  if (!conversion || conversion->dtype() != dtype)
    conversion = value->to(dtype);
  return *conversion;
}

void Slot::check_divisor(DType real) {
  if (!divides)
    return;
  const Tensor &numbers = converted(real);
  for (std::int64_t k = 0; k < numbers.size(); ++k) {
    double v = numbers[k];
    if (v == 0.0 || !std::isfinite(v)) // product and quotient are the same
      continue;
    if (real == f32 ? std::isnormal(1.0f / static_cast<float>(v)) : std::isnormal(1.0 / v))
      continue;
    char text[32];
    std::snprintf(text, sizeof text, "%g", v);
    throw Error(ErrorKind::Value, "equations divide by '" + path() + "', which is " + text +
                                      ": its reciprocal is no normal " + name_of(real) +
                                      " number; use another unit, or f64")
        .note("'" + path() + "' is declared here", declared);
  }
}

const Tensor &Slot::ensure(std::uint64_t seed) {
  if (!value)
    reset(seed);
  return *value;
}

/// A scalar fills; an array of the unbatched shape is repeated over the batch; parameters may become arrays.
void Slot::set(const Tensor &array) {
  conversion.reset();
  Shape full = is_state() ? full_shape() : shape;
  DType dtype = flag ? DType::Bool : f64;
  Tensor given = array.to(dtype);
  auto model = owner.lock();
  bool per_element =
      kind != Kind::State && shape.empty() && model && !model->size.empty() && array.shape() == model->size;
  if (array.shape() == full || per_element) {
    value = given.clone();
  } else if (array.size() == 1) {
    value = Tensor::full(full, given[0], dtype);
  } else if (is_state() && array.shape() == shape) {
    Tensor repeated(full, dtype);
    for (std::int64_t k = 0; k < repeated.size(); ++k)
      repeated.set(k, given[k % given.size()]);
    value = repeated;
  } else {
    std::string expected = to_string(full);
    if (kind != Kind::State && shape.empty())
      expected = std::string("a number") + (model && !model->size.empty() ? " or " + to_string(model->size) : "");
    else if (full != shape)
      expected += " or " + to_string(shape);
    throw Error(ErrorKind::Shape, "'" + path() + "' takes " + expected + ", got " + to_string(array.shape()))
        .note("'" + path() + "' is declared here", declared);
  }
}

} // namespace detail
} // namespace overtime
