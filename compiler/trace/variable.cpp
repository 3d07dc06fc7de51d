// SPDX-License-Identifier: Apache-2.0
// State, Param and Input: reading and rebinding while a step is traced, numbers on the host otherwise.
#include "compiler/trace/trace.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

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

void detail::check_unit(const Slot &slot, const Quantity &given, const char *what, SourceLocation at) {
  if (!given.unit.dimensionless() && !given.unit.same_dimension(slot.unit))
    throw Error(
        ErrorKind::Unit,
        "'" + slot.path() + "' counts in [" + slot.unit.str() + "], its " + what + " in [" + given.unit.str() + "]", at)
        .note("'" + slot.path() + "' is declared here", slot.declared);
}

Shape Variable::shape() const { return slot_->shape_now(); }
Tensor Variable::value() const { return Monitor(*this).value(); }
void Variable::set_value(const Tensor &array, At at) { Monitor(*this).set_value(array, at); }
void Variable::set_value(double number, At at) { set_value(Tensor(number, f64), at); }
void Variable::set_value(const Quantity &quantity, At at) {
  detail::check_unit(*slot_, quantity, "value", at);
  set_value(quantity.unit.dimensionless() ? quantity.value : quantity.in(slot_->unit), at);
}
void State::set_initial(const Init &init, At at) { Monitor(*this).set_initial(init, at); }
bool Param::trainable() const { return slot_->trainable; }

/// A value with a batch axis in front that the state lacks is data of a batch, most likely: that is said where the run
/// was called.
static Error shape_error(const Slot &slot, const Shape &given, SourceLocation at) {
  Shape shape = slot.full_shape();
  auto owner = slot.owner.lock();
  bool batch = slot.is_state() && owner && !owner->batch && given.size() == shape.size() + 1 &&
               std::equal(shape.begin(), shape.end(), given.begin() + 1) &&
               slot.trace->settings.leading.contains(given.front());
  SourceLocation call = slot.trace->settings.call;
  Error error(ErrorKind::Shape,
              "'" + slot.path() + "' has shape " + to_string(shape) + " and cannot take a value of shape " +
                  to_string(given),
              batch && call.known() ? call : at);
  if (batch)
    error.note("for a batch of " + std::to_string(given.front()) + " call reset_state(" +
               std::to_string(given.front()) + ") before the run");
  error.note("'" + slot.path() + "' is declared here", slot.declared);
  return error;
}

/// What equations() assigned would be known inside their region only.
static void refuse_in_equations(const Slot &slot, SourceLocation at) {
  if (slot.trace->in_equations())
    throw Error(ErrorKind::Usage, "'" + slot.path() + "' is assigned inside equations(); assign it in update()", at)
        .note("'" + slot.path() + "' is declared here", slot.declared);
}

void Variable::bind(const Operand &next) { detail::assign(*slot_, next); }

void detail::assign(Slot &slot, const Operand &next) {
  std::string path = slot.path();
  auto declared = [&](Error error) { return error.note("'" + path + "' is declared here", slot.declared); };
  if (!slot.trace)
    throw declared(Error(ErrorKind::Usage, "'" + path + "' is assigned outside a step", next.where()));
  Trace &trace = *slot.trace;
  refuse_in_equations(slot, next.where());
  if (trace.settings.initial && slot.given)
    return; // wins over what follows from other states
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
    throw shape_error(slot, given, next.where());
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

Shape Slot::shape_now() { return kind == Kind::Param ? shape_of_numbers() : full_shape(); }

Shape Slot::full_shape() const {
  Shape full = shape;
  auto model = owner.lock();
  if (model && model->batch && kind != Kind::Param && !batchless)
    full.insert(full.begin() + batch_axis, *model->batch);
  return full;
}

/// FNV-1a: keys a random stream by a name.
static std::uint64_t hash(const std::string &text) {
  std::uint64_t h = 1469598103934665603u;
  for (unsigned char c : text)
    h = (h ^ c) * 1099511628211u;
  return h;
}

static std::string shortest(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

/// A bool is 0 or 1.
static void check_flag(const Slot &slot, const Tensor &numbers, SourceLocation at) {
  if (!slot.flag || numbers.dtype() == DType::Bool)
    return;
  for (std::int64_t k = 0; k < numbers.size(); ++k)
    if (numbers[k] != 0.0 && numbers[k] != 1.0)
      throw Error(ErrorKind::Value, "'" + slot.path() + "' is bool and takes 0 or 1, got " + shortest(numbers[k]), at)
          .note("'" + slot.path() + "' is declared here", slot.declared);
}

static bool same_numbers(const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

/// Numbers from outside of a run.
static void edited(const Slot &slot) {
  if (auto owner = slot.owner.lock())
    ++owner->edits;
}

void Slot::reset(std::uint64_t seed) {
  edited(*this);
  Shape full = is_state() ? full_shape() : shape;
  DType dtype = this->dtype(f64);
  const Init &from = given ? *given : init;
  SourceLocation at = given ? given_at : declared;
  if (from.draw()) {
    Tensor drawn = from.draw()(full, seed ^ hash(path()));
    if (drawn.shape() != full)
      throw Error(ErrorKind::Shape,
                  "the initializer of '" + path() + "' made shape " + to_string(drawn.shape()) + ", expected " +
                      to_string(full),
                  at);
    // The caller may keep what it gave, and a run writes over a state's numbers.
    store(drawn.dtype() == dtype ? drawn.clone() : drawn.to(dtype));
  } else if (from.array()) {
    numbers = {};
    set(*from.array(), at);
  } else {
    const Quantity &q = *from.number();
    double number = q.unit.dimensionless() ? q.value : q.in(unit);
    check_flag(*this, Tensor(number, f64), at);
    store(Tensor::full(full, number, dtype));
  }
}

void Slot::store(Tensor tensor) {
  conversion.reset();
  numbers = {std::move(tensor), {}, false};
}

void Slot::keep_on(const DeviceTensor &there, bool newer) {
  numbers.there = there;
  numbers.behind |= newer;
  if (newer)
    conversion.reset();
}

bool Slot::is_on(const DeviceTensor &memory) const { return numbers.there && numbers.there->data() == memory.data(); }

void Slot::restore(Numbers before) {
  edited(*this);
  conversion.reset();
  numbers = std::move(before);
}

/// Converted numbers. One that was finite and no longer is, is an error.
static Tensor convert(const Slot &slot, const Tensor &numbers, DType dtype) {
  if (numbers.dtype() != f64 || dtype != f32)
    return numbers.to(dtype);
  auto from = numbers.values<double>();
  for (std::size_t k = 0; k < from.size(); ++k)
    if (std::isfinite(from[k]) && std::isinf(static_cast<float>(from[k])))
      throw Error(ErrorKind::Value, "'" + slot.path() + "' holds " + shortest(from[k]) +
                                        (from.size() > 1 ? " as element " + std::to_string(k) : std::string()) +
                                        ", which f32 cannot hold; run in f64")
          .note("'" + slot.path() + "' is declared here", slot.declared);
  return numbers.to(dtype);
}

const Tensor &Slot::converted(DType dtype) {
  if (ensure().dtype() == dtype)
    return *numbers.host;
  if (!conversion || conversion->dtype() != dtype)
    conversion = convert(*this, *numbers.host, dtype);
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
    throw Error(ErrorKind::Value, "equations divide by '" + path() + "', which is " + shortest(v) +
                                      ": its reciprocal is no normal " + name_of(real) +
                                      " number; use another unit, or f64")
        .note("'" + path() + "' is declared here", declared);
  }
}

const Tensor &Slot::as_run(DType dtype) {
  const Tensor &now = ensure();
  store(now.dtype() == dtype ? now : convert(*this, now, dtype));
  return *numbers.host;
}

const Tensor &Slot::ensure(std::uint64_t seed) {
  if (!numbers.host)
    reset(seed);
  if (numbers.behind) {
    numbers.host = numbers.there->host();
    numbers.behind = false;
    conversion.reset();
  }
  return *numbers.host;
}

/// A scalar fills; an array of the unbatched shape is repeated over the batch; parameters may become arrays.
void Slot::set(const Tensor &array, SourceLocation at) {
  edited(*this);
  Shape full = is_state() ? full_shape() : shape;
  DType dtype = this->dtype(f64);
  check_flag(*this, array, at);
  Tensor given = array.to(dtype);
  if (index && numbers.host && !same_numbers(*numbers.host, given)) // compiled code goes where they point
    throw Error(ErrorKind::Usage,
                "'" + path() +
                    "' holds places in other arrays and does not change; build the model "
                    "with other ones",
                at)
        .note("'" + path() + "' is declared here", declared);
  auto model = owner.lock();
  bool per_element =
      kind != Kind::State && shape.empty() && model && !model->size.empty() && array.shape() == model->size;
  if (array.shape() == full || per_element) {
    store(given.clone());
    if (index) // which does not change: one copy is enough
      init = *numbers.host;
  } else if (array.size() == 1) {
    store(Tensor::full(full, given[0], dtype));
  } else if (is_state() && array.shape() == shape) {
    Tensor repeated(full, dtype);
    std::int64_t inner = 1; // elements behind the axis of the batch
    for (std::size_t d = std::size_t(batch_axis); d < shape.size(); ++d)
      inner *= shape[d];
    for (std::int64_t k = 0; k < repeated.size(); ++k)
      repeated.set(k, given[k / (inner * *model->batch) * inner + k % inner]);
    store(repeated);
  } else {
    std::string expected = to_string(full);
    if (kind != Kind::State && shape.empty())
      expected = std::string("a number") + (model && !model->size.empty() ? " or " + to_string(model->size) : "");
    else if (full != shape)
      expected += " or " + to_string(shape);
    throw Error(ErrorKind::Shape, "'" + path() + "' takes " + expected + ", got " + to_string(array.shape()), at)
        .note("'" + path() + "' is declared here", declared);
  }
}

} // namespace detail
} // namespace overtime
